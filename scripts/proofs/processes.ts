/** Ends training processes at random instants, lets them go on, and compares what they leave with a straight run. */

import { existsSync, readFileSync, rmSync, watch } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { purpose, Random } from '../../runtime/train/random.ts';
import {
  type Job,
  launch,
  makeJob,
  type Running,
  temporaries,
  trainArguments,
  weightHashes,
} from './job.ts';

/** All that a checkpoint must carry: norms, dropout, an optimizer with state, averages, what is drawn a step. */
const yaml = `version: 1
name: kill-me
input: { height: 16, width: 16 }
classes: 3
layers:
  - { op: conv2d, kernel: 3, filters: 8, padding: same }
  - batchNorm
  - hardSwish
  - maxPool2d
  - { op: conv2d, kernel: 3, groups: depthwise, padding: same }
  - batchNorm
  - relu
  - { op: dropout, rate: 0.2 }
  - { op: conv2d, kernel: 1, filters: 12 }
  - globalAvgPool
  - { op: dense, units: classes }
train:
  epochs: 12
  batch: 8
  seed: 7
  optimizer: { name: adamw, learningRate: 0.004, weightDecay: 0.02 }
  schedule: { name: cosine, warmupEpochs: 1 }
  labelSmoothing: 0.1
  ema: 0.95
  clipNorm: 1
  mixup: 0.2
  augment: { randomResizedCrop: { scale: [0.4, 1] }, flip: true, rotation: 8 }
`;

export interface Straight {
  readonly job: Job;
  readonly program: readonly string[];
  readonly hashes: string;
  /** Lines of metrics.jsonl without what depends on the clock. */
  readonly metrics: string;
  /** Milliseconds from the start of the process to its first line, and from there to its end. */
  readonly startup: number;
  readonly training: number;
}

export async function straightRun(folder: string, program: readonly string[]): Promise<Straight> {
  const job = await makeJob(folder, yaml, { training: 28, validation: 8, side: 18 });
  const run = path.join(folder, 'straight');
  // Once for the cache, once for the times.
  for (let i = 0; ; i++) {
    rmSync(run, { recursive: true, force: true });
    const started = performance.now();
    const { begun, ended } = launch(program, trainArguments(job, run, everyStep));
    await begun;
    const [startup, from] = [performance.now() - started, performance.now()];
    const { code, stderr } = await ended;
    if (code !== 0) throw new Error(`the straight run ended with ${code}: ${stderr}`);
    if (i === 0) continue;
    const training = performance.now() - from;
    return { job, program, hashes: weightHashes(run), metrics: metricsOf(run), startup, training };
  }
}

const everyStep = ['--threads', '2', '--checkpoint-every', '0'];

function metricsOf(run: string): string {
  const lines = readFileSync(path.join(run, 'metrics.jsonl'), 'utf8').trim().split('\n');
  return lines
    .map((line) => {
      const { seconds, imagesPerSecond, ...rest } = JSON.parse(line) as Record<string, unknown>;
      return JSON.stringify(rest);
    })
    .join('\n');
}

export interface Trial {
  readonly seed: number;
  readonly kills: number;
  /** Kills that left a file half written. */
  readonly duringSave: number;
  /** The longest from SIGINT to the end of the process, in milliseconds. */
  readonly slowestStop: number;
  readonly failure: string | undefined;
}

/** One run, killed up to `most` times on its way; whatever is drawn depends on the seed alone. */
export async function killedRun(straight: Straight, seed: number, most: number): Promise<Trial> {
  const random = new Random(seed, purpose.augment, 0);
  const run = path.join(straight.job.folder, `killed-${seed}`);
  // Half the runs save after every step, so that many kills fall into a save; half after epochs only.
  const options = random.unit() < 0.5 ? everyStep : ['--threads', '1'];
  let [kills, inSave] = [0, 0];
  while (kills < most) {
    const running = start(straight, run, options);
    if (random.unit() < 0.3) await duringSave(run, running, random);
    else await instant(straight, running.begun, random);
    running.child.kill('SIGKILL');
    const { code, signal, stderr } = await running.ended;
    if (signal !== 'SIGKILL') {
      if (code === 0) break;
      return {
        seed,
        kills,
        duringSave: inSave,
        slowestStop: 0,
        failure: `exit ${code}: ${stderr}`,
      };
    }
    kills++;
    const own = temporaries(run).some((name) => name.includes(`.${running.child.pid}-`));
    if (own) inSave++;
  }
  const failure = await finish(straight, run, options);
  return { seed, kills, duringSave: inSave, slowestStop: 0, failure };
}

