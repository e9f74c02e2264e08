/** A compilation as plain data, for `--json`. */

import type { Compilation } from '../../compiler/compile.ts';
import { isComplete } from '../../compiler/compile.ts';
import type { Diagnostic } from '../../compiler/diagnostics/diagnostic.ts';
import { jsonForm } from '../../compiler/diagnostics/forms.ts';

export function networkJson(
  compilation: Compilation,
  reference: string,
  diagnostics: readonly Diagnostic[],
): object {
  const found = { diagnostics: jsonForm(diagnostics) };
  if (!isComplete(compilation)) return { file: reference, ...found };
  const { graph, counts, budget, document } = compilation;
  return {
    name: graph.name,
    file: document.root.file,
    ...(document.variant === undefined ? {} : { variant: document.variant }),
    input: graph.input,
    classes: graph.classes.length,
    ...counts,
    budget: budget.verdicts,
    ...found,
  };
}
