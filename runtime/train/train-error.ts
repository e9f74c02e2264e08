/** What stops a training run. Codes E54x; the reporter prints them like all others. */

import type { RunCode } from '../codes.ts';
import { RuntimeError } from '../runtime-error.ts';

export type TrainErrorCode = Extract<RunCode, `E54${string}`>;

export class TrainError extends RuntimeError {
  declare readonly code: TrainErrorCode;
}
