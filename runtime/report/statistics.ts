/** Figures of an evaluation that follow from its counts. */
import type { ClassFigures, Interval } from './records.ts';

/** The normal quantile of a two-sided 95%. */
const z95 = 1.959963984540054;

/**
 * Wilson's score interval of a share. Unlike the textbook interval it stays inside 0..1 and is right for small counts
 * and for shares near either end.
 */
export function wilsonInterval(successes: number, count: number, z: number = z95): Interval {
  if (count === 0) return { low: 0, high: 1 };
  const share = successes / count;
  const z2 = z * z;
  const scale = 1 + z2 / count;
  const centre = (share + z2 / (2 * count)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count * count));
  // Rounding may push the ends a hair past what is exact there.
  const low = successes === 0 ? 0 : Math.max(0, centre - half);
  const high = successes === count ? 1 : Math.min(1, centre + half);
  return { low, high };
}

/** Recall and precision of each class. `confusion[truth][prediction]` counts photos. */
export function classFigures(
  labels: readonly string[],
  confusion: readonly (readonly number[])[],
): ClassFigures[] {
  const predicted = labels.map((_, j) => sum(confusion.map((row) => row[j] ?? 0)));
  return labels.map((label, i) => {
    const row = confusion[i] ?? [];
    const count = sum(row);
    const right = row[i] ?? 0;
    return {
      label,
      count,
      recall: ratio(right, count),
      precision: ratio(right, predicted[i] as number),
    };
  });
}

/** Counts of (truth, prediction) pairs. */
export function confusionMatrix(
  classes: number,
  truths: ArrayLike<number>,
  predictions: ArrayLike<number>,
): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < truths.length; i++) {
    const row = matrix[truths[i] as number];
    const column = predictions[i] as number;
    if (!row || !(column in row))
      throw new RangeError(`photo ${i} is of no class below ${classes}`);
    row[column] = (row[column] as number) + 1;
  }
  return matrix;
}

export interface Confusion {
  readonly truth: number;
  readonly predicted: number;
  readonly count: number;
  /** Of the photos of the true class. */
  readonly share: number;
}

/** The pairs that are mixed up most, by photos; ties in the order of the classes. */
export function topConfusions(
  confusion: readonly (readonly number[])[],
  limit: number,
): Confusion[] {
  return confusion
    .flatMap((row, truth) => {
      const total = sum(row);
      return row.map((count, predicted) => ({ truth, predicted, count, share: count / total }));
    })
    .filter(({ truth, predicted, count }) => truth !== predicted && count > 0)
    .sort((a, b) => b.count - a.count || b.share - a.share)
    .slice(0, limit);
}

const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
