/**
 * Who is told of a run: the terminal, TensorBoard, MLflow. metrics.jsonl is none of them, since a run that goes on reads it
 * back.
 */

import type { EpochMetrics, RunRecord } from '../report/records.ts';
import type { RunListener, RunResult } from '../train/run.ts';

export interface RunReporter extends Partial<Pick<RunListener, 'onStep'>> {
  /** Once nothing refuses the run, before its first step. `epochs` are those from before it was resumed. */
  onBegin(record: RunRecord, epochs: readonly EpochMetrics[]): void | Promise<void>;
  onEpoch(metrics: EpochMetrics, best: boolean): void | Promise<void>;
  /** `record.status` says how it ended. There is no result where it failed. */
  onEnd(record: RunRecord, result: RunResult | undefined): void | Promise<void>;
}

/** All of them as one, told in this order. */
export function together(reporters: readonly RunReporter[]): RunReporter & RunListener {
  return {
    onBegin: async (record, epochs) => {
      for (const reporter of reporters) await reporter.onBegin(record, epochs);
    },
    onStep: (event) => {
      for (const reporter of reporters) reporter.onStep?.(event);
    },
    onEpoch: async (metrics, best) => {
      for (const reporter of reporters) await reporter.onEpoch(metrics, best);
    },
    onEnd: async (record, result) => {
      for (const reporter of reporters) await reporter.onEnd(record, result);
    },
  };
}
