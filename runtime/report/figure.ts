/** The accuracy a page leads with, and how far it can be trusted. */
import type { EpochMetrics, EvaluationRecord, Interval, RunRecord } from './records.ts';
import { wilsonInterval } from './statistics.ts';

/**
 * - `held-out` photos that neither trained the network nor chose the epoch
 * - `chosen` photos that chose the epoch
 * - `seen` photos that trained the network
 */
export type Standing = 'held-out' | 'chosen' | 'seen';

export interface Figure {
  readonly top1: number;
  readonly split: 'train' | 'validation' | 'test';
  readonly standing: Standing;
  readonly count: number;
  /** Only where whole weights were evaluated once. */
  readonly interval: Interval | undefined;
}

export function leadingFigure(
  run: RunRecord,
  metrics: readonly EpochMetrics[],
  evaluation: EvaluationRecord | undefined,
): Figure | undefined {
  if (evaluation) {
    const split = evaluation.split ?? (run.data.validation ? 'validation' : 'train');
    const { top1, count, interval } = evaluation;
    return { top1, split, standing: standing(run, metrics, split), count, interval };
  }
  const { validation, train } = run.data;
  const top1 = run.best?.top1 ?? metrics.findLast((m) => m.validation)?.validation?.top1;
  if (validation && top1 !== undefined) {
    const { count } = validation;
    const interval = wilsonInterval(Math.round(top1 * count), count);
    return {
      top1,
      split: 'validation',
      standing: standing(run, metrics, 'validation'),
      count,
      interval,
    };
  }
  const last = metrics.at(-1);
  if (!last) return undefined;
  // Summed over an epoch of changing weights: an interval would promise too much.
  const figure = { top1: last.train.top1, count: train.count, interval: undefined };
  return { ...figure, split: 'train', standing: 'seen' };
}

function standing(
  run: RunRecord,
  metrics: readonly EpochMetrics[],
  split: Figure['split'],
): Standing {
  if (split === 'test') return 'held-out';
  if (split === 'train' || run.data.merged) return 'seen';
  // Of a single epoch there was nothing to choose.
  return run.best && metrics.length > 1 ? 'chosen' : 'held-out';
}
