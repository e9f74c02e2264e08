/**
 * Everything that a run needs to go on bit for bit, as one safetensors file: weights, statistics, optimizer state,
 * averages, and how far it got. Random numbers need no state: they are a pure function of seed, epoch and index.
 */

import { weightsFromSafetensors, weightsToSafetensors } from '../../compiler/weights/index.ts';
import { writeFileAtomic } from '../files/atomic-write.ts';
import { reasonOf } from '../runtime-error.ts';
import type { BackendTrainer, TrainingState } from './backend.ts';
import { firstNonFinite } from './finite.ts';
import type { Lesson } from './lesson.ts';
import { readTensors } from './read-weights.ts';
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

const format = 'netlathe checkpoint 1';

export async function saveCheckpoint(
  file: string,
  state: TrainingState,
  progress: Progress,
  identity: RunIdentity,
): Promise<void> {
  const metadata = new Map([
    ['format', format],
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
  const read = await readTensors(file);
  if (!read) return undefined;
  const { progress, written } = readMetadata(file, read.metadata);
  checkIdentity(file, written, identity);
  const state = weightsFromSafetensors(read);
  for (const [name, { values }] of await trainer.state()) {
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
  const bad = firstNonFinite(state);
  if (bad !== undefined) throw notACheckpoint(file, `${bad} is no number`);
  trainer.restore(state);
  return progress;
}

function readMetadata(file: string, metadata: ReadonlyMap<string, string>) {
  if (metadata.get('format') !== format) throw notACheckpoint(file, 'it is none');
  let parts: readonly unknown[];
  try {
    parts = ['progress', 'identity'].map((key) => JSON.parse(metadata.get(key) ?? 'null'));
  } catch (error) {
    throw notACheckpoint(file, reasonOf(error));
  }
  const [progress, written] = parts;
  if (!isProgress(progress)) throw notACheckpoint(file, 'how far the run got is missing');
  return { progress, written: isMap(written) ? written : {} };
}

function notACheckpoint(file: string, reason: string): TrainError {
  return new TrainError({
    code: 'E542',
    message: `this is not the checkpoint of a run: ${reason}`,
    path: file,
    hint: 'start a new run in another folder',
  });
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const counters = ['step', 'correct', 'seen', 'stale', 'epochsLogged'] as const;

function isProgress(value: unknown): value is Progress {
  if (!isMap(value)) return false;
  const { loss, seconds, best } = value;
  const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
  return (
    counters.every((key) => isCount(value[key])) &&
    [loss, seconds].every((n) => typeof n === 'number' && Number.isFinite(n)) &&
    (best === null || (isMap(best) && isCount(best.epoch) && typeof best.top1 === 'number'))
  );
}

const meanings: Readonly<Record<keyof RunIdentity, string>> = {
  teacher: 'the teacher is another than when its checkpoint was written',
  architecture: 'the architecture has changed since its checkpoint was written',
  recipe: 'the recipe has changed since its checkpoint was written',
  data: 'the photos have changed since its checkpoint was written',
  engine: 'it was made by another engine (--engine, --backend)',
  numerics: 'it was made with other numerics (--numerics)',
};

function checkIdentity(
  file: string,
  before: Readonly<Record<string, unknown>>,
  now: RunIdentity,
): void {
  for (const key of Object.keys(meanings) as (keyof RunIdentity)[]) {
    if (before[key] === now[key]) continue;
    throw new TrainError({
      code: 'E541',
      message: `the run cannot go on: ${meanings[key]}`,
      path: file,
      hint:
        key === 'recipe'
          ? 'restore what it was made with, flags too; to train its network further, start in another folder from its weights: --init RUN/weights.safetensors'
          : 'restore what it was made with, or start a new run in another folder',
    });
  }
}
