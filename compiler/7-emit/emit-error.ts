/** What keeps a bundle from being made or written. Codes E70x; the reporter prints them like all others. */

import type { EmitCode } from '../../runtime/codes.ts';
import { RuntimeError } from '../../runtime/runtime-error.ts';

export class EmitError extends RuntimeError {
  declare readonly code: EmitCode;
}
