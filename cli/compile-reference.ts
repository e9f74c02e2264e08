/** One architecture for a command that needs all of it: compiled, or its diagnostics printed. */

import { type Compiled, compile, isComplete } from '../compiler/compile.ts';
import type { Diagnostic } from '../compiler/diagnostics/diagnostic.ts';
import { humanForm, jsonForm } from '../compiler/diagnostics/forms.ts';
import { type CommandIo, exit } from './io.ts';
import { type DiskSource, diskSource, parseReference } from './source.ts';

export interface Opened {
  readonly reference: string;
  readonly compiled: Compiled;
  readonly source: DiskSource;
  /** For `--json`: diagnostics are part of the one document then. */
  readonly json: boolean;
}

/** `undefined` after saying what is wrong. */
export async function compileReference(
  io: CommandIo,
  reference: string,
  json = false,
): Promise<Opened | undefined> {
  const { file, variant } = parseReference(reference);
  const source = diskSource(io, file === '-' ? await io.stdin.text() : undefined);
  const compilation = compile(source, file, { variant });
  if (isComplete(compilation)) return { reference, compiled: compilation, source, json };
  report(io, source, compilation.diagnostics, json);
  return undefined;
}

export function fail(
  io: CommandIo,
  { source, json }: Pick<Opened, 'source' | 'json'>,
  diagnostics: readonly Diagnostic[],
): number {
  report(io, source, diagnostics, json);
  return exit.fault;
}

function report(
  io: CommandIo,
  source: DiskSource,
  diagnostics: readonly Diagnostic[],
  json: boolean,
): void {
  if (json) io.printJson({ diagnostics: jsonForm(diagnostics) });
  const options = { style: io.err, columns: io.stderr.columns, textOf: source.textOf };
  io.stderr.write(humanForm(diagnostics, options));
}
