/** How sure a difference between networks is: over their seeds, and over the photos that judged them. */

import type { Interval } from '../report/records.ts';
import { criticalT, twoSidedT } from './student-t.ts';

export interface Summary {
  readonly n: number;
  readonly mean: number;
  /** With n - 1; `null` for a single value. */
  readonly deviation: number | null;
  /** Student's t, 95%; `null` for a single value. */
  readonly interval: Interval | null;
}

/** `null` of nothing. */
export function summarize(values: readonly number[]): Summary | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = sum(values) / n;
  if (n === 1) return { n, mean, deviation: null, interval: null };
  const deviation = Math.sqrt(sum(values.map((v) => (v - mean) ** 2)) / (n - 1));
  const half = (criticalT(0.05, n - 1) * deviation) / Math.sqrt(n);
  return { n, mean, deviation, interval: { low: mean - half, high: mean + half } };
}

/** Of shares: what lies outside of 0 to 1 cannot be meant. */
export function summarizeShares(values: readonly number[]): Summary | null {
  const summary = summarize(values);
  if (!summary?.interval) return summary;
  const { low, high } = summary.interval;
  return { ...summary, interval: { low: Math.max(0, low), high: Math.min(1, high) } };
}

export interface SeedTest {
  /** Pairs of runs with the same seed, or the smaller number of runs where they do not pair. */
  readonly n: number;
  readonly paired: boolean;
  /** Means of the runs that are compared here. */
  readonly means: readonly [first: number, second: number];
  /** The first less the second. */
  readonly difference: number;
  readonly interval: Interval | null;
  /** Of no difference at all, two-sided; `null` where there is no interval. */
  readonly p: number | null;
}

/**
 * Runs that share seed and photos: `a[i]` belongs to `b[i]`.
 * @param step what one photo is worth, such as 1/750: figures are multiples of it, so that differences which happen to be
 * equal do not say that there is no spread. It is taken to be at least that of such a rounding, step / sqrt(6).
 */
export function pairedTest(a: readonly number[], b: readonly number[], step = 0): SeedTest {
  const summary = summarize(a.map((value, i) => value - (b[i] as number)));
  const { mean = 0, n = 0 } = summary ?? {};
  const means = [meanOf(a), meanOf(b)] as const;
  const about = { n, paired: true, means, difference: mean };
  if (!summary || summary.deviation === null) return { ...about, interval: null, p: null };
  const error = Math.max(summary.deviation, step / Math.sqrt(6)) / Math.sqrt(n);
  return { ...about, ...around(mean, error, n - 1) };
}

const meanOf = (values: readonly number[]): number => summarize(values)?.mean ?? 0;

/** Welch's test, for runs that have nothing to pair them; `step` as above, of each figure by itself. */
export function welchTest(a: readonly number[], b: readonly number[], step = 0): SeedTest {
  const [first, second] = [summarize(a), summarize(b)];
  const n = Math.min(a.length, b.length);
  const means = [first?.mean ?? 0, second?.mean ?? 0] as const;
  const difference = means[0] - means[1];
  if (!first || !second || first.deviation === null || second.deviation === null) {
    return { n, paired: false, means, difference, interval: null, p: null };
  }
  const varianceOf = (deviation: number) => Math.max(deviation ** 2, step ** 2 / 12);
  const va = varianceOf(first.deviation) / first.n;
  const vb = varianceOf(second.deviation) / second.n;
  const error = Math.sqrt(va + vb);
  const freedom =
    error === 0 ? n : (va + vb) ** 2 / (va ** 2 / (first.n - 1) + vb ** 2 / (second.n - 1));
  return { n, paired: false, means, difference, ...around(difference, error, freedom) };
}

function around(difference: number, error: number, freedom: number) {
  const half = criticalT(0.05, freedom) * error;
  const interval = { low: difference - half, high: difference + half };
  return { interval, p: pOf(difference, error, freedom) };
}

function pOf(mean: number, error: number, freedom: number): number {
  if (error === 0) return mean === 0 ? 1 : 0;
  return twoSidedT(mean / error, freedom);
}

export interface McNemar {
  /** Photos that only the first got right, and only the second. */
  readonly first: number;
  readonly second: number;
  /** Exact, two-sided. */
  readonly p: number;
}

/** McNemar's test by the binomial distribution: of the photos they disagree on, does one win more than half? */
export function mcNemar(first: number, second: number): McNemar {
  const n = first + second;
  if (n === 0) return { first, second, p: 1 };
  // Summed in logs, so that thousands of photos do not overflow.
  let term = -n * Math.LN2;
  let tail = Math.exp(term);
  for (let k = 1; k <= Math.min(first, second); k++) {
    term += Math.log(n - k + 1) - Math.log(k);
    tail += Math.exp(term);
  }
  return { first, second, p: Math.min(1, 2 * tail) };
}

/** Right or wrong, photo by photo, of one pair of runs on the same photos. */
export interface PhotoPair {
  readonly first: readonly boolean[];
  readonly second: readonly boolean[];
}

/**
 * The difference in accuracy, 95%, as far as the choice of photos goes: what other photos of the same kind might have
 * said, by the normal approximation to the mean of the differences photo by photo. `shared`: all seeds were judged on
 * the same photos, so that each photo counts once. `null` below 30 photos.
 */
export function photoInterval(pairs: readonly PhotoPair[], shared: boolean): Interval | null {
  const differences = pairs.map(({ first, second }) =>
    first.map((right, i) => Number(right) - Number(second[i])),
  );
  const groups = shared && differences.length > 0 ? [averaged(differences)] : differences;
  if (groups.length === 0 || groups.some(({ length }) => length < 30)) return null;
  const parts = groups.map((group) => {
    const mean = sum(group) / group.length;
    const variance = sum(group.map((d) => (d - mean) ** 2)) / (group.length - 1);
    return { mean, error2: variance / group.length };
  });
  const mean = sum(parts.map((p) => p.mean)) / parts.length;
  const half = 1.959963984540054 * (Math.sqrt(sum(parts.map((p) => p.error2))) / parts.length);
  return { low: mean - half, high: mean + half };
}

function averaged(rows: readonly (readonly number[])[]): readonly number[] {
  const [first = []] = rows;
  return first.map((_, i) => sum(rows.map((row) => row[i] ?? 0)) / rows.length);
}

/** Which values are not beaten in both: accuracy up, cost down. In the order of cost. */
export function paretoFront<T>(
  items: readonly T[],
  cost: (item: T) => number,
  gain: (item: T) => number,
): readonly T[] {
  const sorted = [...items].sort((a, b) => cost(a) - cost(b) || gain(b) - gain(a));
  const front: T[] = [];
  for (const item of sorted) {
    const best = front.at(-1);
    if (!best || gain(item) > gain(best)) front.push(item);
  }
  return front;
}

const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);
