/** `netlathe compile`: check architectures, and show what they cost. */

import path from 'node:path';
import type { Compilation, Compiled } from '../../compiler/compile.ts';
import { compile, isComplete } from '../../compiler/compile.ts';
import { noBudget } from '../../compiler/diagnostics/codes/budget.ts';
import { type Diagnostic, diagnose, hasErrors } from '../../compiler/diagnostics/diagnostic.ts';
import { githubForm, humanForm } from '../../compiler/diagnostics/forms.ts';
import { assertInside, fileNameOf } from '../../runtime/files/contained.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { type CommandIo, exit, UsageError } from '../io.ts';
import { packageVersion } from '../package.ts';
import { networkReport, summaryTable, verdictLines } from '../report/network.ts';
import { networkJson } from '../report/network-json.ts';
import { chosenFiles, type DiskSource, diskSource, parseReference } from '../source.ts';
import { type Printable, printForm, printForms } from './compile/print.ts';

const formats = ['human', 'json', 'github', 'sarif'] as const;

interface Options {
  readonly variant?: string;
  readonly checkParams?: boolean;
  readonly check?: boolean;
  readonly print?: Printable;
  readonly out?: string;
  readonly json?: boolean;
  readonly format: (typeof formats)[number];
  readonly all?: boolean;
  readonly watch?: boolean;
}

/** One architecture, as far as it could be compiled. */
interface Result {
  readonly reference: string;
  readonly compilation: Compilation;
  /** Of the compiler, and of the checks that were asked for. */
  readonly diagnostics: readonly Diagnostic[];
}

export const command = defineCommand<Options>({
  examples: [
    'netlathe compile student --check-params',
    'netlathe compile my.yaml --print normalized',
  ],
  configure: (command) =>
    command
      .argument(
        '[files...]',
        'paths, names of the zoo, file#variant, or - for stdin (default: architectures/*.yaml)',
      )
      .option('--variant <name>', 'the variant to compile')
      .option('--check-params', 'fail unless the limits on params are kept')
      .option('--check', 'fail unless all limits of the budget are kept')
      .option('--print <form>', `print ${printForms.join(', ')} instead of the table`)
      .option('-o, --out <dir>', 'write the network as a tfjs model')
      .option('--all', 'show every layer of a long network')
      .option('--format <form>', `of diagnostics: ${formats.join(', ')}`, 'human')
      .option('-w, --watch', 'compile again whenever a file changes')
      .option(...jsonOption),
  run: async (io, args, given) => {
    const options = given.json ? { ...given, format: 'json' as const } : given;
    check(options, args);
    const files = chosenFiles(args, io);
    const stdin = files.includes('-') ? await io.stdin.text() : undefined;
    if (!options.watch) return await once(io, diskSource(io, stdin), files, options);
    const { watch } = await import('../watch.ts');
    return await watch(io, async () => {
      const source = diskSource(io, stdin);
      await once(io, source, files, options);
      return source.asked;
    });
  },
});

function check(options: Options, args: readonly string[]): void {
  if (!formats.includes(options.format)) {
    throw new UsageError(`--format takes ${formats.join(', ')}, not "${options.format}"`);
  }
  if (options.print && !printForms.includes(options.print)) {
    throw new UsageError(`--print takes ${printForms.join(', ')}, not "${options.print}"`);
  }
  if (options.watch && args.includes('-')) throw new UsageError('--watch cannot watch stdin');
}

async function once(
  io: CommandIo,
  source: DiskSource,
  files: readonly string[],
  options: Options,
): Promise<number> {
  const results = files.map((reference) => compileOne(source, reference, options));
  await show(io, source, results, options);
  return results.some((r) => hasErrors(r.diagnostics)) ? exit.fault : exit.ok;
}

function compileOne(source: DiskSource, reference: string, options: Options): Result {
  const { file, variant } = parseReference(reference);
  const compilation = compile(source, file, { variant: options.variant ?? variant });
  const checked = isComplete(compilation) ? checkLimits(compilation, options) : [];
  return { reference, compilation, diagnostics: [...compilation.diagnostics, ...checked] };
}

