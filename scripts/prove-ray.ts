/**
 * `npm run prove:ray -- --python python3`: the smoke suite on a real Ray cluster of two nodes on this machine. One node is
 * killed half-way; the suite is stopped by Ctrl-C and goes on; it is killed while its jobs run and goes on; then a search.
 * Each time all weights and figures must be those of one run without a cluster. Writes docs/results/ray.md with --record.
 */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { recordOf } from '../bench/shared/record.ts';
import type { Comparison } from '../runtime/compare/comparison.ts';
import { quoted } from '../runtime/ray/jobs.ts';
import type { SweepRecord } from '../runtime/sweep/records.ts';
import { launch, programOf, root, temporaries, weightHashes } from './proofs/job.ts';
import { Cluster, installRay, rayVersion } from './ray/cluster.ts';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    suite: { type: 'string', default: 'suites/smoke.yaml' },
    /** Networks of it, where all would take too long. */
    only: { type: 'string', multiple: true, default: [] },
    record: { type: 'boolean', default: false },
  },
});

const folder = mkdtempSync(path.join(tmpdir(), 'nl-ray-'));
const program = programOf(false);
const lines: string[] = [];
let failures = 0;
/** Trials of the suite. */
let total = 0;

function say(what: string, holds: boolean, detail: string): void {
  if (!holds) failures++;
  const line = `${holds ? 'ok  ' : 'FAIL'} ${what}: ${detail}`;
  lines.push(line);
  process.stdout.write(`${line}\n`);
}

const trialArguments = (out: string) => [
  ...['--out', path.join(folder, out), '--threads', '1'],
  ...['--cache', path.join(folder, 'cache'), '--json'],
];

const compareArguments = (out: string, more: readonly string[]) => [
  ...['compare', values.suite, ...trialArguments(out)],
  ...values.only.flatMap((network) => ['--only', network]),
  ...more,
];

const sweepArguments = (out: string, more: readonly string[]) => [
  ...['sweep', 'suites/smoke-sweep.yaml', ...trialArguments(out), ...more],
];

function clusterFlags(cluster: Cluster): readonly string[] {
  const command = [process.execPath, ...program].map(quoted).join(' ');
  return ['--on', `ray://${cluster.dashboard}`, '--node-command', command];
}

const onCluster = (cluster: Cluster, out: string, more: readonly string[] = []) =>
  launch(program, compareArguments(out, [...clusterFlags(cluster), ...more]));

/** Folders of trials that have begun. */
function trialsIn(out: string): readonly string[] {
  const runs = path.join(folder, out, 'runs');
  if (!existsSync(runs)) return [];
  return readdirSync(runs).flatMap((network) =>
    readdirSync(path.join(runs, network), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.join(runs, network, entry.name)),
  );
}

const finishedIn = (out: string) =>
  trialsIn(out).filter((run) => existsSync(path.join(run, 'model/model.json')));
const epochsIn = (out: string) =>
  trialsIn(out).filter((run) => existsSync(path.join(run, 'metrics.jsonl')));

function hashesOf(out: string): string {
  const base = path.join(folder, out);
  const hashes = trialsIn(out).map((run) => `${path.relative(base, run)} ${weightHashes(run)}`);
  return hashes.sort().join('\n');
}

/** What must come out the same: the weights of all trials, and every figure that does not depend on the clock. */
function outcomeOf(out: string): string {
  const base = path.join(folder, out);
  const text = readFileSync(path.join(base, 'comparison.json'), 'utf8');
  const { networks, pairs } = JSON.parse(text) as Comparison;
  const figures = networks.map(({ id, accuracy, lastAccuracy, curves, confusion }) => ({
    ...{ id, accuracy, lastAccuracy, curves, confusion },
  }));
  return `${hashesOf(out)}\n${JSON.stringify({ figures, pairs })}`;
}

function searchOf(out: string): string {
  const text = readFileSync(path.join(folder, out, 'sweep.json'), 'utf8');
  const { candidates, best } = JSON.parse(text) as SweepRecord;
  return `${hashesOf(out)}\n${JSON.stringify([candidates, best?.id])}`;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 15 * 60_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await wait(100);
  }
}

function checkOutcome(what: string, out: string, expected: string): void {
  const same = outcomeOf(out) === expected;
  const left = trialsIn(out).flatMap(temporaries);
  say(
    `${what}: weights and figures of the local run, bit for bit`,
    same && left.length === 0,
    `${finishedIn(out).length} trials${left.length > 0 ? `, left behind: ${left.join(', ')}` : ''}`,
  );
}

