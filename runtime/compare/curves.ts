/** Curves of a network over its seeds, and how soon it reached given accuracies. */

import type { EpochMetrics } from '../report/records.ts';
import type { TrialFiles } from './collect.ts';
import type { Curve, Curves, Reached } from './comparison.ts';

export function curvesOf(files: readonly TrialFiles[]): Curves | null {
  const runs = files.map(({ metrics }) => metrics).filter(({ length }) => length > 0);
  if (runs.length === 0) return null;
  const length = Math.max(...runs.map((run) => run.length));
  const validated = runs.some((run) => run.some((m) => m.validation));
  const over = (pick: (m: EpochMetrics) => number | undefined) => curve(runs, length, pick);
  return {
    epochs: Array.from({ length }, (_, i) => i + 1),
    trainLoss: over((m) => m.train.loss),
    trainTop1: over((m) => m.train.top1),
    validLoss: validated ? over((m) => m.validation?.loss) : null,
    validTop1: validated ? over((m) => m.validation?.top1) : null,
  };
}

function curve(
  runs: readonly (readonly EpochMetrics[])[],
  length: number,
  pick: (m: EpochMetrics) => number | undefined,
): Curve {
  const at = Array.from({ length }, (_, i) =>
    runs.flatMap((run) => {
      const value = run[i] && pick(run[i]);
      return value === undefined || !Number.isFinite(value) ? [] : [value];
    }),
  );
  const of = (join: (values: readonly number[]) => number) =>
    at.map((values) => (values.length === 0 ? null : join(values)));
  return {
    mean: of((values) => values.reduce((sum, v) => sum + v, 0) / values.length),
    low: of((values) => Math.min(...values)),
    high: of((values) => Math.max(...values)),
  };
}

/** Accuracies worth asking for: shares of the best that any network reached, on round numbers. */
export function targetsOf(networks: readonly (readonly TrialFiles[])[]): readonly number[] {
  const best = Math.max(
    0,
    ...networks.flat().flatMap(({ metrics }) => metrics.map((m) => m.validation?.top1 ?? 0)),
  );
  const rounded = [0.7, 0.85, 0.95].map((share) => Math.floor(best * share * 20 + 1e-9) / 20);
  return [...new Set(rounded)].filter((target) => target > 0);
}

export function reachedOf(
  files: readonly TrialFiles[],
  targets: readonly number[],
): readonly Reached[] {
  const runs = files.map(({ metrics }) => metrics).filter((m) => m.some((e) => e.validation));
  if (runs.length === 0) return [];
  return targets.map((target) => {
    const firsts = runs.map((run) => run.find((m) => (m.validation?.top1 ?? 0) >= target));
    return {
      target,
      epochs: firsts.map((m) => m?.epoch ?? null),
      seconds: firsts.map((m) => m?.seconds ?? null),
    };
  });
}
