/** What was odd about a data set that can be used all the same. Returned, never printed. */

/**
 * - W501 the same image in training and in validation
 * - W502 files that are not images, or carry no label
 * - W503 images that could not be decoded
 * - W504 images of a kind netlathe does not read
 * - W505 classes: a gap in numeric labels, too few images to hold one out
 * - W506 a folder of images that is not used
 * - W507 nothing to validate on
 * - W508 the extension says one format, the contents another
 * - W509 the same image under two classes
 * - W510 the cache was damaged and made anew
 */
export type DataWarningCode =
  `W5${'01' | '02' | '03' | '04' | '05' | '06' | '07' | '08' | '09' | '10'}`;

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
