/**
 * Everything that a run needs to go on bit for bit, as one safetensors file: weights, statistics, optimizer state,
 * averages, and how far it got. Random numbers need no state: they are a pure function of seed, epoch and index.
 */

import { readFile } from 'node:fs/promises';
import {
  readSafetensors,
  weightsFromSafetensors,
  weightsToSafetensors,
} from '../../compiler/weights/index.ts';
import { writeFileAtomic } from '../files/atomic-write.ts';
import { systemCode } from '../runtime-error.ts';
import type { BackendTrainer, TrainingState } from './backend.ts';
import type { Lesson } from './lesson.ts';
import { TrainError } from './train-error.ts';

export interface Progress {
  /** Steps done. */
  readonly step: number;
  /** Sums over the current epoch so far. */
  readonly loss: number;
  readonly correct: number;
  readonly seen: number;
  readonly lesson?: Lesson | undefined;
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
  readonly engine: string;
  readonly numerics: string;
  /** Architecture and weights of the teacher, where there is one. */
  readonly teacher?: string | undefined;
}

export async function saveCheckpoint(
  file: string,
  state: TrainingState,
  progress: Progress,
  identity: RunIdentity,
): Promise<void> {
  const metadata = new Map([
    ['format', 'netlathe checkpoint 1'],
    ['progress', JSON.stringify(progress)],
    ['identity', JSON.stringify(identity)],
  ]);
  await writeFileAtomic(file, weightsToSafetensors(state, metadata));
}

/** Puts a checkpoint into a trainer; `undefined` where there is none. */
export async function loadCheckpoint(
  file: string,
  trainer: Pick<BackendTrainer, 'state' | 'restore'>,
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
  const state = weightsFromSafetensors(read);
  for (const [name, { values }] of trainer.state()) {
    const tensor = state.get(name);
    if (tensor?.values.length !== values.length) {
      throw new TrainError({
        code: 'E542',
        message: `the checkpoint does not fit this network: ${name} is ${tensor ? 'of another size' : 'missing'}`,
        path: file,
        hint: 'start a new run in another folder',
      });
    }
  }
  trainer.restore(state);
  return JSON.parse(read.metadata.get('progress') ?? 'null') as Progress;
}

const meanings: Readonly<Record<keyof RunIdentity, string>> = {
  teacher: 'the teacher is another than when its checkpoint was written',
  architecture: 'the architecture has changed since its checkpoint was written',
  recipe: 'the recipe has changed since its checkpoint was written',
  data: 'the photos have changed since its checkpoint was written',
  engine: 'it was made by another engine (--engine)',
  numerics: 'it was made with other numerics (--numerics)',
};

function checkIdentity(file: string, written: string | undefined, now: RunIdentity): void {
  const before = JSON.parse(written ?? '{}') as Partial<RunIdentity>;
  for (const key of Object.keys(meanings) as (keyof RunIdentity)[]) {
    if (before[key] === now[key]) continue;
    throw new TrainError({
      code: 'E541',
      message: `the run cannot go on: ${meanings[key]}`,
      path: file,
      hint: 'restore what it was made with, or start a new run in another folder',
    });
  }
}
