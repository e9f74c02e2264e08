/** What was odd about a data set that can be used all the same. Returned, never printed. */

import type { DataCode } from '../codes.ts';

export type DataWarningCode = Extract<DataCode, `W${string}`>;

export interface DataWarning {
  readonly code: DataWarningCode;
  readonly severity: 'warning';
  readonly message: string;
  /** Relative paths. Each place is the paths that belong together: one for a skipped file, two for a duplicate. */
  readonly places: readonly (readonly string[])[];
  readonly hint?: string;
}

export function dataWarning(
  code: DataWarningCode,
  message: string,
  places: readonly (readonly string[])[] = [],
  hint?: string,
): DataWarning {
  return { code, severity: 'warning', message, places, ...(hint === undefined ? {} : { hint }) };
}
