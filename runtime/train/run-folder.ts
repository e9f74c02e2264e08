/** The files of a run. One process a run: a lock holds its name. */

import { readdir, readFile, rm, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { temporaryOwner, writeFileAtomic } from '../files/atomic-write.ts';
import { type Lock, type LockOwner, takeLock } from '../files/lock.ts';
import { makeFolder } from '../files/make-folder.ts';
import { isRunning, thisProcess } from '../files/process-name.ts';
import { writeError } from '../files/write-error.ts';
import type { EpochMetrics, EvaluationRecord, RunRecord } from '../report/records.ts';
import { reasonOf, systemCode } from '../runtime-error.ts';
import { claimantOf } from './job-claim.ts';
import { TrainError } from './train-error.ts';

export const runFiles = {
  record: 'run.json',
  architecture: 'architecture.yaml',
  metrics: 'metrics.jsonl',
  best: 'weights.safetensors',
  last: 'last.safetensors',
  checkpoint: 'checkpoint.safetensors',
  evaluation: 'evaluation.json',
  predictions: 'predictions.json',
  report: 'report.html',
  model: 'model',
  lock: 'run.lock',
} as const;

export class RunFolder {
  readonly path: string;
  #lock: Lock | undefined;

  constructor(folder: string) {
    this.path = path.resolve(folder);
  }

  file(name: keyof typeof runFiles): string {
    return path.join(this.path, runFiles[name]);
  }

  /** Makes the folder and takes its lock; a lock whose process is gone is taken over. */
  async lock(): Promise<void> {
    try {
      await makeFolder(this.path);
    } catch (error) {
      throw writeError(this.path, error);
    }
    const lock = await takeLock(this.file('lock'), await claimantOf(this.path));
    if ('pid' in lock) throw await taken(this.path, lock);
    this.#lock = lock;
    await this.#sweep();
  }

  /** Removes what processes that were killed while they wrote have left. */
  async #sweep(): Promise<void> {
    for (const name of await readdir(this.path)) {
      const owner = temporaryOwner(name);
      if (owner === null || (owner !== process.pid && isRunning(owner))) continue;
      await unlink(path.join(this.path, name)).catch(() => undefined);
    }
  }

  async unlock(): Promise<void> {
    await this.#lock?.release();
    this.#lock = undefined;
  }

  write(name: keyof typeof runFiles, contents: string | Uint8Array): Promise<void> {
    return writeFileAtomic(this.file(name), contents);
  }

  writeJson(name: 'record' | 'evaluation', value: RunRecord | EvaluationRecord): Promise<void> {
    return this.write(name, `${JSON.stringify(value, null, 2)}\n`);
  }

  async read(name: keyof typeof runFiles): Promise<string | undefined> {
    try {
      return await readFile(this.file(name), 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async has(name: keyof typeof runFiles): Promise<boolean> {
    try {
      await stat(this.file(name));
      return true;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** The first `count` lines: what a checkpoint says was logged. */
  async metrics(count = Number.POSITIVE_INFINITY): Promise<readonly EpochMetrics[]> {
    const file = this.file('metrics');
    const lines = ((await this.read('metrics')) ?? '').split('\n').filter((line) => line !== '');
    if (Number.isFinite(count) && lines.length < count) {
      throw damaged(file, `it has ${lines.length} epochs, the checkpoint ${count}`);
    }
    return lines.slice(0, count).map((line, i) => {
      const metrics = parseJson(file, line);
      if (isMap(metrics) && metrics.epoch === i + 1) return metrics as unknown as EpochMetrics;
      throw damaged(file, `line ${i + 1} is not that of epoch ${i + 1}`);
    });
  }

  /**
   * Removes what another run has left, that nothing of it is taken for this one's: the checkpoint first, since whoever
   * resumes starts from it.
   */
  async clear(): Promise<void> {
    for (const name of [
      'checkpoint',
      'best',
      'last',
      'evaluation',
      'predictions',
      'report',
    ] as const) {
      await rm(this.file(name), { force: true });
    }
    await rm(this.file('model'), { recursive: true, force: true });
  }

  /** Of the run that was here before, if there was one. */
  async record(): Promise<RunRecord | undefined> {
    const text = await this.read('record');
    return text === undefined ? undefined : parseRecord(this.file('record'), text);
  }

  async rewriteMetrics(metrics: readonly EpochMetrics[]): Promise<void> {
    await this.write('metrics', metrics.map((m) => `${JSON.stringify(m)}\n`).join(''));
  }
}

async function taken(folder: string, { pid, host, file }: LockOwner): Promise<TrainError> {
  const here = (await thisProcess()).host;
  const wait = 'wait for it, or use another --out';
  const message = (who: string) => `${who} is training into this folder`;
  if (host === here) {
    return new TrainError({
      ...{ code: 'E543', message: message(`process ${pid}`), path: folder, hint: wait },
    });
  }
  // A container that was started anew has another name, and on its volume the lock of the one before.
  return new TrainError({
    code: 'E543',
    message: `${message(`process ${pid} on the machine or container ${host}`)}, says ${path.basename(file)}`,
    path: file,
    hint: `${wait}; if it is gone for good, remove ${file} and --resume (this is ${here}, which cannot see)`,
  });
}

export function parseRecord(file: string, text: string): RunRecord {
  const record = parseJson(file, text);
  if (isRecord(record)) return record;
  throw damaged(file, 'it is not the record of a run');
}

/** What is read of a record again; the rest is for people and the report. */
function isRecord(value: unknown): value is RunRecord {
  if (!isMap(value) || value.version !== 1 || !isMap(value.architecture)) return false;
  const { name, status, netlathe, seed, architecture } = value;
  return (
    [name, status, netlathe, architecture.text].every((text) => typeof text === 'string') &&
    Array.isArray(architecture.verdicts) &&
    architecture.verdicts.every(isMap) &&
    Number.isSafeInteger(seed) &&
    (seed as number) >= 0
  );
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(file, reasonOf(error), error);
  }
}

function damaged(file: string, reason: string, cause?: unknown): TrainError {
  return new TrainError({
    code: 'E548',
    message: `this file of the run is damaged: ${reason}`,
    path: file,
    cause,
    hint: 'restore it, or start a new run in another folder; the weights can begin it: --init weights.safetensors',
  });
}
