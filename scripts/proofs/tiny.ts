/** Runs small enough to be made by the thousand, in this process: a network with all that a checkpoint must carry. */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Recipe as WrittenRecipe } from '../../compiler/2-validate/spec.ts';
import type { WeightStore } from '../../compiler/weights/index.ts';
import type { Dataset } from '../../runtime/data/index.ts';
import { type Backend, wasmBackend } from '../../runtime/train/backend.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import { type RunResult, runTraining } from '../../runtime/train/run.ts';
import { RunFolder } from '../../runtime/train/run-folder.ts';
import { networkOf } from '../../test/support/compile.ts';
import { dataset, photos } from '../../test/support/photos.ts';

export const tinyGraph = networkOf(`
- { op: conv2d, kernel: 3, filters: 4, padding: same }
- batchNorm
- hardSwish
- maxPool2d
- { op: conv2d, kernel: 3, groups: depthwise, padding: same }
- batchNorm
- { op: dropout, rate: 0.2 }`);

/** Five steps an epoch at a batch of four. */
export const tinyData: Dataset = dataset(photos(20, 3), photos(6, 3, 9));

export const tinyRecipe = {
  epochs: 2,
  batch: 4,
  seed: 5,
  optimizer: { name: 'adamw', learningRate: 0.01, weightDecay: 0.02 } as const,
  schedule: { name: 'cosine', warmupEpochs: 1 } as const,
  ema: 0.9,
  augment: { randomResizedCrop: { scale: [0.5, 1] }, flip: true },
} satisfies WrittenRecipe;

const identity = { architecture: 'a', recipe: 'r', data: 'd', engine: 'wasm', numerics: 'strict' };

export interface TinyRun {
  readonly recipe?: WrittenRecipe;
  readonly threads?: number;
  readonly backend?: Backend;
  readonly data?: Dataset;
  readonly initial?: WeightStore;
  readonly resume?: boolean;
  /** Interrupted after so many steps. */
  readonly stopAfter?: number;
  /** Seconds between checkpoints; 0 saves after every step. */
  readonly checkpointEvery?: number;
}

/** With the lock, as `netlathe train` does it. */
export async function tinyRun(folder: string, wanted: TinyRun = {}): Promise<RunResult> {
  const run = new RunFolder(folder);
  await run.lock();
  const controller = new AbortController();
  try {
    return await runTraining({
      graph: tinyGraph,
      recipe: resolveRecipe(wanted.recipe ?? tinyRecipe),
      data: wanted.data ?? tinyData,
      folder: run,
      backend: wanted.backend ?? wasmBackend({ threads: wanted.threads ?? 1, build: 'strict' }),
      resume: wanted.resume ?? false,
      checkpointEvery: wanted.checkpointEvery ?? 60,
      identity,
      ...(wanted.initial ? { initial: wanted.initial } : {}),
      listener: {
        onStep: ({ step }) => {
          if (step === wanted.stopAfter) controller.abort();
        },
        onEpoch: () => undefined,
      },
      signal: controller.signal,
    });
  } finally {
    await run.unlock();
  }
}

/** What a finished run has left, but for its clock: hashes of the weights, and the lines of metrics. */
export function remains(folder: string): string {
  const run = new RunFolder(folder);
  const hash = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
  const metrics = readFileSync(run.file('metrics'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const { seconds, imagesPerSecond, ...rest } = JSON.parse(line) as Record<string, unknown>;
      return JSON.stringify(rest);
    });
  return [hash(run.file('last')), hash(run.file('best')), ...metrics].join('\n');
}

export function hasCheckpoint(folder: string): boolean {
  return existsSync(new RunFolder(folder).file('checkpoint'));
}
