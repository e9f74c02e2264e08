/** What stops a suite before anything is trained. Codes E95x. */

import type { SuiteCode } from '../codes.ts';
import { RuntimeError } from '../runtime-error.ts';

export class SuiteError extends RuntimeError {
  declare readonly code: SuiteCode;
}
