/** `netlathe emit`: a network for other programs; the targets are in compiler/7-emit/targets.ts. */

import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { faultOfAppId } from '../../compiler/7-emit/android/names.ts';
import {
  type EmitTarget,
  type Proof,
  type TargetOption,
  type TargetOptions,
  targetNames,
  targetOf,
} from '../../compiler/7-emit/targets.ts';
import type { BundleFiles, Int8Options } from '../../compiler/7-emit/ts/emit.ts';
import type { WeightType } from '../../compiler/7-emit/ts/weights-file.ts';
import { compareBundle, writeBundle } from '../../compiler/7-emit/write-bundle.ts';
import { orList } from '../../compiler/diagnostics/suggest.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { type CommandIo, exit, UsageError } from '../io.ts';
import { type Network, type NetworkOptions, networkFrom } from '../network-source.ts';
import { positiveInteger } from '../options.ts';
import { photosOf } from '../photos.ts';
import { signerFrom } from '../signing-key.ts';

interface Options extends NetworkOptions {
  readonly target: string;
  readonly weights?: string;
  readonly embed?: boolean;
  readonly relaxed: boolean;
  readonly preprocess?: string;
  readonly key?: string;
  readonly appId?: string;
  readonly project?: boolean;
  readonly data?: string;
  readonly calibrate?: string;
  readonly keep?: readonly string[];
  readonly cache?: string;
  readonly out: string;
  readonly check?: boolean;
  readonly force?: boolean;
}

export const command = defineCommand<Options>({
  examples: [
    'netlathe emit --model runs/student --target ts --out bundle/',
    'netlathe emit --arch resnet18 --init weights.safetensors --target onnx --out resnet18/',
  ],
  configure: (command) =>
    command
      .requiredOption('--out <dir>', 'where the files go')
      .option('--model <run>', 'folder of a run')
      .option('--arch <arch>', 'instead: an architecture, with weights from --init or --seed')
      .option('--init <weights>', 'weights of the architecture: a .safetensors file')
      .option('--seed <n>', "random weights, as training starts with (default: the recipe's)")
      .option('--target <name>', `what to make: ${targetNames.join(', ')}`, 'ts')
      .option('--weights <type>', 'how weights are stored: fp32 (default), fp16 or int8')
      .option('--data <dir>', 'for int8: photos as for train, to calibrate and to compare with')
      .option('--calibrate <n>', 'for int8: how many training photos to look at (default: 128)')
      .option('--keep <layers...>', 'for int8: layers that stay in floats')
      .option('--cache <dir>', 'where decoded photos are kept')
      .option('--embed', 'put the weights into the module')
      .option('--no-relaxed', 'leave out the faster kernels that round otherwise')
      .option('--preprocess <where>', 'outside (default), or inside: the model takes bytes')
      .option('--key <file>', 'RSA key (PEM) that signs an app (default: made beside the folder)')
      .option('--app-id <id>', 'name by which the phone knows the app, as org.example.app')
      .option('--project', 'with the app, a project for Android Studio')
      .option('--check', 'write nothing; fail if the files on disk are others')
      .option('--force', 'overwrite files that netlathe did not make')
      .option(...jsonOption),
  run: async (io, _args, options) => {
    const name = choice('--target', options.target, targetNames);
    const target = targetOf(name);
    const chosen = optionsOf(name, target, options);
    const network = await networkFrom(io, options);
    const input = network && (target.learns ? await withTeacher(io, network) : network);
    if (!input) return exit.fault;
    noteRandom(io, target, options, input);
    const signer = target.takes.includes('key') ? await signerFrom(io, options) : undefined;
    const int8 = await int8Of(io, options, input);
    const files = await target.make(input, { ...chosen, signer, ...(int8 ? { int8 } : {}) });
    if (options.check) return check(io, options, files);
    const proof = await target.prove?.(files);
    await writeBundle(path.resolve(io.cwd, options.out), files, { force: options.force === true });
    print(io, options, chosen, files, proof);
    return exit.ok;
  },
});

/** A product that knows nothing is seldom what was meant; a project that trains starts from nothing. */
function noteRandom(io: CommandIo, target: EmitTarget, options: Options, { seed }: Network) {
  const meant = options.model ?? options.init ?? options.seed;
  if (meant !== undefined || target.learns) return;
  io.say(
    `note: the weights are random (seed ${seed}): nothing is trained; --model RUN or --init FILE gives others`,
  );
}

