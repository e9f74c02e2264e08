/** A Ray cluster of this machine: a head and further nodes, each a `ray start` with ports and CPUs of its own. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { exit } from '../../cli/io.ts';
import { root } from '../proofs/job.ts';

export const rayVersion = '2.60.0';

const venv = path.join(root, '.venv-ray');

/** Installs Ray from PyPI where it is missing. */
export function installRay(python: string): { readonly python: string } {
  const bin = path.join(venv, 'bin');
  const has = () =>
    spawnSync(path.join(bin, 'ray'), ['--version'], { encoding: 'utf8' }).stdout?.includes(
      rayVersion,
    );
  if (!existsSync(path.join(bin, 'ray')) || !has()) {
    process.stderr.write(`installing ray[default]==${rayVersion}\n`);
    must(python, ['-m', 'venv', venv]);
    must(path.join(bin, 'python'), ['-m', 'pip', 'install', '-q', `ray[default]==${rayVersion}`]);
  }
  const { stdout } = spawnSync(path.join(bin, 'python'), ['--version'], { encoding: 'utf8' });
  return { python: stdout.trim() };
}

function must(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}`);
}

export class Cluster {
  readonly dashboard: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #nodes: ChildProcess[] = [];

  private constructor(folder: string, port: number, dashboard: number) {
    this.#folder = folder;
    this.#port = port;
    this.dashboard = `127.0.0.1:${dashboard}`;
    // Its nodes are no children that would end with this process.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        this.stop();
        process.exit(exit.interrupted);
      });
    }
  }

  static start(folder: string, cpus: number): Promise<Cluster> {
    return again(async () => {
      const [port = 0, dashboard = 0, client = 0] = await freePorts(3);
      const cluster = new Cluster(folder, port, dashboard);
      const child = await cluster.#node('head', [
        ...['--head', `--port=${port}`, `--num-cpus=${cpus}`],
        ...[`--temp-dir=${path.join(folder, 'r')}`, `--ray-client-server-port=${client}`],
        ...['--dashboard-host=127.0.0.1', `--dashboard-port=${dashboard}`],
      ]);
      await eventually('the head', child, async () => (await cluster.alive()) === 1);
      return cluster;
    });
  }

  /** Gives the function that kills the node and all that runs on it, as a power cut would. */
  join(cpus: number): Promise<() => void> {
    return again(async () => {
      const before = await this.alive();
      const address = `--address=127.0.0.1:${this.#port}`;
      const name = `node-${this.#nodes.length}`;
      const child = await this.#node(name, [address, `--num-cpus=${cpus}`]);
      await eventually('another node', child, async () => (await this.alive()) > before);
      return () => killGroup(child);
    });
  }

  async alive(): Promise<number> {
    const response = await fetch(
      `http://${this.dashboard}/api/v0/nodes?filter_keys=state&filter_predicates=%3D&filter_values=ALIVE`,
    );
    const answer = (await response.json()) as { data?: { result?: { result?: unknown[] } } };
    return answer.data?.result?.result?.length ?? 0;
  }

  /** Of all jobs, by their names. */
  async jobs(): Promise<ReadonlyMap<string, string>> {
    const response = await fetch(`http://${this.dashboard}/api/jobs/`);
    const jobs = (await response.json()) as { submission_id: string; status: string }[];
    return new Map(jobs.map(({ submission_id: id, status }) => [id, status]));
  }

  stop(): void {
    for (const child of this.#nodes.reverse()) killGroup(child);
  }

  async #node(name: string, args: readonly string[]): Promise<ChildProcess> {
    mkdirSync(this.#folder, { recursive: true });
    const log = createWriteStream(path.join(this.#folder, `${name}.log`));
    const [a, b, c, d] = await freePorts(4);
    const child = spawn(
      path.join(venv, 'bin/ray'),
      [
        ...['start', '--block', '--disable-usage-stats', '--node-ip-address=127.0.0.1'],
        ...[`--dashboard-agent-listen-port=${a}`, `--dashboard-agent-grpc-port=${b}`],
        ...[`--runtime-env-agent-port=${c}`, `--metrics-export-port=${d}`],
        ...['--min-worker-port=0', '--max-worker-port=0', '--object-store-memory=80000000'],
        ...args,
      ],
      {
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, RAY_AUTH_MODE: 'disabled', RAY_worker_niceness: '0' },
      },
    );
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    this.#nodes.push(child);
    return child;
  }
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  process.kill(-pid, 'SIGKILL');
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Ray gives a node up that is not up within 30 s, which a busy machine may need. */
async function again<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 4; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}; again\n`);
    }
  }
}

/** Until it holds, or the process has ended; whatever goes wrong meanwhile is tried again. */
async function eventually(
  what: string,
  child: ChildProcess,
  holds: () => Promise<boolean>,
): Promise<void> {
  const until = performance.now() + 180_000;
  let last: unknown;
  while (performance.now() < until && child.exitCode === null && child.signalCode === null) {
    try {
      if (await holds()) return;
    } catch (error) {
      last = error;
    }
    await wait(500);
  }
  killGroup(child);
  throw new Error(`${what} does not come up`, { cause: last });
}