export interface Interrupt {
  /** Milliseconds it may take to end. */
  readonly limit: number;
  readonly signal: 'SIGINT' | 'SIGTERM';
  /** A second signal soon after the first, which may end the process anywhere. */
  readonly twice: boolean;
}

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** One run, stopped by a signal at a random instant. */
export async function interruptedRun(
  straight: Straight,
  seed: number,
  { limit, signal, twice }: Interrupt,
): Promise<Trial> {
  const random = new Random(seed, purpose.augment, 1);
  const run = path.join(straight.job.folder, `interrupted-${seed}`);
  const options = ['--threads', '2'];
  const running = start(straight, run, options);
  await instant(straight, running.begun, random);
  const from = performance.now();
  const sent = running.child.exitCode === null && running.child.kill(signal);
  if (sent && twice) {
    await Promise.race([wait(random.unit() * 300), running.ended]);
    running.child.kill(signal);
  }
  const { code, signal: ended, stderr } = await running.ended;
  const slowestStop = sent ? performance.now() - from : 0;
  const trial = { seed, kills: sent ? 1 : 0, duringSave: 0, slowestStop };
  // Before Node has come to netlathe's first line, a signal ends it as any process; after the last step, it finishes.
  const stopped = code === exitCodes[signal] || ended === signal || code === 0;
  if (!stopped) return { ...trial, failure: `exit ${code ?? ended}: ${stderr}` };
  if (slowestStop > limit) return { ...trial, failure: `${slowestStop.toFixed(0)} ms to stop` };
  return { ...trial, failure: await finish(straight, run, options) };
}

/** When one of the next temporary files has just appeared: the process is writing it. */
async function duringSave(run: string, running: Running, random: Random): Promise<void> {
  await running.begun;
  if (!existsSync(run)) return;
  let left = 1 + random.integer(40);
  const watcher = watch(run);
  const written = new Promise<void>((resolve) => {
    watcher.on('change', (_event, name) => {
      if (String(name).endsWith('.tmp') && --left <= 0) resolve();
    });
  });
  await Promise.race([written, running.ended]);
  watcher.close();
}

/** Mostly while it trains, and one time in ten while it starts. */
async function instant(straight: Straight, begun: Promise<void>, random: Random): Promise<void> {
  if (random.unit() < 0.1) {
    await wait(random.unit() * straight.startup);
    return;
  }
  await begun;
  await wait(random.unit() * straight.training);
}

function start(straight: Straight, run: string, options: readonly string[]): Running {
  // Killed before its first checkpoint, there is nothing to go on from.
  const resume = existsSync(path.join(run, 'checkpoint.safetensors')) ? ['--resume'] : [];
  return launch(straight.program, trainArguments(straight.job, run, [...options, ...resume]));
}

/** Runs to the end; gives what is not as in the straight run. */
async function finish(
  straight: Straight,
  run: string,
  options: readonly string[],
): Promise<string | undefined> {
  const { code, stderr } = await start(straight, run, options).ended;
  if (code !== 0) return `the last run ended with ${code}: ${stderr}`;
  if (weightHashes(run) !== straight.hashes) return `other weights: ${weightHashes(run)}`;
  if (metricsOf(run) !== straight.metrics) return 'other metrics';
  if (temporaries(run).length > 0) return `left behind: ${temporaries(run).join(', ')}`;
  rmSync(run, { recursive: true });
  return undefined;
}
