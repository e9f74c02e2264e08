/**
 * Ways by which a training run comes to numbers that are none. Each must stop with its code and the step or tensor, or
 * train on soundly; nothing on disk may hold a NaN or an infinity afterwards.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  initialize,
  readSafetensors,
  type WeightStore,
  weightsFromSafetensors,
  weightsToSafetensors,
} from '../../compiler/weights/index.ts';
import type { Dataset, ImageSet } from '../../runtime/data/index.ts';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { RuntimeError } from '../../runtime/runtime-error.ts';
import { firstNonFinite } from '../../runtime/train/finite.ts';
import { readWeights } from '../../runtime/train/read-weights.ts';
import { dataset, photos } from '../../test/support/photos.ts';
import type { Proof } from './harness.ts';
import { type TinyRun, tinyGraph, tinyRecipe, tinyRun } from './tiny.ts';

interface Scenario {
  readonly name: string;
  readonly wanted?: TinyRun;
  /** Codes with which it may stop; with `fine`, it may also train to the end. */
  readonly stops?: readonly string[];
  readonly fine?: boolean;
  /** Instead of a plain run. */
  readonly work?: (folder: string) => Promise<void>;
}

const sgd = (learningRate: number): TinyRun => ({
  recipe: {
    ...tinyRecipe,
    optimizer: { name: 'sgd', learningRate },
    schedule: { name: 'constant' },
  },
  checkpointEvery: 0,
});

const scenarios: readonly Scenario[] = [
  { name: 'learning rate 1e9', wanted: sgd(1e9), stops: ['E540'], fine: true },
  { name: 'learning rate 1e30', wanted: sgd(1e30), stops: ['E540'] },
  { name: 'learning rate 3e38', wanted: sgd(3e38), stops: ['E540'] },
  {
    // The weights overflow in an update behind which no loss is computed any more.
    name: 'an update too large in the very last step',
    wanted: {
      recipe: {
        ...tinyRecipe,
        ...{ epochs: 1, batch: 20, ema: 0.9 },
        optimizer: { name: 'adamw', learningRate: 1, weightDecay: 1e39 },
        schedule: { name: 'constant' },
      },
    },
    stops: ['E540'],
  },
  {
    name: 'AdamW with an epsilon of 0',
    wanted: {
      recipe: { ...tinyRecipe, optimizer: { name: 'adamw', learningRate: 0.01, epsilon: 0 } },
      checkpointEvery: 0,
    },
    stops: ['E540'],
    fine: true,
  },
  {
    name: 'a weight decay of 1e30',
    wanted: {
      recipe: {
        ...tinyRecipe,
        optimizer: { name: 'adamw', learningRate: 1, weightDecay: 1e30 },
      },
      checkpointEvery: 0,
    },
    stops: ['E540'],
  },
  { name: 'black photos: norms without variance', wanted: { data: flat(0) }, fine: true },
  { name: 'white photos', wanted: { data: flat(255) }, fine: true },
  { name: 'one photo a class', wanted: { data: dataset(photos(3, 3), photos(3, 3)) }, fine: true },
  {
    name: 'a class without photos',
    wanted: { data: dataset(photos(20, 2), photos(6, 2)) },
    fine: true,
  },
  { name: 'weights of 1e38', wanted: { initial: filled(1e38) }, stops: ['E540'] },
  {
    name: 'weights of 1e20, far in',
    wanted: { initial: filled(1e20, 'conv2d_2') },
    stops: ['E540'],
    fine: true,
  },
  { name: 'norms of variance 0', wanted: { initial: filled(0, 'Norm') }, fine: true },
  { name: 'a file of weights with a NaN', stops: ['E803'], work: (f) => fromFile(f, Number.NaN) },
  {
    name: 'a file of weights with an infinity',
    stops: ['E803'],
    work: (f) => fromFile(f, Number.NEGATIVE_INFINITY),
  },
  { name: 'a checkpoint with a NaN', stops: ['E542'], work: resumeFromNaN },
];

export const proof: Proof = {
  name: 'nan',
  promise: 'A run that comes to a NaN or an infinity stops and says where; no file holds one',
  unit: 'scenarios',
  seconds: 60,
  cases: scenarios.length,
  run: async (trial) => {
    const stopped = new Map<string, number>();
    for (const scenario of trial.named(scenarios)) {
      await trial.check(scenario.name, async () => {
        const folder = path.join(trial.folder, scenario.name.replaceAll(/\W+/g, '-'));
        const code = await tried(scenario, folder);
        stopped.set(code, (stopped.get(code) ?? 0) + 1);
        const expected = code === 'fine' ? scenario.fine === true : scenario.stops?.includes(code);
        if (!expected) return `it ended with: ${code}`;
        return nonFiniteIn(folder);
      });
    }
    trial.note([...stopped].map(([code, n]) => `${n} ${code}`).join(', '));
  },
};

async function tried({ wanted, work }: Scenario, folder: string): Promise<string> {
  try {
    if (work) await work(folder);
    else await tinyRun(folder, wanted);
    return 'fine';
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    // A message that names nothing helps nobody.
    const names = /step \d+|tensor|is no number/.test(error.message);
    return names ? error.code : `${error.code} without a step or a tensor: ${error.message}`;
  }
}

/** What a finished or a stopped run has on disk. */
function nonFiniteIn(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    if (name.endsWith('.safetensors') && name !== 'given.safetensors') {
      const bad = firstNonFinite(weightsFromSafetensors(readSafetensors(readFileSync(file))));
      if (bad !== undefined) return `${name} holds ${bad}, which is no number`;
    }
    if (
      name === 'metrics.jsonl' &&
      /null|NaN|Infinity/.test(withoutNulls(readFileSync(file, 'utf8')))
    ) {
      return `${name} holds what is no number`;
    }
  }
  return undefined;
}

/** Where nothing validates, `validation` is null by design. */
function withoutNulls(text: string): string {
  return text.replaceAll('"validation":null', '');
}

function flat(value: number): Dataset {
  const black = ({ pixels, ...rest }: ImageSet): ImageSet => ({
    ...rest,
    pixels: pixels.fill(value),
  });
  return dataset(black(photos(20, 3)), black(photos(6, 3, 9)));
}

function filled(value: number, layers = ''): WeightStore {
  return new Map(
    [...initialize(tinyGraph, 1)].map(([name, { shape, values }]) => [
      name,
      { shape, values: name.includes(layers) ? values.map(() => value) : values },
    ]),
  );
}

async function fromFile(folder: string, value: number): Promise<void> {
  const file = path.join(folder, 'given.safetensors');
  const weights = initialize(tinyGraph, 1);
  const [first] = weights.values();
  if (first) first.values[3] = value;
  await writeFileAtomic(file, weightsToSafetensors(weights));
  await readWeights(file, tinyGraph, { named: true });
}

/** As an older version, or another program, might have written it: its checksum is right. */
async function resumeFromNaN(folder: string): Promise<void> {
  await tinyRun(folder, { stopAfter: 3 });
  const file = path.join(folder, 'checkpoint.safetensors');
  const { tensors, metadata } = readSafetensors(readFileSync(file));
  const state = weightsFromSafetensors({ tensors, metadata });
  const weights = state.get('weights');
  const before = weights?.values[5] as number;
  if (weights) weights.values[5] = Number.NaN;
  await writeFileAtomic(file, weightsToSafetensors(state, metadata));
  try {
    await tinyRun(folder, { resume: true });
  } finally {
    // What was put there for the trial is not what the run has written.
    if (weights) weights.values[5] = before;
    await writeFileAtomic(file, weightsToSafetensors(state, metadata));
  }
}
