/** The files of a run. One process a run: a lock holds its pid. */

import { appendFile, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import path from 'node:path';
import { temporaryOwner, writeFileAtomic } from '../files/atomic-write.ts';
import { writeError } from '../files/write-error.ts';
import type { EpochMetrics, EvaluationRecord, RunRecord } from '../report/records.ts';
import { systemCode } from '../runtime-error.ts';
import { TrainError } from './train-error.ts';

export const runFiles = {
  record: 'run.json',
  architecture: 'architecture.yaml',
  metrics: 'metrics.jsonl',
  best: 'weights.safetensors',
  last: 'last.safetensors',
  checkpoint: 'checkpoint.safetensors',
  evaluation: 'evaluation.json',
  report: 'report.html',
  model: 'model',
  lock: 'run.lock',
} as const;

export class RunFolder {
  readonly path: string;

  constructor(folder: string) {
    this.path = path.resolve(folder);
  }

  file(name: keyof typeof runFiles): string {
    return path.join(this.path, runFiles[name]);
  }

  /** Makes the folder and takes its lock; a lock whose process is gone is taken over. */
  async lock(): Promise<void> {
    const file = this.file('lock');
    try {
      await mkdir(this.path, { recursive: true });
    } catch (error) {
      throw writeError(this.path, error);
    }
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        const handle = await open(file, 'wx');
        await handle.writeFile(`${process.pid}\n`);
        await handle.close();
        await this.#sweep();
        return;
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw writeError(file, error);
      }
      const owner = Number((await this.read('lock')) ?? '0');
      if (owner > 0 && owner !== process.pid && isAlive(owner)) {
        throw new TrainError({
          code: 'E543',
          message: `process ${owner} is training into this folder`,
          path: this.path,
          hint: 'wait for it, or use another --out',
        });
      }
      await unlink(file).catch(() => undefined);
    }
  }

  /** Removes what processes that were killed while they wrote have left. */
  async #sweep(): Promise<void> {
    for (const name of await readdir(this.path)) {
      const owner = temporaryOwner(name);
      if (owner === null || (owner !== process.pid && isAlive(owner))) continue;
      await unlink(path.join(this.path, name)).catch(() => undefined);
    }
  }

  async unlock(): Promise<void> {
    await unlink(this.file('lock')).catch(() => undefined);
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

  /** The first `count` lines: what a checkpoint says was logged. */
  async metrics(count = Number.POSITIVE_INFINITY): Promise<readonly EpochMetrics[]> {
    const lines = ((await this.read('metrics')) ?? '').split('\n').filter((line) => line !== '');
    return lines.slice(0, count).map((line) => JSON.parse(line) as EpochMetrics);
  }

  async rewriteMetrics(metrics: readonly EpochMetrics[]): Promise<void> {
    await this.write('metrics', metrics.map((m) => `${JSON.stringify(m)}\n`).join(''));
  }

  async appendMetrics(metrics: EpochMetrics): Promise<void> {
    try {
      await appendFile(this.file('metrics'), `${JSON.stringify(metrics)}\n`);
    } catch (error) {
      throw writeError(this.file('metrics'), error);
    }
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
