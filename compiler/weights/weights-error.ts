/** Why a file of weights was refused. Such files come from anywhere: nothing in them is believed before it is checked. */

import type { WeightsCode } from '../../runtime/codes.ts';
import { RuntimeError } from '../../runtime/runtime-error.ts';

export type WeightsErrorCode = WeightsCode;

export class WeightsError extends RuntimeError {
  declare readonly code: WeightsErrorCode;

  /** `where`: the tensor or byte that is at fault. */
  constructor(
    code: WeightsErrorCode,
    message: string,
    more: {
      readonly where?: string;
      readonly path?: string;
      readonly hint?: string | undefined;
      readonly notes?: readonly string[];
      readonly cause?: unknown;
    } = {},
  ) {
    const { where, ...rest } = more;
    super({ code, message: where === undefined ? message : `${where}: ${message}`, ...rest });
  }

  /** The same, of a file that is known by now. */
  at(path: string): WeightsError {
    const { code, message, hint, notes, cause } = this;
    return new WeightsError(code, message, { path, hint: hint ?? undefined, notes, cause });
  }
}
