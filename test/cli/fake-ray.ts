/** A stand-in for the dashboard of a Ray cluster: real HTTP, jobs that are real shells, and whatever may go wrong. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeJob {
  readonly id: string;
  readonly entrypoint: string;
  readonly cpus: number;
  status: string;
  message: string;
  errorType: string | null;
  exitCode: number | null;
  log: string;
  stopping: boolean;
  child: ChildProcess | undefined;
}

export interface FakeOptions {
  /** Jobs that run at a time; the others are PENDING, as on a cluster without free CPUs. */
  readonly slots?: number;
  readonly token?: string;
  /** Answers this in place of the dashboard's answer; `drop` closes the connection without one. */
  readonly fault?: (method: string, path: string) => number | 'drop' | undefined;
}

export class FakeRay {
  readonly jobs: FakeJob[] = [];
  readonly #server: Server;
  readonly #options: FakeOptions;

  private constructor(options: FakeOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(options: FakeOptions = {}): Promise<FakeRay> {
    const fake = new FakeRay(options);
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get address(): string {
    return `ray://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Without the job that checks the nodes. */
  get trials(): readonly FakeJob[] {
    return this.jobs.filter(({ id }) => !id.startsWith('netlathe-check-'));
  }

  /** A node is lost: its processes are killed, and their exit codes never known. */
  lose(job: FakeJob): void {
    Object.assign(job, {
      status: 'FAILED',
      errorType: 'JOB_SUPERVISOR_ACTOR_DIED',
      message: 'Job supervisor actor died: The actor died because its node has died.',
      log: '',
    });
    signal(job, 'SIGKILL');
    this.#schedule();
  }

  async close(): Promise<void> {
    for (const job of this.jobs) signal(job, 'SIGKILL');
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    let body = '';
    for await (const part of request) body += String(part);
    const fault = this.#options.fault?.(method, url);
    if (fault === 'drop') return void request.socket.destroy();
    const { token } = this.#options;
    // As Ray does: a POST that looks like a browser's is refused.
    if (method === 'POST' && 'sec-fetch-mode' in headers) return reply(response, 405, 'browser');
    if (token !== undefined && headers.authorization !== `Bearer ${token}`) {
      return reply(response, 401, 'Unauthorized: Missing authentication token');
    }
    if (fault !== undefined) return reply(response, fault, 'Traceback:\nTimeoutError: busy');
    if (url === '/api/version')
      return reply(response, 200, { version: '4', ray_version: '2.60.0' });
    if (url === '/api/jobs/' && method === 'POST') return this.#submit(response, JSON.parse(body));
    const [, id = '', what] = /^\/api\/jobs\/([^/]+)(?:\/(\w+))?$/.exec(url) ?? [];
    const job = this.jobs.find((known) => known.id === decodeURIComponent(id));
    if (!job) return reply(response, 404, `Job ${id} does not exist`);
    if (what === 'stop') return this.#stop(response, job);
    if (what === 'logs') {
      return job.errorType === 'JOB_SUPERVISOR_ACTOR_DIED'
        ? reply(response, 500, 'ClientConnectorError: Cannot connect to host')
        : reply(response, 200, { logs: job.log });
    }
    const { status, entrypoint, message, errorType, exitCode } = job;
    const error = { error_type: errorType, driver_exit_code: exitCode };
    reply(response, 200, { status, entrypoint, message, ...error, submission_id: job.id });
  }

  #submit(response: ServerResponse, body: Readonly<Record<string, unknown>>): void {
    const { submission_id: id, entrypoint, entrypoint_num_cpus: cpus } = body;
    if (this.jobs.some((job) => job.id === id)) {
      reply(response, 500, `ValueError: Job with submission_id ${id} already exists.`);
      return;
    }
    this.jobs.push({
      ...{ id: String(id), entrypoint: String(entrypoint), cpus: Number(cpus) },
      ...{ status: 'PENDING', message: 'Job has not started yet.', errorType: null },
      ...{ exitCode: null, log: '', stopping: false, child: undefined },
    });
    this.#schedule();
    reply(response, 200, { job_id: id, submission_id: id });
  }

  #stop(response: ServerResponse, job: FakeJob): void {
    // As in Ray 2.60: what waits stays PENDING.
    job.stopping = true;
    signal(job, 'SIGTERM');
    reply(response, 200, { stopped: true });
  }

  #schedule(): void {
    const running = this.jobs.filter(({ status }) => status === 'RUNNING').length;
    const next = this.jobs.find(({ status }) => status === 'PENDING');
    if (!next || running >= (this.#options.slots ?? 2)) return;
    next.status = 'RUNNING';
    const child = spawn('/bin/sh', ['-c', next.entrypoint], { detached: true });
    next.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        next.log += text;
      });
    }
    child.once('close', (code, killedBy) => {
      if (next.status === 'RUNNING') {
        next.exitCode = killedBy ? -9 : code;
        next.status = next.stopping ? 'STOPPED' : code === 0 ? 'SUCCEEDED' : 'FAILED';
        if (next.status === 'FAILED') next.message = `Job entrypoint command failed with ${code}`;
      }
      this.#schedule();
    });
    this.#schedule();
  }
}

/** To all processes of a job that runs. */
export function signal({ child }: FakeJob, name: NodeJS.Signals): void {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, name);
}

function reply(response: ServerResponse, status: number, value: object | string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof value === 'string' ? value : JSON.stringify(value));
}
