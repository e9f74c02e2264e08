/**
 * `npm run prove:suite -- --count 20 --seed 1`: suites killed with SIGKILL at random moments, some with all their
 * trials, go on with --resume to the very weights and figures of one run straight through, and leave nobody behind.
 * `--sources` runs by way of tsx, `--record` writes docs/results/suite.md.
 */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { recordOf } from '../bench/shared/record.ts';
import type { Comparison } from '../runtime/compare/comparison.ts';
import { isRunning } from '../runtime/files/process-name.ts';
import { purpose, Random } from '../runtime/train/random.ts';
import { launch, makeJob, programOf, temporaries, weightHashes } from './proofs/job.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    sources: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});

const network = `version: 1
name: net
input: { height: 16, width: 16 }
classes: 3
constants: { act: relu }
bandwidth: [8, 12]
layers:
  - { op: conv2d, kernel: 3, filters: "bandwidth[0]", padding: same }
  - batchNorm
  - act
  - maxPool2d
  - { op: conv2d, kernel: 3, filters: "bandwidth[1]", padding: same }
  - act
  - { op: dropout, rate: 0.2 }
  - globalAvgPool
  - { op: dense, units: classes }
variants:
  hard: { constants: { act: hardSwish } }
`;

const suite = `version: 1
name: prove
data: photos
seeds: [0, 1]
budget: { params: { atMost: 1200 } }
train:
  epochs: 8
  batch: 8
  optimizer: { name: adamw, learningRate: 0.004, weightDecay: 0.02 }
  ema: 0.95
  mixup: 0.2
  augment: { randomResizedCrop: { scale: [0.4, 1] }, flip: true }
networks:
  relu: { arch: net.yaml, fit: true }
  hard: { arch: "net.yaml#hard", fit: true }
ablate: { network: relu, vary: { mixup: 0 } }
questions:
  - { ask: Which?, of: [relu, hard] }
`;

const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-suite-'));
const program = programOf(values.sources);
const cache = path.join(folder, 'cache');

const start = (out: string, more: readonly string[] = []) =>
  launch(program, [
    ...['compare', path.join(folder, 'suite.yaml'), '--out', out, '--cache', cache],
    ...['--checkpoint-every', '0', '--resume', '--quiet', ...more],
  ]);

/** Folders of trials that have begun. */
function trialsIn(out: string): readonly string[] {
  const runs = path.join(out, 'runs');
  if (!existsSync(runs)) return [];
  return readdirSync(runs, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      readdirSync(path.join(runs, name), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => path.join(runs, name, entry.name)),
    )
    .sort();
}

/** What must come out the same: the weights of all trials, and every figure that does not depend on the clock. */
function outcomeOf(out: string): string {
  const hashes = trialsIn(out).map((run) => `${path.relative(out, run)} ${weightHashes(run)}`);
  const text = readFileSync(path.join(out, 'comparison.json'), 'utf8');
  const { networks, pairs } = JSON.parse(text) as Comparison;
  const figures = networks.map(({ id, accuracy, lastAccuracy, curves, confusion }) => ({
    ...{ id, accuracy, lastAccuracy, curves, confusion },
  }));
  return `${hashes.join('\n')}\n${JSON.stringify({ figures, pairs })}`;
}

/** Processes that train into the folder. */
function trainers(out: string): readonly number[] {
  return trialsIn(out).flatMap((run) => {
    const lock = path.join(run, 'run.lock');
    const pid = existsSync(lock) ? Number.parseInt(readFileSync(lock, 'utf8'), 10) : 0;
    return pid > 0 && isRunning(pid) ? [pid] : [];
  });
}

/** Trials whose suite was killed save and end by themselves. */
async function everyoneGone(out: string): Promise<boolean> {
  const until = performance.now() + 20_000;
  while (trainers(out).length > 0 && performance.now() < until) await wait(50);
  return trainers(out).length === 0;
}

interface Tally {
  kills: number;
  withTrials: number;
  suites: number;
  readonly failures: string[];
}

async function killed(out: string, expected: string, random: Random, span: number, tally: Tally) {
  while (tally.kills < Number(values.count)) {
    const running = start(out, ['--jobs', String(1 + random.integer(2))]);
    await wait(random.unit() * span);
    const all = random.unit() < 0.5;
    const pids = all ? trainers(out) : [];
    running.child.kill('SIGKILL');
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    const { code, signal, stderr } = await running.ended;
    if (signal !== 'SIGKILL') {
      if (code === 0) break;
      tally.failures.push(`${out}: exit ${code}: ${stderr}`);
      return;
    }
    tally.kills++;
    if (pids.length > 0) tally.withTrials++;
    if (!all && !(await everyoneGone(out))) tally.failures.push(`${out}: a trial lives on`);
  }
  const { code, stderr } = await start(out).ended;
  if (code !== 0) tally.failures.push(`${out}: the last run ended with ${code}: ${stderr}`);
  else if (outcomeOf(out) !== expected) tally.failures.push(`${out}: another outcome`);
  const left = trialsIn(out).flatMap(temporaries);
  if (left.length > 0) tally.failures.push(`${out}: left behind: ${left.join(', ')}`);
}

const lines: string[] = [];

function say(line: string): void {
  lines.push(line);
  process.stdout.write(`${line}\n`);
}

function record(): void {
  const note = `A suite of three networks with two seeds each, killed with SIGKILL at random moments and gone on with by --resume,
until all is trained. The weights of every trial and every figure of the comparison must be those of one run straight
through, nothing may be left behind, and no trial may outlive its suite for long.`;
  const head = { title: 'Killed suites', script: 'prove:suite', note };
  const text = recordOf(head, ['```text', ...lines, '```', ''], process.argv.slice(2));
  writeFileSync(path.join(import.meta.dirname, '../docs/results/suite.md'), text);
}

let failed = true;
try {
  await makeJob(folder, network, { training: 20, validation: 12, side: 18 });
  writeFileSync(path.join(folder, 'net.yaml'), network);
  writeFileSync(path.join(folder, 'suite.yaml'), suite);
  const straight = path.join(folder, 'straight');
  const from = performance.now();
  const { code, stderr } = await start(straight).ended;
  if (code !== 0) throw new Error(`the straight suite ended with ${code}: ${stderr}`);
  const span = performance.now() - from;
  const expected = outcomeOf(straight);
  say(`straight: ${trialsIn(straight).length} trials, ${(span / 1000).toFixed(1)} s`);
  const random = new Random(Number(values.seed), purpose.augment, 0);
  const tally: Tally = { kills: 0, withTrials: 0, suites: 0, failures: [] };
  while (tally.kills < Number(values.count) && tally.failures.length === 0) {
    const out = path.join(folder, `killed-${tally.suites++}`);
    await killed(out, expected, random, span / 2, tally);
    process.stderr.write(`${tally.kills} of ${values.count} kills\n`);
    if (tally.failures.length === 0) rmSync(out, { recursive: true });
  }
  for (const failure of tally.failures) say(failure);
  say(
    `${tally.kills} kills of ${tally.suites} suites, ${tally.withTrials} of them with their trials, ${tally.failures.length} failures`,
  );
  failed = tally.failures.length > 0;
  if (values.record && !failed) record();
} finally {
  // A failed suite is kept, to look at it.
  if (failed) process.stdout.write(`kept: ${folder}\n`);
  else rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
