/** `fit --write`: the widths into the file, after proof that the new text compiles to what was promised. */

import { rewrite } from '../compiler/5-budget/fit/rewrite.ts';
import type { Fit, Solution } from '../compiler/5-budget/fit.ts';
import { compile } from '../compiler/compile.ts';
import { writeFileAtomic } from '../runtime/files/atomic-write.ts';
import type { Opened } from './compile-reference.ts';
import { UsageError } from './io.ts';
import { isOfZoo, stdinName } from './source.ts';

/** The file written, as the user knows it. */
export async function writeWidths(
  { compiled, source, reference }: Opened,
  { solutions }: Fit,
): Promise<string> {
  const { file, variant } = compiled.document;
  const text = source.textOf(file);
  if (file === stdinName || text === undefined) {
    throw new UsageError('standard input cannot be written back', 'name a file');
  }
  if (isOfZoo(reference, file)) {
    throw new UsageError(
      `${reference} belongs to netlathe's zoo and is not changed`,
      'copy the file, or name it by its path',
    );
  }
  const best = solutions[0] as Solution;
  const changed = rewrite(compiled, text, best.widths, best.bandwidth);
  const again = compile(
    { ...source, read: (name) => (name === file ? changed : source.read(name)) },
    file,
    { variant },
  );
  if (again.counts?.params.trainable !== best.params || again.counts.macs !== best.macs) {
    throw new Error('netlathe bug: the rewritten file does not give the fitted widths');
  }
  if (changed !== text) await writeFileAtomic(file, changed);
  return file;
}
