/** What stops a training run. Codes E54x and E550; the reporter prints them like all others. */

import type { RunCode } from '../codes.ts';
import { RuntimeError } from '../runtime-error.ts';

export type TrainErrorCode = Extract<RunCode, `E54${string}` | 'E550'>;

export class TrainError extends RuntimeError {
  declare readonly code: TrainErrorCode;
}