/** The teacher of the recipe, where there is one; `undefined` after saying what is wrong with its architecture. */
async function withTeacher(io: CommandIo, network: Network): Promise<Network | undefined> {
  const reference = network.recipe?.distill?.teacher;
  if (!reference) return network;
  const { openTeacher } = await import('../teacher.ts');
  const opened = await openTeacher(io, reference);
  return opened && { ...network, teacher: await opened.with(network.graph) };
}

function choice<const T extends string>(name: string, given: string, known: readonly T[]): T {
  const found = known.find((value) => value === given);
  if (found !== undefined) return found;
  throw new UsageError(`${name} takes ${orList(known)}, not "${given}"`);
}

function optionsOf(
  name: string,
  { takes, stores = weightTypes }: EmitTarget,
  options: Options,
): TargetOptions {
  const given: Readonly<Record<TargetOption, boolean>> = {
    weights: options.weights !== undefined,
    embed: options.embed !== undefined,
    'no-relaxed': !options.relaxed,
    preprocess: options.preprocess !== undefined,
    key: options.key !== undefined,
    'app-id': options.appId !== undefined,
    project: options.project !== undefined,
  };
  for (const [option, isGiven] of Object.entries(given)) {
    if (!isGiven || takes.some((known) => known === option)) continue;
    const others = targetNames.filter((other) =>
      targetOf(other).takes.some((known) => known === option),
    );
    throw new UsageError(`--target ${name} has no --${option}`, `it is for ${others.join(', ')}`);
  }
  const fault = options.appId === undefined ? undefined : faultOfAppId(options.appId);
  if (fault) throw new UsageError(`--app-id ${options.appId} cannot be used: ${fault}`);
  return {
    weights: weightsOf(name, stores, options.weights),
    embed: options.embed === true,
    relaxed: options.relaxed,
    preprocess: choice('--preprocess', options.preprocess ?? 'outside', ['outside', 'inside']),
    signer: undefined,
    appId: options.appId,
    project: options.project === true,
  };
}

const weightTypes = ['fp32', 'fp16', 'int8'] as const;

function weightsOf(
  target: string,
  stores: readonly WeightType[],
  given: string | undefined,
): WeightType {
  const weights = choice('--weights', given ?? 'fp32', weightTypes);
  if (stores.includes(weights)) return weights;
  const others = targetNames.filter((other) => {
    const { takes, stores: known = weightTypes } = targetOf(other);
    return takes.includes('weights') && known.includes(weights);
  });
  throw new UsageError(
    `--target ${target} has no --weights ${weights}`,
    `it takes ${orList(stores)}; ${weights} is for ${others.join(', ')}`,
  );
}

async function int8Of(
  io: CommandIo,
  { weights, data, calibrate, keep = [], cache }: Options,
  network: Network,
): Promise<Int8Options | undefined> {
  if (weights !== 'int8') {
    const given = Object.entries({ data, calibrate, keep: keep[0] }).find(([, value]) => value);
    if (given) throw new UsageError(`--${given[0]} goes with --weights int8`);
    return undefined;
  }
  if (data === undefined) {
    throw new UsageError(
      '--weights int8 needs --data DIR',
      'the photos that the network was trained on: their activations say how bytes are chosen',
    );
  }
  const count = positiveInteger('--calibrate', calibrate) ?? 128;
  const { data: photos, images } = await photosOf(io, network, { data, cache });
  return {
    training: photos.train,
    validation: images,
    calibrate: count,
    seed: network.seed,
    keep,
  };
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

function print(
  io: CommandIo,
  { target, out, json }: Options,
  { weights }: TargetOptions,
  files: BundleFiles,
  proof: Proof | undefined,
): void {
  const sizes = [...files].map(([file, contents]) => ({
    file,
    bytes: contents.length,
    // Large weights would take a minute, and shrink by a tenth.
    brotli: contents.length > 8e6 ? null : brotliCompressSync(contents).length,
  }));
  if (json) {
    io.printJson({ target, weights, out, files: sizes, ...proof?.json });
    return;
  }
  const width = Math.max(14, ...sizes.map(({ file }) => file.length + 1));
  const number = (n: number | null) => (n?.toLocaleString('en-US') ?? '').padStart(12);
  io.stdout.write(`${io.out.bold(out)}\n  ${' '.repeat(width)}       bytes      brotli\n`);
  for (const { file, bytes, brotli } of sizes) {
    io.stdout.write(`  ${file.padEnd(width)}${number(bytes)}${number(brotli)}\n`);
  }
  for (const line of proof?.lines ?? []) io.stdout.write(`${line}\n`);
}