async function lostNode(cluster: Cluster, expected: string): Promise<void> {
  const kill = await cluster.join(1);
  say('nodes', (await cluster.alive()) === 2, `${await cluster.alive()} of one CPU each`);
  const running = onCluster(cluster, 'lost');
  await until('half of the trials', () => finishedIn('lost').length >= total / 3);
  await until(
    'trials on both nodes',
    () => trialsIn('lost').length >= finishedIn('lost').length + 2,
  );
  const done = finishedIn('lost').length;
  kill();
  const { code, stderr } = await running.ended;
  const lost = [...stderr.matchAll(/its node was lost; (.*)/g)].map(([, how]) => how);
  say(
    'one of two nodes killed (SIGKILL of its raylet and all beside it)',
    code === 0 && lost.length > 0 && done < total,
    `with ${done} of ${total} trials done; exit code ${code}, trials lost: ${lost.length} (${lost.join(', ')})`,
  );
  if (code !== 0) process.stdout.write(stderr);
  checkOutcome('after that', 'lost', expected);
}

/** Jobs of this suite that may still do something. */
async function live(cluster: Cluster, state: string, before: ReadonlySet<string>): Promise<number> {
  const jobs = await cluster.jobs();
  return [...jobs].filter(([id, status]) => status === state && !before.has(id)).length;
}

async function stopped(cluster: Cluster, expected: string): Promise<void> {
  const before = new Set((await cluster.jobs()).keys());
  const running = onCluster(cluster, 'stopped');
  await until('an epoch', () => epochsIn('stopped').length > 0);
  const pending = await live(cluster, 'PENDING', before);
  running.child.kill('SIGINT');
  const { code } = await running.ended;
  const left = await live(cluster, 'RUNNING', before);
  say(
    'Ctrl-C',
    code === 130 && left === 0 && finishedIn('stopped').length < total,
    `exit code ${code}; ${left} jobs run on, ${pending} were waiting`,
  );
  await until(
    'the waiting jobs to end',
    async () => (await live(cluster, 'PENDING', before)) === 0,
  );
  say(
    'jobs that were waiting',
    trialsIn('stopped').length <= 2,
    `got their turn after that, and trained nothing (${trialsIn('stopped').length} trials have a folder)`,
  );
  const resumed = onCluster(cluster, 'stopped', ['--resume']);
  await until('a third', () => finishedIn('stopped').length >= total / 3);
  resumed.child.kill('SIGKILL');
  await resumed.ended;
  const jobs = (await cluster.jobs()).size;
  const last = onCluster(cluster, 'stopped', ['--resume']);
  const { code: end, stderr } = await last.ended;
  const more = (await cluster.jobs()).size - jobs;
  say(
    'the suite killed (SIGKILL), its jobs not; --resume',
    end === 0 && more === 0 && stderr.includes('jobs of an earlier command that go on'),
    `exit code ${end}, ${more} jobs submitted anew: all were found again`,
  );
  if (end !== 0) process.stdout.write(stderr);
  checkOutcome('after that', 'stopped', expected);
}

/** Rung after rung: who goes on is decided here, by what came back. */
async function searched(cluster: Cluster): Promise<void> {
  await cluster.join(1);
  const { code: here } = await launch(program, sweepArguments('sweep-local', [])).ended;
  const args = sweepArguments('sweep', clusterFlags(cluster));
  const { code: there, stderr } = await launch(program, args).ended;
  const same = here === 0 && there === 0 && searchOf('sweep') === searchOf('sweep-local');
  say(
    'sweep with successive halving: combinations, figures and weights of the local search, bit for bit',
    same,
    `exit code ${there}, ${finishedIn('sweep').length} trials in three rungs`,
  );
  if (there !== 0) process.stdout.write(stderr);
}

function record(python: string): void {
  const only = values.only.length > 0 ? ` (--only ${values.only.join(', ')})` : '';
  const note = `ray[default] ${rayVersion} from PyPI on ${python}. The cluster: a head and a second node on this machine, one CPU each. The
suite: \`${values.suite}\`, ${total} trials${only}, seeds 0 to 2; the search: \`suites/smoke-sweep.yaml\`, seed 0.`;
  const head = { title: 'Suites and searches on Ray', script: 'prove:ray', note };
  const texts = [
    '```text',
    ...lines,
    '```',
    '',
    'Not tried: nodes on several machines, and a shared folder on a network.',
    '',
  ];
  const text = recordOf(head, texts, process.argv.slice(2));
  writeFileSync(path.join(root, 'docs/results/ray.md'), text);
}

let cluster: Cluster | undefined;
try {
  const { python } = installRay(values.python);
  const { code, stderr } = await launch(program, compareArguments('local', [])).ended;
  if (code !== 0) throw new Error(`the local suite ended with ${code}: ${stderr}`);
  const expected = outcomeOf('local');
  total = finishedIn('local').length;
  say('local run', total > 0, `${total} trials`);
  cluster = await Cluster.start(folder, 1);
  await lostNode(cluster, expected);
  await stopped(cluster, expected);
  await searched(cluster);
  if (values.record && failures === 0) record(python);
} catch (error) {
  failures++;
  process.stdout.write(`${error instanceof Error ? error.stack : String(error)}\n`);
} finally {
  cluster?.stop();
  if (failures > 0) process.stdout.write(`kept: ${folder}\n`);
  else rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
