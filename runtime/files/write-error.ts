/** Why a file could not be written. What stood at the path before stands there still. */

import type { RunCode } from '../codes.ts';
import { RuntimeError, reasonOf, systemCode } from '../runtime-error.ts';

/** E520 any other reason, E521 no space left, E522 not permitted. */
export type WriteErrorCode = Extract<RunCode, `E52${string}`>;

const NO_SPACE: ReadonlySet<string | null> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const NOT_PERMITTED: ReadonlySet<string | null> = new Set(['EACCES', 'EPERM', 'EROFS']);

export class WriteError extends RuntimeError {
  declare readonly code: WriteErrorCode;
}

export function writeError(path: string, cause: unknown): WriteError {
  if (cause instanceof WriteError) return cause;
  const code = systemCode(cause);
  if (NO_SPACE.has(code)) {
    return new WriteError({
      code: 'E521',
      message: 'no space left to write this file',
      path,
      cause,
      hint: 'free some space, or choose a folder on another disk; nothing that was there is lost',
    });
  }
  if (NOT_PERMITTED.has(code)) {
    return new WriteError({
      code: 'E522',
      message: 'not permitted to write this file',
      path,
      cause,
      hint: 'choose a folder you may write to',
    });
  }
  return new WriteError({
    code: 'E520',
    message: `could not write this file: ${reasonOf(cause)}`,
    path,
    cause,
    hint: 'choose another folder, or remove what is in the way',
  });
}
