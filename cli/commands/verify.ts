/** `netlathe verify`: an emitted module against the trained network, on photos. */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { EmitError } from '../../compiler/7-emit/emit-error.ts';
import { sha256 } from '../../compiler/7-emit/ts/emit.ts';
import { loadBundle } from '../../compiler/7-emit/ts/load-module.ts';
import { type Metadata, metadataVersion } from '../../compiler/7-emit/ts/metadata.ts';
import { measureStartUp, type StartUp } from '../../compiler/7-emit/ts/start-up.ts';
import { type BackendReport, verifyBackend } from '../../compiler/7-emit/ts/verify.ts';
import type { WeightType } from '../../compiler/7-emit/ts/weights-file.ts';
import type { ImageSet } from '../../runtime/data/index.ts';
import { supportsRelaxed } from '../../runtime/kernels/load.ts';
import { Evaluator } from '../../runtime/train/evaluator.ts';
import { type LoadedRun, loadRun } from '../../runtime/train/load-run.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { type CommandIo, exit } from '../io.ts';
import { photosOf } from '../photos.ts';

interface Options {
  readonly bundle: string;
  readonly model: string;
  readonly data: string;
  readonly split?: string;
  readonly cache?: string;
  readonly json?: boolean;
}

interface Report {
  readonly weights: WeightType;
  readonly backends: readonly BackendReport[];
  readonly startUp: StartUp;
  readonly memoryBytes: number;
  readonly bytes: Readonly<Record<string, number>>;
}

/** Plain JavaScript takes a photo as long as WASM takes twenty. */
const plainPhotos = 50;
/** The share of photos on which rounded weights must name the class that the trained network names. */
const leastAgreement: Readonly<Record<WeightType, number>> = { fp32: 0.99, fp16: 0.99, int8: 0.9 };

export const command = defineCommand<Options>({
  examples: [
    'netlathe verify --bundle bundle/ --model runs/student --data photos/',
    'netlathe verify --bundle bundle/ --model runs/student --data photos/ --json',
  ],
  configure: (command) =>
    command
      .requiredOption('--bundle <dir>', 'what netlathe emit wrote')
      .requiredOption('--model <run>', 'folder of the run it was made of')
      .requiredOption('--data <dir>', 'photos: folders of a class, or a .tar or .tar.gz of them')
      .option(
        '--split <folder>',
        'which folder of it (default: what validates or was held out, else all)',
      )
      .option('--cache <dir>', 'where decoded photos are kept')
      .option(...jsonOption),
  run: async (io, _args, options) => {
    const run = await loadRun(options.model);
    const folder = path.resolve(io.cwd, options.bundle);
    const metadata = await readMetadata(folder, run);
    const { graph, record } = run;
    const { images } = await photosOf(io, { graph, seed: record.seed, record }, options);
    const reference = await evaluate(run, images);
    const report = await verify(folder, metadata, images, reference);
    const faults = faultsOf(report);
    if (options.json) io.printJson({ ok: faults.length === 0, faults, ...report });
    else print(io, report);
    for (const fault of faults) io.say(`${io.err.red('error')}: ${fault}`);
    return faults.length === 0 ? exit.ok : exit.fault;
  },
});

async function readMetadata(folder: string, run: LoadedRun): Promise<Metadata> {
  const file = path.join(folder, 'metadata.json');
  let metadata: Metadata;
  try {
    metadata = JSON.parse(await readFile(file, 'utf8')) as Metadata;
  } catch (cause) {
    const hint = 'give a folder that netlathe emit wrote for target ts or web';
    throw new EmitError({
      code: 'E704',
      message: 'there is no bundle here',
      path: file,
      cause,
      hint,
    });
  }
  if (metadata.version !== metadataVersion || !metadata.files) {
    throw new EmitError({ code: 'E704', message: 'a bundle of another version', path: file });
  }
  if (!existsSync(path.join(folder, 'model.mjs'))) {
    throw new EmitError({
      code: 'E704',
      message: 'this bundle holds no model.mjs, which is what verify runs',
      path: folder,
      hint: 'verify takes the targets ts and web; emit --target ts beside this one, from the same run',
    });
  }
  if (metadata.source?.sha256 !== sha256(run.record.architecture.text)) {
    throw new EmitError({
      code: 'E704',
      message: 'the bundle was made of another network than this run',
      path: folder,
      hint: 'emit it again, or name the run it was made of with --model',
    });
  }
  return metadata;
}

