/**
 * No YAML of any kind crashes or hangs the compiler. Damaged files are compiled in child processes, several hundred in
 * each, because some aborts need an earlier input to come about; between them come the bombs of test/corpus, two in a
 * row. `--show CASE` writes a damaged file, to look at it; `--jobs N` children run at a time.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readBombs, readCorpus } from '../fuzz/corpus.ts';
import { mutate } from '../fuzz/mutate.ts';
import type { Done, Job } from '../fuzz/worker.ts';
import type { Proof, Trial } from './harness.ts';

const perProcess = 500;
/** Longer than this is a failure; after much longer the child is ended. */
const slow = 2000;
const hang = 30_000;

export const proof: Proof = {
  name: 'yaml',
  promise: 'Any bytes give a network or an error with its place: no crash, no hang',
  unit: 'damaged files',
  seconds: 240,
  cases: 20_000,
  options: { jobs: { type: 'string', default: '2' }, show: { type: 'string' } },
  run: async (trial) => {
    if (trial.values.show !== undefined) return show(trial, Number(trial.values.show));
    const tally: Tally = { complete: 0, slowest: { which: '', milliseconds: 0 } };
    const jobs = jobsOf(trial);
    const lanes = Array.from({ length: Number(trial.values.jobs ?? 1) }, async () => {
      for (let job = take(jobs); job; ) job = await runChild(job, jobs, trial, tally);
    });
    await Promise.all(lanes);
    const { milliseconds, which } = tally.slowest;
    trial.note(`${tally.complete} of them still compile`);
    trial.note(`slowest ${milliseconds.toFixed(0)} ms of CPU (${which})`);
  },
};

interface Tally {
  complete: number;
  slowest: { which: string; milliseconds: number };
}

function show(trial: Trial, seed: number): void {
  const file = `fuzz-${seed}.yaml`;
  writeFileSync(file, mutate(seed, readCorpus().texts));
  trial.done();
  trial.note(`written to ${file}`);
}

/** Each bomb twice, then damaged files with a bomb among every fifty. */
function* jobsOf(trial: Trial): Generator<Job> {
  const bombs = [...readBombs().keys()];
  if (trial.only !== undefined && bombs.includes(trial.only)) {
    yield { bomb: trial.only };
    yield { bomb: trial.only };
    return;
  }
  if (trial.only === undefined) {
    for (const bomb of bombs.slice(0, trial.wanted)) for (let i = 0; i < 2; i++) yield { bomb };
  }
  let n = 0;
  for (const seed of trial.cases()) {
    yield { seed };
    const bomb = bombs[Math.floor(n / 50) % bombs.length];
    if (trial.only === undefined && n++ % 50 === 49 && bomb) yield { bomb };
  }
}

function take(jobs: Iterator<Job>): Job | undefined {
  const { done, value } = jobs.next();
  return done ? undefined : value;
}

const nameOf = (job: Job): string => ('bomb' in job ? job.bomb : String(job.seed));

/** Runs jobs in one child until it has done its share or died; gives the job to go on with. */
function runChild(
  start: Job,
  jobs: Iterator<Job>,
  trial: Trial,
  tally: Tally,
): Promise<Job | undefined> {
  return new Promise((resolve) => {
    // The proof may itself run where tsx was not asked for, as under vitest.
    const child: ChildProcess = fork(path.join(import.meta.dirname, '../fuzz/worker.ts'), {
      execArgv: ['--import', 'tsx'],
    });
    let job: Job | undefined = start;
    let left = perProcess;
    let watchdog: NodeJS.Timeout | undefined;
    const give = () => {
      clearTimeout(watchdog);
      if (job === undefined || left-- === 0) return child.disconnect();
      child.send(job);
      watchdog = setTimeout(() => child.kill('SIGKILL'), hang);
    };
    child.on('message', (message: Done | 'ready') => {
      if (message !== 'ready' && job) {
        record(nameOf(job), message, trial, tally);
        job = take(jobs);
      }
      give();
    });
    child.on('exit', (code, signal) => {
      clearTimeout(watchdog);
      if (code === 0 && !signal) return resolve(job);
      trial.done();
      trial.fail(job ? nameOf(job) : 'none', `the process ended: ${signal ?? code}`);
      resolve(take(jobs));
    });
  });
}

function record(
  which: string,
  { milliseconds, complete, failure }: Done,
  trial: Trial,
  tally: Tally,
): void {
  if (complete) tally.complete++;
  if (milliseconds > tally.slowest.milliseconds) tally.slowest = { which, milliseconds };
  if (failure) trial.fail(which, failure);
  else if (milliseconds > slow) trial.fail(which, `${milliseconds.toFixed(0)} ms`);
  trial.done();
}