/** A check that has nothing to check fails, too. */
function checkLimits({ budget, document }: Compiled, options: Options): readonly Diagnostic[] {
  if (!options.check && !options.checkParams) return [];
  const counts = (metric: string) => options.check || metric === 'params';
  if (!budget.verdicts.some((v) => counts(v.metric))) {
    const what = options.check ? 'anything' : 'params';
    const place = document.root;
    return [diagnose(noBudget, { what }, { place, hint: 'add budget: { params: { atMost: N } }' })];
  }
  const broken = budget.verdicts.filter((v) => !v.ok);
  return budget.violations.filter((_, i) => counts(broken[i]?.metric ?? ''));
}

async function show(
  io: CommandIo,
  source: DiskSource,
  results: readonly Result[],
  options: Options,
): Promise<void> {
  const diagnostics = results.flatMap((r) => r.diagnostics);
  if (options.format === 'json') {
    const all = results.map((r) => networkJson(r.compilation, r.reference, r.diagnostics));
    io.printJson(all.length === 1 ? (all[0] as object) : { architectures: all });
  } else if (options.format === 'sarif') {
    const { sarifForm } = await import('../../compiler/diagnostics/forms.ts');
    io.stdout.write(`${JSON.stringify(sarifForm(diagnostics, packageVersion()), null, 2)}\n`);
  } else if (options.format === 'github') io.stdout.write(githubForm(diagnostics));
  else {
    await printResults(io, results, options);
    const frames = { style: io.err, columns: io.stderr.columns, textOf: source.textOf };
    io.stderr.write(humanForm(diagnostics, frames));
  }
  if (options.out !== undefined) await writeModels(io, results, options.out);
}

async function printResults(
  io: CommandIo,
  results: readonly Result[],
  options: Options,
): Promise<void> {
  const complete = results.flatMap((r) => (isComplete(r.compilation) ? [r.compilation] : []));
  if (options.print) {
    for (const compiled of complete) io.stdout.write(await printForm(compiled, options.print));
  } else if (results.length > 1) {
    const networks = results.map(({ reference, compilation }) => ({
      reference,
      compiled: isComplete(compilation) ? compilation : undefined,
    }));
    io.stdout.write(summaryTable(networks, io.out));
  } else if (io.quiet) {
    for (const { budget } of complete) {
      for (const line of verdictLines(budget.verdicts, io.out)) io.stdout.write(`${line}\n`);
    }
  } else {
    for (const compiled of complete) {
      const shape = { style: io.out, columns: io.stdout.columns, all: options.all };
      io.stdout.write(networkReport(compiled, shape));
    }
  }
}

async function writeModels(io: CommandIo, results: readonly Result[], out: string): Promise<void> {
  const { writeModel } = await import('./compile/out.ts');
  const folders = foldersOf(results, out);
  for (const { reference, compilation, diagnostics } of results) {
    const folder = folders.get(reference) ?? out;
    if (!isComplete(compilation) || hasErrors(diagnostics)) {
      io.say(`${reference}: not written, it has errors`);
      continue;
    }
    await assertInside(out, folder);
    await writeModel(io, compilation, folder);
  }
}

/** A folder for each, by its network's name; two that want the same are refused before anything is written. */
function foldersOf(results: readonly Result[], out: string): ReadonlyMap<string, string> {
  const folders = new Map<string, string>();
  if (results.length === 1) return folders;
  const takenBy = new Map<string, string>();
  for (const { reference, compilation } of results) {
    if (!isComplete(compilation)) continue;
    const folder = path.join(out, fileNameOf(compilation.graph.name));
    // Some file systems put Net and net into one folder.
    const key = folder.toLowerCase();
    const other = takenBy.get(key);
    if (other !== undefined && other !== reference) {
      throw new UsageError(
        `${other} and ${reference} would both be written to ${folder}: give one another name:, or compile it alone with an --out of its own`,
      );
    }
    takenBy.set(key, reference);
    folders.set(reference, folder);
  }
  return folders;
}
