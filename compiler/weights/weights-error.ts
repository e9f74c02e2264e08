/** Why a file of weights was refused. Such files come from anywhere: nothing in them is believed before it is checked. */

import { RuntimeError } from '../../runtime/runtime-error.ts';

export const weightsErrorCodes = {
  /** Shorter than it says, or not this kind of file at all. */
  E801: 'not a file of weights',
  E802: 'the header is malformed',
  E803: 'a tensor is malformed',
  E804: 'the bytes do not match the header',
  E805: 'the weights are not those of the network',
  E806: 'the file is unsafe or cannot be read',
} as const;

export type WeightsErrorCode = keyof typeof weightsErrorCodes;

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
}