async function evaluate(run: LoadedRun, images: ImageSet): Promise<Float32Array> {
  const threads = Math.min(8, availableParallelism());
  const evaluator = await Evaluator.create(run.graph, images, { threads, build: 'strict' });
  try {
    return await evaluator.run(run.weights);
  } finally {
    await evaluator.close();
  }
}

async function verify(
  folder: string,
  metadata: Metadata,
  images: ImageSet,
  reference: Float32Array,
): Promise<Report> {
  const { create } = await loadBundle(folder);
  const embedded = !Object.hasOwn(metadata.files, 'weights.bin');
  const weights = embedded ? undefined : await readFile(path.join(folder, 'weights.bin'));
  const withWeights = weights ? { weights } : {};
  const all = Array.from({ length: images.count }, (_, n) => n);
  const few = all.filter((n) => n % Math.ceil(images.count / plainPhotos) === 0);
  // Node 20 has relaxed SIMD behind a flag; asking switches it on.
  supportsRelaxed();
  const backends: BackendReport[] = [];
  // Where backends promise each other's bits, each is compared with the first.
  const exact = metadata.selfTest.exact;
  const simd = new Map<number, Float32Array>();
  for (const backend of ['simd', 'relaxed', 'js'] as const) {
    const model = await create({ backend, ...withWeights }).catch((error: unknown) => {
      if (backend === 'relaxed') return undefined;
      throw error;
    });
    if (!model) continue;
    const chosen = backend === 'js' ? few : all;
    const logits = exact ? simd : undefined;
    backends.push(verifyBackend(model, images, { reference, simd: logits }, chosen));
  }
  const { info } = await create({ backend: 'simd', ...withWeights });
  return {
    weights: info.weights,
    backends,
    startUp: await measureStartUp(folder, embedded),
    memoryBytes: info.memoryBytes,
    bytes: Object.fromEntries(Object.entries(metadata.files).map(([n, f]) => [n, f.bytes])),
  };
}

function faultsOf({ weights, backends }: Report): readonly string[] {
  return backends.flatMap(({ backend, photos, bitEqual, unlike, agreement, selfTest }) => {
    const faults: string[] = [];
    if (!selfTest) faults.push(`${backend}: the self test fails`);
    if (weights === 'fp32' && backend === 'simd' && bitEqual < photos) {
      faults.push(`${backend}: ${photos - bitEqual} of ${photos} photos have other logits`);
    }
    if (unlike > 0) {
      faults.push(`${backend}: ${unlike} of ${photos} photos have other logits than on simd`);
    }
    if (agreement < leastAgreement[weights]) {
      faults.push(
        `${backend}: names the same class on ${(100 * agreement).toFixed(1)}% of the photos only`,
      );
    }
    return faults;
  });
}

function print(io: CommandIo, { backends, startUp, memoryBytes, bytes }: Report): void {
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  const time = (n: number) => `${n.toFixed(2)} ms`;
  for (const b of backends) {
    const equal =
      b.bitEqual === b.photos ? 'bit-equal' : `within ${b.maxDifference.toPrecision(2)}`;
    io.stdout.write(
      `${io.out.bold(b.backend.padEnd(8))} ${b.photos} photos: logits ${equal}, top-1 ${percent(b.accuracy)}, same class ${percent(b.agreement)}\n` +
        `         a photo ${time(b.latency.median)} (p95 ${time(b.latency.p95)}), network alone ${time(b.networkLatency.median)} (p95 ${time(b.networkLatency.p95)})\n`,
    );
  }
  const mib = (n: number) => `${(n / 2 ** 20).toFixed(1)} MiB`;
  const size = (name: string) => (bytes[name] ?? 0).toLocaleString('en-US');
  io.stdout.write(
    `start    ${time(startUp.milliseconds)} from import to first logits in a fresh process, which grew by ${mib(startUp.residentBytes)}\n` +
      `memory   ${mib(memoryBytes)} for weights and activations\n` +
      `bytes    model.mjs ${size('model.mjs')}, weights.bin ${size('weights.bin')}\n`,
  );
}
