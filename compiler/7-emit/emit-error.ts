/** What keeps a bundle from being made or written. Codes E70x; the reporter prints them like all others. */
import { RuntimeError } from '../../runtime/runtime-error.ts';

/** E701 not a network that can be emitted, E702 a file of someone else's is in the way, E703 the bundle fails its test. */
export type EmitErrorCode = 'E701' | 'E702' | 'E703' | 'E704';

export class EmitError extends RuntimeError {
  declare readonly code: EmitErrorCode;
}
