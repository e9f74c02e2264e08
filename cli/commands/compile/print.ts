/** `compile --print FORM`: what a phase of the compiler made, as text. */

import { printNormalized } from '../../../compiler/3-normalize/print.ts';
import type { Compiled } from '../../../compiler/compile.ts';
import { printGraph } from '../../../compiler/graph/print.ts';
import { UsageError } from '../../io.ts';

/** One entry a phase whose result can be shown; the lowered program joins here. */
const forms = {
  normalized: ({ spec, normal, graph }: Compiled) => printNormalized(spec.spec, normal, graph),
  graph: ({ graph }: Compiled) => printGraph(graph),
  program: (_: Compiled): string => {
    throw new UsageError(
      '--print program needs the lowering (phase 6), which this version does not have',
      '--print graph shows what it would start from',
    );
  },
} as const;

export type Printable = keyof typeof forms;
export const printForms = Object.keys(forms) as readonly Printable[];

export function printForm(compiled: Compiled, form: Printable): string {
  return forms[form](compiled);
}
