/**
 * The part of MLflow's REST interface (version 2.0) that tracking needs:
 * https://mlflow.org/docs/latest/rest-api.html
 */

import { reasonOf } from '../runtime-error.ts';

export interface MlflowServer {
  /** Without a slash at its end. */
  readonly url: string;
  /** The header of that name. */
  readonly authorization?: string | undefined;
  /** Seconds that a request may take; more where the event loop is busy. 20 if left out. */
  readonly patience?: number;
}

export interface MlflowRun {
  readonly runId: string;
  readonly artifactUri: string;
}

export interface MlflowMetric {
  readonly key: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

export interface MlflowPair {
  readonly key: string;
  readonly value: string;
}

export type MlflowStatus = 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED';

/** What one log-batch request may hold. */
export const mlflowLimits = { metrics: 1000, params: 100, tags: 100, paramLength: 500 } as const;

/** Why something was not sent. */
export class MlflowError extends Error {
  /** Whether the server said no, so that asking again is of no use; otherwise it may be back later. */
  readonly refused: boolean;
  /** MLflow's own, such as RESOURCE_DOES_NOT_EXIST. */
  readonly code: string | undefined;

  constructor(message: string, refused: boolean, code?: string) {
    super(message);
    this.name = 'MlflowError';
    this.refused = refused;
    this.code = code;
  }
}

type Json = Readonly<Record<string, unknown>>;

interface Request {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly json?: Json;
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

export class MlflowClient {
  readonly #server: MlflowServer;
  readonly #signal: AbortSignal;

  /** `signal` ends all requests. */
  constructor(server: MlflowServer, signal: AbortSignal) {
    this.#server = server;
    this.#signal = signal;
  }

  /** Its id; made where there is none of that name. */
  async experiment(name: string): Promise<string> {
    const found = await this.#experimentNamed(name);
    if (found !== undefined) return found;
    try {
      const made = await this.#post('experiments/create', { name });
      return textIn(made, 'experiment_id');
    } catch (error) {
      // Another trial was quicker.
      if (!(error instanceof MlflowError) || error.code !== 'RESOURCE_ALREADY_EXISTS') throw error;
      const other = await this.#experimentNamed(name);
      if (other === undefined) throw error;
      return other;
    }
  }

