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
  /** For one photo on one thread: what the emitted module runs. */
  program: async ({ graph }: Compiled) => {
    const { lowerInference } = await import('../../../compiler/6-lower/inference.ts');
    const { printProgram } = await import('../../../compiler/6-lower/print.ts');
    return printProgram(lowerInference(graph, { batch: 1, threads: 1 }).program);
  },
} as const;

export type Printable = keyof typeof forms;
export const printForms = Object.keys(forms) as readonly Printable[];

export function printForm(compiled: Compiled, form: Printable): Promise<string> {
  return forms[form](compiled);
}
