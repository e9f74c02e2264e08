/**
 * `npm run prove:tracking`: real MLflow and TensorBoard, from PyPI in a virtual environment of the repository, are fed by
 * `netlathe train` and read by their own clients; every number must be that of metrics.jsonl. A run is stopped by Ctrl-C
 * and resumed; another trains while the server is down. Written to docs/results/tracking.md. `--python FILE` is the
 * interpreter that makes the environment (python3; 3.10 or newer).
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { recordOf } from '../bench/shared/record.ts';
import type { EpochMetrics } from '../runtime/report/records.ts';
import { scalarsOf } from '../runtime/track/scalars.ts';
import { makeJob, programOf, root, trainArguments } from './proofs/job.ts';
import { yamlOf } from './webgpu/networks.ts';

const { values } = parseArgs({ options: { python: { type: 'string', default: 'python3' } } });

const experiment = 'netlathe proof';
const layers = `- { op: conv2d, kernel: 3, filters: 8, padding: same, bias: false }
- batchNorm
- relu
- { op: dropout, rate: 0.1 }
- globalAvgPool
- { op: dense, units: classes }`;
const say = (line: string) => void process.stderr.write(`${line}\n`);
const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-tracking-'));
const at = (...names: readonly string[]) => path.join(folder, ...names);

function must(condition: boolean, text: string): void {
  if (!condition) throw new Error(text);
}

function environment(): string {
  const venv = path.join(root, '.venv-tracking');
  const requirements = path.join(import.meta.dirname, 'tracking/requirements.txt');
  const [stamp, python] = [path.join(venv, 'requirements.txt'), path.join(venv, 'bin/python')];
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  say(`installing ${wanted.trim().replaceAll('\n', ', ')}`);
  const run = (command: string, args: readonly string[]) => {
    const { status } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
    must(status === 0, `${command} ${args.join(' ')}: ${status}`);
  };
  if (!existsSync(python)) run(values.python, ['-m', 'venv', venv]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
  writeFileSync(stamp, wanted);
  return python;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function startServer(python: string, port: number): Promise<ChildProcess> {
  const store = ['--backend-store-uri', 'sqlite:///mlflow.db', '--artifacts-destination', 'files'];
  const address = ['--host', '127.0.0.1', '--port', String(port), '--workers', '1'];
  // A group of its own: the server starts workers, which must end with it.
  const child = spawn(python, ['-m', 'mlflow', 'server', ...address, ...store], {
    ...{ cwd: folder, detached: true, stdio: 'ignore' },
    env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: 'true' },
  });
  for (let tries = 0; tries < 300; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    if (answer?.ok) return child;
    must(child.exitCode === null, `mlflow server ended with ${child.exitCode}`);
    await wait(1000);
  }
  throw new Error('mlflow server does not start');
}

async function stopServer(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-(child.pid as number), 'SIGKILL');
  await gone;
}

/** `stopAfter`: Ctrl-C once that epoch was told of. */
function netlathe(args: readonly string[], stopAfter = 0) {
  return new Promise<{ code: number | null; out: string; seconds: number }>((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, [...programOf(true), ...args], { cwd: root });
    let out = '';
    let pressed = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        const epochs = out.split('"event":"epoch"').length - 1;
        if (pressed || stopAfter === 0 || epochs < stopAfter) return;
        pressed = true;
        child.kill('SIGINT');
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, out, seconds: (performance.now() - began) / 1000 });
    });
  });
}

type Curve = readonly (readonly [step: number, value: number])[];
type Curves = Readonly<Record<string, Curve>>;

interface Read {
  readonly runs: readonly {
    readonly name: string;
    readonly status: string;
    readonly ended: boolean;
    readonly params: Readonly<Record<string, string>>;
    readonly tags: Readonly<Record<string, string>>;
    readonly metrics: Curves;
    readonly artifacts: readonly string[];
  }[];
  readonly boards: Readonly<Record<string, Curves>>;
}

function read(python: string, url: string): Read {
  const script = path.join(import.meta.dirname, 'tracking/read.py');
  const { status, stdout, stderr } = spawnSync(python, [script, url, experiment, at('runs')], {
    encoding: 'utf8',
  });
  must(status === 0, `read.py: ${stderr}`);
  return JSON.parse(stdout) as Read;
}

