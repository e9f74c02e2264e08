/** How a trial is run. On this machine it is a process; a runner that submits jobs elsewhere fits behind it as well. */

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
  | { readonly kind: 'interrupted' }
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
  /** Trials that run side by side. */
  readonly slots: number;
  /** Settles when the trial is over; rejects only for a bug of its own. */
  run(request: TrialRequest): Promise<TrialEnd>;
}
