/** What stops a training run. Codes E54x; the reporter prints them like all others. */
import { RuntimeError } from '../runtime-error.ts';

export type TrainErrorCode = 'E540' | 'E541' | 'E542' | 'E543' | 'E544' | 'E545';

export class TrainError extends RuntimeError {
  declare readonly code: TrainErrorCode;
}