function logged(name: string): readonly EpochMetrics[] {
  const lines = readFileSync(at('runs', name, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as EpochMetrics);
}

/** How many numbers agree; all must. `round`: what the tool keeps of a number. */
function compare(what: string, name: string, curves: Curves, round: (x: number) => number): number {
  let count = 0;
  const seen = new Map(Object.entries(curves).map(([key, curve]) => [key, [...curve]]));
  for (const metrics of logged(name)) {
    for (const [key, value] of scalarsOf(metrics)) {
      const point = seen.get(key)?.shift();
      const same = point?.[0] === metrics.epoch && point[1] === round(value);
      must(same, `${what}, ${name}, ${key}, epoch ${metrics.epoch}: ${point} is not ${value}`);
      count++;
    }
  }
  seen.delete('accuracy/best');
  for (const [key, rest] of seen) must(rest.length === 0, `${what}, ${name}: more of ${key}`);
  return count;
}

const runIn = ({ runs }: Read, name: string) => {
  const named = runs.filter((run) => run.name === name);
  must(named.length === 1, `${named.length} runs in MLflow are called ${name}`);
  return named[0] as Read['runs'][number];
};

async function prove(python: string, url: string, port: number): Promise<readonly string[]> {
  mkdirSync(at('job'));
  const job = await makeJob(at('job'), yamlOf(layers), { training: 30, validation: 12, side: 20 });
  const flags = ['--epochs', '6', '--batch', '10', '--tensorboard'];
  const tracked = ['--mlflow', url, '--mlflow-experiment', experiment];
  const args = (name: string, ...more: readonly string[]) =>
    trainArguments(job, at('runs', name), [...flags, ...tracked, ...more]);
  let server = await startServer(python, port);
  try {
    const straight = await netlathe(args('straight'));
    must(straight.code === 0, straight.out);
    const cut = await netlathe(args('resumed'), 2);
    must(cut.code === 130, `Ctrl-C: ${cut.code}\n${cut.out}`);
    must(runIn(read(python, url), 'resumed').status === 'KILLED', 'Ctrl-C is not KILLED');
    must((await netlathe(args('resumed', '--resume'))).code === 0, 'it does not go on');
    await stopServer(server);
    const alone = await netlathe(args('offline'));
    must(alone.code === 0 && alone.out.includes('"event":"warning"'), alone.out);
    server = await startServer(python, port);
    const sent = await netlathe(args('offline', '--resume'));
    must(sent.code === 0 && !sent.out.includes('"event":"warning"'), sent.out);
    return judge(read(python, url), alone.seconds, straight.seconds);
  } finally {
    await stopServer(server);
  }
}

function judge(seen: Read, offline: number, online: number): readonly string[] {
  const lines = ['straight', 'resumed', 'offline'].map((name) => {
    const run = runIn(seen, name);
    must(run.status === 'FINISHED' && run.ended, `${name} is ${run.status}`);
    must(run.params['optimizer.name'] === 'adamw', 'the recipe is not there');
    must(run.tags['netlathe.seed'] === '0', 'the tags are not there');
    for (const file of ['architecture.yaml', 'report.html', 'run.json', 'weights.safetensors']) {
      must(run.artifacts.includes(file), `${name}: ${file} is not there`);
    }
    const mlflow = compare('MLflow', name, run.metrics, (x) => x);
    const board = compare('TensorBoard', name, seen.boards[name] ?? {}, Math.fround);
    return `| ${name} | ${logged(name).length} | ${mlflow} | ${board} | ${Object.keys(run.params).length} | ${run.artifacts.length} |`;
  });
  say(`${online.toFixed(1)} s with the server, ${offline.toFixed(1)} s without`);
  return lines;
}

const began = performance.now();
const python = environment();
const port = await freePort();
const rows = await prove(python, `http://127.0.0.1:${port}`, port);
const versions = readFileSync(path.join(import.meta.dirname, 'tracking/requirements.txt'), 'utf8');
const note = `${versions.trim().replaceAll('==', ' ').replaceAll('\n', ', ')}, seed 0. Each run is read back by MLflow's own client and by TensorBoard's
EventAccumulator. Every number is that of metrics.jsonl: to the last bit in MLflow, to the nearest 32-bit float, which is
what an event file holds, in TensorBoard; and no number is there twice.`;
const table = [
  '| run | epochs | numbers in MLflow | numbers in TensorBoard | parameters | files in MLflow |',
  '| --- | --- | --- | --- | --- | --- |',
  ...rows,
  '',
  '- **straight** ran through.',
  '- **resumed** got Ctrl-C in its third epoch, was KILLED in MLflow then, and went on with `--resume` in the same MLflow run.',
  '- **offline** trained while the server was down, ended with exit code 0 and a warning, and was sent by `--resume` later.',
  '',
];
const head = { title: 'Runs in MLflow and TensorBoard', script: 'prove:tracking', note };
const text = recordOf(head, table, process.argv.slice(2));
writeFileSync(path.join(root, 'docs/results/tracking.md'), text);
rmSync(folder, { recursive: true });
say(`all hold, after ${((performance.now() - began) / 60_000).toFixed(1)} minutes`);
