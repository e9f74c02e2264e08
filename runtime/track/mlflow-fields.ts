/** What MLflow is told of a run: its recipe as parameters, what it is as tags, its figures as metrics. */

import type { EpochMetrics, RunRecord, RunStatus } from '../report/records.ts';
import {
  type MlflowMetric,
  type MlflowPair,
  type MlflowStatus,
  mlflowLimits,
} from './mlflow-client.ts';
import { scalarsOf } from './scalars.ts';

export const statuses: Readonly<Record<RunStatus, MlflowStatus>> = {
  running: 'RUNNING',
  finished: 'FINISHED',
  stopped: 'FINISHED',
  interrupted: 'KILLED',
  failed: 'FAILED',
};

/** Time is that spent training, as in metrics.jsonl: whatever is sent twice is then the same. */
export function metricsOf(metrics: EpochMetrics, startTime: number): readonly MlflowMetric[] {
  const timestamp = Math.round(startTime + metrics.seconds * 1000);
  return scalarsOf(metrics).map(([key, value]) => ({ key, value, timestamp, step: metrics.epoch }));
}

/** The recipe, flattened: `optimizer.learningRate`. What is not set is left out. */
export function paramsOf({ recipe }: RunRecord): readonly MlflowPair[] {
  return flat('', recipe).map(([key, value]) => ({ key, value: cut(value) }));
}

function flat(prefix: string, value: object): readonly (readonly [string, string])[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    if (inner === undefined || inner === null) return [];
    if (typeof inner === 'object' && !Array.isArray(inner)) return flat(key, inner);
    return [[key, typeof inner === 'string' ? inner : JSON.stringify(inner)] as const];
  });
}

function cut(text: string): string {
  const { paramLength } = mlflowLimits;
  return text.length <= paramLength ? text : `${text.slice(0, paramLength - 3)}...`;
}

export function tagsOf(record: RunRecord): readonly MlflowPair[] {
  const { counts, file } = record.architecture;
  const { validation } = record.data;
  const tags: Readonly<Record<string, string | number | undefined>> = {
    'mlflow.source.name': 'netlathe',
    'netlathe.version': record.netlathe,
    'netlathe.architecture': record.name,
    'netlathe.file': file,
    'netlathe.parameters': counts.params.trainable,
    'netlathe.engine': record.engine,
    'netlathe.numerics': record.numerics,
    'netlathe.seed': record.seed,
    'netlathe.classes': record.classes.length,
    'netlathe.photos.train': record.data.train.count,
    'netlathe.photos.validation': validation?.count ?? 0,
    'netlathe.photos.fingerprint': record.data.fingerprint,
    'netlathe.teacher': record.teacher?.name,
    'netlathe.gpu': record.gpu,
    'netlathe.cpu': record.cpu,
    'netlathe.node': record.node,
  };
  return Object.entries(tags).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: cut(String(value)) }],
  );
}
