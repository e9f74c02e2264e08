/** `compile --print FORM`: what a phase of the compiler made, as text. One entry a phase, loaded when asked for. */

import type { Compiled } from '../../../compiler/compile.ts';

const forms = {
  normalized: async ({ spec, normal, graph }: Compiled) => {
    const { printNormalized } = await import('../../../compiler/3-normalize/print.ts');
    return printNormalized(spec.spec, normal, graph);
  },
  graph: async ({ graph }: Compiled) => {
    const { printGraph } = await import('../../../compiler/graph/print.ts');
    return printGraph(graph);
  },
  /** For one photo on one thread, which is what an emitted module runs; then for training, as the recipe says. */
  program: async ({ graph, normal }: Compiled) => {
    const { lowerInference } = await import('../../../compiler/6-lower/inference.ts');
    const { lowerTraining } = await import('../../../compiler/6-lower/training.ts');
    const { printProgram } = await import('../../../compiler/6-lower/print.ts');
    const { resolveRecipe } = await import('../../../runtime/train/recipe.ts');
    const { freezer } = await import('../../../runtime/train/freeze.ts');
    const recipe = resolveRecipe(normal.recipe);
    const inference = lowerInference(graph, { batch: 1, threads: 1 }).program;
    const training = lowerTraining(graph, {
      batch: recipe.batch,
      threads: 1,
      optimizer: recipe.optimizer,
      average: recipe.ema !== undefined,
      isFrozen: freezer(recipe.freeze),
    }).program;
    return `inference, one photo\n${printProgram(inference)}\ntraining, batch ${recipe.batch}\n${printProgram(training)}`;
  },
} as const;

export type Printable = keyof typeof forms;
export const printForms = Object.keys(forms) as readonly Printable[];

export function printForm(compiled: Compiled, form: Printable): Promise<string> {
  return forms[form](compiled);
}
