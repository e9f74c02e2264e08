/** Where the figures of a run go beside its folder, as flags choose it. */

import type { Notices } from '../runtime/track/mlflow.ts';
import type { MlflowServer } from '../runtime/track/mlflow-client.ts';
import type { RunReporter } from '../runtime/track/reporter.ts';
import { runFiles } from '../runtime/train/run-folder.ts';
import { type Io, UsageError } from './io.ts';

export interface TrackingOptions {
  readonly tensorboard?: boolean;
  readonly mlflow?: string;
  readonly mlflowExperiment?: string;
}

export const trackingFlags = {
  tensorboard: ['--tensorboard', 'also write a TensorBoard event file'],
  mlflow: ['--mlflow <url>', 'also send figures to this MLflow server'],
  mlflowExperiment: ['--mlflow-experiment <name>', 'experiment in MLflow (default: netlathe)'],
} as const;

/** Small, and what people look for; the figures themselves are sent as such. */
const artifacts = [
  runFiles.architecture,
  runFiles.record,
  runFiles.evaluation,
  runFiles.report,
  runFiles.best,
];

/** Refuses what cannot be meant, before anything has begun. */
export function checkTracking(io: Pick<Io, 'env'>, options: TrackingOptions): void {
  mlflowServer(io, options);
}

export async function trackersOf(
  io: Pick<Io, 'env'>,
  options: TrackingOptions,
  run: { readonly folder: string; readonly resumed: boolean; readonly notices: Notices },
): Promise<readonly RunReporter[]> {
  const trackers: RunReporter[] = [];
  if (options.tensorboard) {
    const { TensorboardReporter } = await import('../runtime/track/tensorboard.ts');
    trackers.push(new TensorboardReporter(run.folder, run.resumed));
  }
  const server = mlflowServer(io, options);
  if (server) {
    const { MlflowReporter } = await import('../runtime/track/mlflow.ts');
    const experiment = options.mlflowExperiment ?? 'netlathe';
    trackers.push(new MlflowReporter({ ...run, server, experiment, artifacts }));
  }
  return trackers;
}

function mlflowServer(
  { env }: Pick<Io, 'env'>,
  { mlflow, mlflowExperiment }: TrackingOptions,
): MlflowServer | undefined {
  if (mlflow === undefined) {
    if (mlflowExperiment === undefined) return undefined;
    throw new UsageError('--mlflow-experiment goes with --mlflow', 'name the server: --mlflow URL');
  }
  if (mlflowExperiment?.trim() === '') throw new UsageError('--mlflow-experiment has no name');
  const url = URL.canParse(mlflow) ? new URL(mlflow) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError(
      `--mlflow takes the address of a server, not "${mlflow}"`,
      'such as http://localhost:5000',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(
      '--mlflow takes no password, which others could read in the list of processes',
      'set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN',
    );
  }
  const base = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  return { url: base, authorization: authorization(env) };
}

/** By the variables that MLflow's own client reads. */
function authorization(env: Io['env']): string | undefined {
  const { MLFLOW_TRACKING_TOKEN: token, MLFLOW_TRACKING_USERNAME: user } = env;
  if (token) return `Bearer ${token}`;
  if (!user) return undefined;
  const pair = `${user}:${env.MLFLOW_TRACKING_PASSWORD ?? ''}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}
