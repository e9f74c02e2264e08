/** Where trials run: as processes of this machine, or as jobs of a cluster. Chosen in cli/places/index.ts. */

import type { Trial } from './trial.ts';

export interface TrialProgress {
  /** Of the whole trial, 0 to 1. */
  readonly share: number;
  readonly epoch: number;
  readonly epochs: number;
  /** On validation, of the last epoch that was judged. */
  readonly top1: number | undefined;
}

export type TrialEnd =
  | { readonly kind: 'finished' }
  /** Saved and stopped, because the signal said so or somebody else did. */
  | {
      readonly kind: 'interrupted';
      /** `false`: it had not begun to train, so there is nothing to tell. */
      readonly begun?: boolean;
    }
  | { readonly kind: 'failed'; readonly message: string; readonly exitCode: number };

export interface TrialRequest {
  readonly trial: Trial;
  /** Go on from the checkpoint of an earlier run. */
  readonly resume: boolean;
  readonly onProgress: (progress: TrialProgress) => void;
  /** Aborted: save, stop, and settle as `interrupted`. */
  readonly signal: AbortSignal;
}

export interface Runner {
  /** Trials that are handed over side by side; `Infinity` where the other side queues them. */
  readonly slots: number;
  /** Before the first of these trials: throws where none could run there. */
  ready(trials: readonly Trial[], signal: AbortSignal): Promise<void>;
  /** Settles when the trial is over; rejects only for a bug of its own. */
  run(request: TrialRequest): Promise<TrialEnd>;
}