  async #experimentNamed(name: string): Promise<string | undefined> {
    const query = `experiment_name=${encodeURIComponent(name)}`;
    try {
      const { experiment } = await this.#json({
        method: 'GET',
        path: `api/2.0/mlflow/experiments/get-by-name?${query}`,
      });
      return textIn(experiment, 'experiment_id');
    } catch (error) {
      if (error instanceof MlflowError && error.code === 'RESOURCE_DOES_NOT_EXIST')
        return undefined;
      throw error;
    }
  }

  async createRun(run: {
    readonly experiment: string;
    readonly name: string;
    readonly startTime: number;
    readonly tags: readonly MlflowPair[];
  }): Promise<MlflowRun> {
    const made = await this.#post('runs/create', {
      experiment_id: run.experiment,
      run_name: run.name,
      start_time: run.startTime,
      tags: run.tags,
    });
    return runIn(made.run);
  }

  /** The run of an experiment that has a tag of this value. */
  async findRun(experiment: string, tag: MlflowPair): Promise<MlflowRun | undefined> {
    const { runs } = await this.#post('runs/search', {
      experiment_ids: [experiment],
      filter: `tags.\`${tag.key}\` = '${tag.value}'`,
      max_results: 1,
    });
    return Array.isArray(runs) && runs.length > 0 ? runIn(runs[0]) : undefined;
  }

  async log(
    runId: string,
    {
      metrics = [],
      params = [],
    }: {
      readonly metrics?: readonly MlflowMetric[];
      readonly params?: readonly MlflowPair[];
    },
  ): Promise<void> {
    await this.#post('runs/log-batch', { run_id: runId, metrics, params });
  }

  async setStatus(runId: string, status: MlflowStatus, endTime?: number): Promise<void> {
    const end = endTime === undefined ? {} : { end_time: endTime };
    await this.#post('runs/update', { run_id: runId, status, ...end });
  }

  /** False where the server does not take files itself but keeps them somewhere only its own clients reach. */
  async upload(
    { artifactUri }: MlflowRun,
    name: string,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<boolean> {
    const proxied = /^mlflow-artifacts:(?:\/|\/\/\/)(?<path>[^/].*)$/.exec(artifactUri)?.groups
      ?.path;
    if (proxied === undefined) return false;
    const file = [...proxied.split('/'), name].map(encodeURIComponent).join('/');
    await this.#text({ method: 'PUT', path: `api/2.0/mlflow-artifacts/artifacts/${file}`, bytes });
    return true;
  }

  #post(endpoint: string, json: Json): Promise<Json> {
    return this.#json({ method: 'POST', path: `api/2.0/mlflow/${endpoint}`, json });
  }

  async #json(request: Request): Promise<Json> {
    const parsed = parse(await this.#text(request));
    if (parsed) return parsed;
    throw new MlflowError('it does not answer as MLflow does', true);
  }

  async #text({ method, path, json, bytes }: Request): Promise<string> {
    const { url, authorization, patience = 20 } = this.#server;
    const limit = patientSignal(patience, this.#signal);
    try {
      const response = await fetch(`${url}/${path}`, {
        method,
        headers: {
          ...(authorization === undefined ? {} : { authorization }),
          ...(bytes ? { 'content-type': 'application/octet-stream' } : {}),
          ...(json ? { 'content-type': 'application/json' } : {}),
        },
        ...(json ? { body: JSON.stringify(json) } : bytes ? { body: bytes } : {}),
        signal: limit.signal,
      });
      const text = await response.text();
      if (response.ok) return text;
      throw failure(response.status, text);
    } catch (error) {
      if (error instanceof MlflowError) throw error;
      if (limit.expired()) throw new MlflowError(`no answer within ${patience} s`, false);
      throw new MlflowError(networkReason(error), false);
    } finally {
      limit.clear();
    }
  }
}

/** Busy, restarting or overloaded: worth another try. */
const passing = [408, 425, 429];

function failure(status: number, text: string): MlflowError {
  const body = parse(text);
  const code = typeof body?.error_code === 'string' ? body.error_code : undefined;
  const said = typeof body?.message === 'string' ? body.message.split('\n')[0] : undefined;
  const refused = status < 500 && !passing.includes(status);
  return new MlflowError(said ? `${said} (${status})` : `it answers with ${status}`, refused, code);
}

/** Of a failed fetch: what the system says, such as ECONNREFUSED, stands in the cause. */
function networkReason(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  // Where a name has several addresses, each has a reason of its own.
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  return reasonOf(first) || 'the connection failed';
}

/**
 * Ends a request after so many ticks of a second. Between two looks at the network a training step may take longer than
 * any sensible limit; then the ticks are as long as the steps.
 */
function patientSignal(ticks: number, outer: AbortSignal) {
  const controller = new AbortController();
  let left = Math.ceil(ticks);
  const timer = setInterval(
    () => {
      left--;
      if (left <= 0) controller.abort();
    },
    1000 * (ticks / Math.ceil(ticks)),
  );
  const end = () => controller.abort();
  if (outer.aborted) end();
  outer.addEventListener('abort', end, { once: true });
  return {
    signal: controller.signal,
    expired: () => left <= 0,
    clear: () => {
      clearInterval(timer);
      outer.removeEventListener('abort', end);
    },
  };
}

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textIn(value: unknown, key: string): string {
  const text = isMap(value) ? value[key] : undefined;
  if (typeof text === 'string') return text;
  throw new MlflowError(`its answer has no ${key}`, true);
}

function runIn(value: unknown): MlflowRun {
  const info = isMap(value) ? value.info : undefined;
  return { runId: textIn(info, 'run_id'), artifactUri: textIn(info, 'artifact_uri') };
}
