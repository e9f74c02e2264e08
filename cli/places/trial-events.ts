/** What `netlathe train --json` says while it trains, and why it ended. */

import type { TrialProgress } from '../../runtime/suite/runner.ts';

/** The last complaint of a process, without its decoration. */
export function reasonIn(stderr: string): string | undefined {
  const lines = stderr.split('\n').filter((line) => /^(error|netlathe has a bug)/.test(line));
  return lines
    .at(-1)
    ?.replace(/^error(?:\[(\w+)\])?: (.*)$/, (_all, code?: string, text = '') =>
      code === undefined ? text : `${text} (${code})`,
    );
}

interface Line {
  readonly event?: unknown;
  readonly record?: { readonly recipe?: { readonly epochs?: number } };
  readonly epoch?: number;
  readonly epochs?: number;
  readonly step?: number;
  readonly steps?: number;
  readonly validation?: { readonly top1?: number } | null;
  readonly best?: unknown;
}

/** Follows the lines of `netlathe train --json`. */
export class EventReader {
  readonly #onProgress: (progress: TrialProgress) => void;
  #progress: TrialProgress = { share: 0, epoch: 0, epochs: 0, top1: undefined };

  constructor(onProgress: (progress: TrialProgress) => void) {
    this.#onProgress = onProgress;
  }

  get epoch(): number {
    return this.#progress.epoch;
  }

  read(text: string): void {
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      // Something else that wrote to the stream: not ours to judge.
      return;
    }
    const { epoch = 0, epochs = this.#progress.epochs } = line;
    if (line.event === 'start') this.#set({ epochs: line.record?.recipe?.epochs ?? 0 });
    else if (line.event === 'step') {
      this.#set({ epoch, epochs, share: (line.step ?? 0) / Math.max(1, line.steps ?? 1) });
    } else if (line.event === 'epoch') {
      const share = epochs > 0 ? epoch / epochs : this.#progress.share;
      this.#set({ epoch, share, top1: line.validation?.top1 ?? this.#progress.top1 });
    }
  }

  #set(change: Partial<TrialProgress>): void {
    this.#progress = { ...this.#progress, ...change };
    this.#onProgress(this.#progress);
  }
}
