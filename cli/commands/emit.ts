/** `netlathe emit`: a trained network as a module that needs nothing else. */

import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { count } from '../../compiler/5-budget/counts.ts';
import { EmitError } from '../../compiler/7-emit/emit-error.ts';
import { type BundleFiles, emitModule } from '../../compiler/7-emit/ts/emit.ts';
import { loadModule } from '../../compiler/7-emit/ts/load-module.ts';
import type { Metadata } from '../../compiler/7-emit/ts/metadata.ts';
import type { WeightType } from '../../compiler/7-emit/ts/weights-file.ts';
import { compareBundle, writeBundle } from '../../compiler/7-emit/write-bundle.ts';
import { type LoadedRun, loadRun } from '../../runtime/train/load-run.ts';
import type { SelfTestResult } from '../../templates/support/types.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { type CommandIo, exit, UsageError } from '../io.ts';
import { packageVersion } from '../package.ts';

interface Options {
  readonly model: string;
  readonly target: string;
  readonly weights: string;
  readonly embed?: boolean;
  readonly relaxed: boolean;
  readonly out: string;
  readonly check?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

export const command = defineCommand<Options>({
  examples: [
    'netlathe emit --model runs/student --target ts --out bundle/',
    'netlathe emit --model runs/student --weights fp16 --embed --out bundle/ --check',
  ],
  configure: (command) =>
    command
      .requiredOption('--model <run>', 'folder of a run')
      .requiredOption('--out <dir>', 'where the bundle goes')
      .option('--target <name>', 'what to make: ts', 'ts')
      .option('--weights <type>', 'how weights are stored: fp32 or fp16', 'fp32')
      .option('--embed', 'put the weights into the module')
      .option('--no-relaxed', 'leave out the faster kernels that round otherwise')
      .option('--check', 'write nothing; fail if the bundle on disk is another')
      .option('--force', 'overwrite files that netlathe did not make')
      .option(...jsonOption),
  run: async (io, _args, options) => {
    choice('--target', options.target, ['ts']);
    const weights = choice('--weights', options.weights, ['fp32', 'fp16'] as const);
    const run = await loadRun(options.model);
    const files = await emitModule(inputOf(run), {
      weights,
      embed: options.embed === true,
      relaxed: options.relaxed,
    });
    if (options.check) return check(io, options, files);
    const tests = await selfTests(files);
    await writeBundle(path.resolve(io.cwd, options.out), files, { force: options.force === true });
    print(io, options, weights, files, tests);
    return exit.ok;
  },
});

function choice<const T extends string>(name: string, given: string, known: readonly T[]): T {
  const found = known.find((value) => value === given);
  if (found !== undefined) return found;
  throw new UsageError(`${name} takes ${known.join(' or ')}, not "${given}"`);
}

function inputOf({ graph, weights, record }: LoadedRun) {
  const { text: source, verdicts } = record.architecture;
  const counts = count(graph);
  return { graph, weights, counts, verdicts, source, netlathe: packageVersion() };
}

async function check(io: CommandIo, { out, json }: Options, files: BundleFiles): Promise<number> {
  const differences = await compareBundle(path.resolve(io.cwd, out), files);
  if (json) io.printJson({ upToDate: differences.length === 0, differences });
  else if (differences.length === 0) io.stdout.write(`${out} is up to date\n`);
  for (const { file, kind } of differences) {
    io.say(
      `${io.err.red('error')}: ${path.join(out, file)} ${kind === 'missing' ? 'is missing' : 'differs'}`,
    );
  }
  if (differences.length > 0) io.say('  = help: run the same command without --check');
  return differences.length === 0 ? exit.ok : exit.fault;
}

/** What is about to be written is run first: a module that does not give the trainer's logits is a bug of ours. */
async function selfTests(files: BundleFiles): Promise<readonly SelfTestResult[]> {
  const { create } = await loadModule(new TextDecoder().decode(files.get('model.mjs')));
  const weights = files.get('weights.bin');
  const results: SelfTestResult[] = [];
  for (const backend of ['simd', 'js'] as const) {
    const model = await create({ backend, ...(weights ? { weights } : {}) });
    results.push(model.selfTest());
  }
  const failed = results.find(({ passed }) => !passed);
  if (!failed) return results;
  throw new EmitError({
    code: 'E703',
    message: `the module does not give the trainer's logits: ${failed.backend} is off by ${failed.maxDifference}`,
    hint: 'nothing was written; if the weights are numbers, this is a bug of netlathe',
  });
}

function roundingOf(files: BundleFiles): number {
  const { weights } = JSON.parse(new TextDecoder().decode(files.get('metadata.json'))) as Metadata;
  return weights.rounding;
}

function print(
  io: CommandIo,
  options: Options,
  weights: WeightType,
  files: BundleFiles,
  tests: readonly SelfTestResult[],
): void {
  const sizes = [...files].map(([file, contents]) => ({
    file,
    bytes: contents.length,
    brotli: brotliCompressSync(contents).length,
  }));
  if (options.json) {
    io.printJson({ target: 'ts', weights, out: options.out, files: sizes, selfTests: tests });
    return;
  }
  const number = (n: number) => n.toLocaleString('en-US').padStart(11);
  io.stdout.write(`${io.out.bold(options.out)}${' '.repeat(12)}bytes     brotli\n`);
  for (const { file, bytes, brotli } of sizes) {
    io.stdout.write(`  ${file.padEnd(14)}${number(bytes)}${number(brotli)}\n`);
  }
  if (weights !== 'fp32') {
    io.stdout.write(`${weights} moves the logits by ${roundingOf(files).toPrecision(2)} at most\n`);
  }
  for (const { backend, exact, maxDifference, vectors } of tests) {
    const result = exact ? 'bit-equal' : `within ${maxDifference.toPrecision(2)}`;
    io.stdout.write(`self test of ${vectors} images, ${backend}: ${result}\n`);
  }
}
