/**
 * Ray's Jobs REST interface, as far as trials need it: submit, look, read the log, stop. Written against Ray 2.60
 * (interface version 4); it has been stable since 2.0.
 */

import { SuiteError } from '../suite/suite-error.ts';
import { type Answer, ask } from './http.ts';

export type JobStatus = 'PENDING' | 'RUNNING' | 'STOPPED' | 'SUCCEEDED' | 'FAILED';

export interface JobInfo {
  readonly status: JobStatus;
  readonly entrypoint: string;
  readonly message: string;
  /** Ray's name for what went wrong, such as `JOB_SUPERVISOR_ACTOR_DIED`. */
  readonly errorType: string | undefined;
  /** `undefined` where the command did not come to its end: its node was lost. Negative: killed by that signal. */
  readonly exitCode: number | undefined;
}

export interface JobRequest {
  readonly id: string;
  /** A line for the shell of a node. */
  readonly entrypoint: string;
  /** CPUs that are kept for it on one node. */
  readonly cpus: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface RayOptions {
  /** Where the cluster asks for one (RAY_AUTH_MODE=token). */
  readonly token?: string | undefined;
}

/** Milliseconds for one answer. */
const timeout = 30_000;

export class RayJobs {
  readonly #base: URL;
  readonly #token: string | undefined;

  constructor(base: URL, { token }: RayOptions = {}) {
    this.#base = base;
    this.#token = token;
  }

  get address(): string {
    return this.#base.href.replace(/\/$/, '');
  }

  /** Of Ray, such as `2.60.0`. */
  async version(): Promise<string> {
    const { ray_version: version } = await this.#json('GET', 'api/version');
    if (typeof version === 'string') return version;
    throw this.#strange('it names no version of Ray');
  }

  /** Submitting an id again does nothing: where an answer was lost, ask again with the same. */
  async submit({ id, entrypoint, cpus, metadata }: JobRequest): Promise<void> {
    const body = { submission_id: id, entrypoint, entrypoint_num_cpus: cpus, metadata };
    const answer = await this.#ask('POST', 'api/jobs/', body);
    if (!answer.ok && !/already exists/.test(answer.text)) throw this.#refused(answer);
  }

  /** `undefined` where the cluster knows no such job: its head may have been started anew. */
  async info(id: string): Promise<JobInfo | undefined> {
    const answer = await this.#ask('GET', `api/jobs/${encodeURIComponent(id)}`);
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw this.#refused(answer);
    return this.#infoOf(this.#parsed(answer.text));
  }

  /** From its beginning; `undefined` where it cannot be had, which is so for good once its node is lost. */
  async log(id: string): Promise<string | undefined> {
    const answer = await this.#ask('GET', `api/jobs/${encodeURIComponent(id)}/logs`);
    if (answer.status === 404 || answer.status >= 500) return undefined;
    if (!answer.ok) throw this.#refused(answer);
    const { logs } = this.#parsed(answer.text);
    return typeof logs === 'string' ? logs : undefined;
  }

  /**
   * Asks the command to stop; after Ray's grace (3 s unless RAY_JOB_STOP_WAIT_TIME_S says more) it is killed. A job that
   * still waits for CPUs stays PENDING, and ends once it gets them.
   */
  async stop(id: string): Promise<void> {
    const answer = await this.#ask('POST', `api/jobs/${encodeURIComponent(id)}/stop`);
    if (!answer.ok && answer.status !== 404) throw this.#refused(answer);
  }

  #infoOf(value: Readonly<Record<string, unknown>>): JobInfo {
    const { status, entrypoint, message, error_type: errorType, driver_exit_code: code } = value;
    if (!isStatus(status)) throw this.#strange(`a job has the status ${JSON.stringify(status)}`);
    return {
      status,
      entrypoint: typeof entrypoint === 'string' ? entrypoint : '',
      message: typeof message === 'string' ? message : '',
      errorType: typeof errorType === 'string' ? errorType : undefined,
      exitCode: typeof code === 'number' ? code : undefined,
    };
  }

  async #json(method: 'GET' | 'POST', path: string): Promise<Readonly<Record<string, unknown>>> {
    const answer = await this.#ask(method, path);
    if (!answer.ok) throw this.#refused(answer);
    return this.#parsed(answer.text);
  }

  async #ask(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
    const headers: Record<string, string> =
      this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
    try {
      return await ask(new URL(path, this.#base), { method, body, headers, timeout });
    } catch (error) {
      throw new RayError({
        code: 'E954',
        message: `the Ray cluster at ${this.address} does not answer: ${causeOf(error)}`,
        hint: "is this the address of its dashboard, and may this machine connect to it? 'ray start --head --dashboard-host 0.0.0.0' opens it",
        cause: error,
      });
    }
  }

  #parsed(text: string): Readonly<Record<string, unknown>> {
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
    } catch {
      // Told below: a page of some other server.
    }
    throw this.#strange(`"${clipped(text)}"`);
  }

  #strange(what: string): RayError {
    return new RayError({
      code: 'E954',
      message: `${this.address} does not answer as Ray's dashboard does: ${what}`,
      hint: 'give the address of the dashboard, by default port 8265 of the head node',
      permanent: true,
    });
  }

  #refused({ status, text }: Answer): RayError {
    const denied = status === 401 || status === 403;
    return new RayError({
      code: 'E954',
      message: `the Ray cluster at ${this.address} answers ${status}: ${clipped(lastLine(text))}`,
      hint: denied
        ? 'set RAY_AUTH_TOKEN to the token of the cluster'
        : 'the logs of the dashboard tell more',
      permanent: status < 500,
    });
  }
}

/** `permanent`: asking again will not help. */
export class RayError extends SuiteError {
  readonly permanent: boolean;

  constructor({
    permanent = false,
    ...details
  }: ConstructorParameters<typeof SuiteError>[0] & { readonly permanent?: boolean }) {
    super(details);
    this.permanent = permanent;
  }
}

const statuses: ReadonlySet<unknown> = new Set<JobStatus>([
  ...(['PENDING', 'RUNNING', 'STOPPED', 'SUCCEEDED', 'FAILED'] as const),
]);

const isStatus = (value: unknown): value is JobStatus => statuses.has(value);

/** Of a Python traceback, what it is about. */
const lastLine = (text: string): string =>
  text
    .trim()
    .split('\n')
    .findLast((line) => /\w/.test(line)) ?? '';

const clipped = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}...` : text);

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A timeout comes as an AbortError; of several addresses that were tried, Node gives all errors and no message.
  if (error.name === 'AbortError') return `no answer within ${timeout / 1000} s`;
  if (error instanceof AggregateError && error.errors[0] instanceof Error) {
    return error.errors[0].message;
  }
  return error.message;
}

/** One word for the shell of a node, whatever is in it. */
export const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
