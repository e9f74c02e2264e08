/**
 * Everything that a run needs to go on bit for bit, as one safetensors file: weights, statistics, optimizer state,
 * averages, and how far it got. Random numbers need no state: they are a pure function of seed, epoch and index.
 */

import { readFile } from 'node:fs/promises';
import type { Buffer } from '../../compiler/6-lower/program.ts';
import type { TrainingProgram } from '../../compiler/6-lower/training.ts';
import {
  readSafetensors,
  type Weight,
  type WeightStore,
  weightsFromSafetensors,
  weightsToSafetensors,
} from '../../compiler/weights/index.ts';
import type { Engine } from '../engine/engine.ts';
import { writeFileAtomic } from '../files/atomic-write.ts';
import { systemCode } from '../runtime-error.ts';
import { TrainError } from './train-error.ts';

export interface Progress {
  /** Steps done. */
  readonly step: number;
  /** Sums over the current epoch so far. */
  readonly loss: number;
  readonly correct: number;
  readonly seen: number;
  readonly seconds: number;
  readonly best: { readonly epoch: number; readonly top1: number } | null;
  /** Epochs without a better one. */
  readonly stale: number;
  /** Lines of metrics.jsonl that belong to it. */
  readonly epochsLogged: number;
}

export const startOfRun: Progress = {
  step: 0,
  loss: 0,
  correct: 0,
  seen: 0,
  seconds: 0,
  best: null,
  stale: 0,
  epochsLogged: 0,
};

/** What must be the same for a run to go on: a change would make it another run. */
export interface RunIdentity {
  readonly architecture: string;
  readonly recipe: string;
  readonly data: string;
  readonly numerics: string;
}

type Memory = Pick<Engine, 'floats'>;

/** The stretches of memory that make up the state, by name. */
function stretches(p: TrainingProgram): readonly (readonly [string, Buffer])[] {
  return [
    ['weights', p.weights],
    ['statistics', p.statistics],
    ...p.state.map((buffer, i) => [`optimizer.${i + 1}`, buffer] as const),
    ...(p.average
      ? ([
          ['average.weights', p.average.weights],
          ['average.statistics', p.average.statistics],
        ] as const)
      : []),
  ];
}

export async function saveCheckpoint(
  file: string,
  engine: Memory,
  program: TrainingProgram,
  progress: Progress,
  identity: RunIdentity,
): Promise<void> {
  const tensors = new Map<string, Weight>();
  for (const [name, buffer] of stretches(program)) {
    tensors.set(name, { shape: [buffer.elements], values: engine.floats(buffer) });
  }
  const metadata = new Map([
    ['format', 'netlathe checkpoint 1'],
    ['progress', JSON.stringify(progress)],
    ['identity', JSON.stringify(identity)],
  ]);
  await writeFileAtomic(file, weightsToSafetensors(tensors, metadata));
}

/** Puts a checkpoint into the memory; `undefined` where there is none. */
export async function loadCheckpoint(
  file: string,
  engine: Memory,
  program: TrainingProgram,
  identity: RunIdentity,
): Promise<Progress | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const read = readSafetensors(bytes);
  checkIdentity(file, read.metadata.get('identity'), identity);
  const tensors: WeightStore = weightsFromSafetensors(read);
  for (const [name, buffer] of stretches(program)) {
    const tensor = tensors.get(name);
    if (tensor?.values.length !== buffer.elements) {
      throw new TrainError({
        code: 'E542',
        message: `the checkpoint does not fit this network: ${name} is ${tensor ? 'of another size' : 'missing'}`,
        path: file,
        hint: 'start a new run in another folder',
      });
    }
    engine.floats(buffer).set(tensor.values);
  }
  return JSON.parse(read.metadata.get('progress') ?? 'null') as Progress;
}

const meanings: Readonly<Record<keyof RunIdentity, string>> = {
  architecture: 'the architecture has changed',
  recipe: 'the recipe has changed',
  data: 'the photos have changed',
  numerics: 'it was made with other numerics (--numerics)',
};

function checkIdentity(file: string, written: string | undefined, now: RunIdentity): void {
  const before = JSON.parse(written ?? '{}') as Partial<RunIdentity>;
  for (const key of Object.keys(meanings) as (keyof RunIdentity)[]) {
    if (before[key] === now[key]) continue;
    throw new TrainError({
      code: 'E541',
      message: `the run cannot go on: ${meanings[key]} since its checkpoint was written`,
      path: file,
      hint: 'restore what it was made with, or start a new run in another folder',
    });
  }
}
