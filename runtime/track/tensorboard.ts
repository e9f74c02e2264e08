/** A TensorBoard event file in the run folder, which can be watched while the run goes on. */

import { appendFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomic } from '../files/atomic-write.ts';
import { writeError } from '../files/write-error.ts';
import type { EpochMetrics, RunRecord } from '../report/records.ts';
import { eventFileName, startOf, tensorboardEvent, tensorboardEvents } from './event-file.ts';
import type { RunReporter } from './reporter.ts';

export class TensorboardReporter implements RunReporter {
  readonly #folder: string;
  readonly #resumed: boolean;
  #file = '';
  #startedAt = '';

  constructor(folder: string, resumed: boolean) {
    this.#folder = folder;
    this.#resumed = resumed;
  }

  /** One file a run, however often it was resumed: with two, TensorBoard would show their epochs twice. */
  async onBegin({ startedAt }: RunRecord, epochs: readonly EpochMetrics[]): Promise<void> {
    const names = this.#resumed ? await readdir(this.#folder) : [];
    const before = names.map(startOf).filter((time) => time !== undefined);
    this.#startedAt = before.sort()[0] ?? startedAt;
    this.#file = path.join(this.#folder, eventFileName(this.#startedAt));
    await writeFileAtomic(this.#file, tensorboardEvents(this.#startedAt, epochs));
  }

  /** Appended, since TensorBoard keeps the file open; a record that was cut off it waits for, and --resume writes anew. */
  async onEpoch(metrics: EpochMetrics): Promise<void> {
    try {
      await appendFile(this.#file, tensorboardEvent(this.#startedAt, metrics));
    } catch (error) {
      throw writeError(this.#file, error);
    }
  }

  onEnd(): void {}
}
