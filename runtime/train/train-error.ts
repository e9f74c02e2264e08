/** What stops a training run. Codes E54x and E55x; the reporter prints them like all others. */

import type { RunCode } from '../codes.ts';
import { RuntimeError } from '../runtime-error.ts';

export type TrainErrorCode = Extract<RunCode, `E54${string}` | `E55${string}`>;

export class TrainError extends RuntimeError {
  declare readonly code: TrainErrorCode;
}
