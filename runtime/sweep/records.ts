/** What a search found, as sweep.json has it. */

import type { Rung } from '../../compiler/suite/sweep/rungs.ts';

export interface SweepRecord {
  readonly version: 1;
  readonly netlathe: string;
  readonly name: string;
  readonly network: string;
  readonly method: 'random' | 'grid';
  readonly seed: number;
  readonly eta: number;
  readonly rungs: readonly Rung[];
  readonly keys: readonly KeyRecord[];
  readonly candidates: readonly CandidateRecord[];
  /** Combinations that do not compile or break the budget. */
  readonly leftOut: number;
  /** The best of those that were trained to the end; `null` where none was. */
  readonly best: BestRecord | null;
}

export interface KeyRecord {
  readonly key: string;
  readonly scale: 'linear' | 'log' | 'choice';
}

export interface CandidateRecord {
  readonly id: string;
  /** In the order of `keys`. */
  readonly values: readonly unknown[];
  readonly params: number;
  /** One a rung that it has reached. */
  readonly rungs: readonly RungResult[];
}

export interface RungResult {
  readonly epochs: number;
  /** Mean over the seeds of the accuracy of the weights that validation chose; `null` where one of them has none. */
  readonly top1: number | null;
  readonly seeds: readonly SeedResult[];
}

export interface SeedResult {
  readonly seed: number;
  /** Trained to its end. */
  readonly finished: boolean;
  readonly top1: number | null;
}

export interface BestRecord {
  readonly id: string;
  readonly top1: number;
  /** The architecture with this recipe, ready to train. */
  readonly file: string;
}

/** The best first; those that failed last, and equals in the order in which they were drawn. */
export function ranked(
  candidates: readonly CandidateRecord[],
  rung: number,
): readonly CandidateRecord[] {
  const score = ({ rungs }: CandidateRecord) => rungs[rung]?.top1 ?? Number.NEGATIVE_INFINITY;
  const reached = candidates.filter(({ rungs }) => rungs.length > rung);
  // Sorting is stable.
  return [...reached].sort((a, b) => {
    const [x, y] = [score(a), score(b)];
    return x === y ? 0 : y - x;
  });
}

/** The best first, those that went furthest before the others. */
export function inOrder({
  candidates,
  rungs,
}: Pick<SweepRecord, 'candidates' | 'rungs'>): readonly CandidateRecord[] {
  const order: CandidateRecord[] = [];
  for (let rung = rungs.length - 1; rung >= 0; rung--) {
    const last = candidates.filter((candidate) => candidate.rungs.length === rung + 1);
    order.push(...ranked(last, rung));
  }
  return order;
}

/** For people: the accuracy, or why there is none. */
export function figureOf({ top1, seeds }: RungResult): string {
  if (top1 !== null) return `${(100 * top1).toFixed(1)}%`;
  return seeds.every(({ finished }) => finished) ? 'no figure' : 'failed';
}

/** For people: `0.00123`, `off`, `sgd`. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return '–';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
