/**
 * Several processes want one run folder at the same instant: new, left by a run that ended, or by one that was killed
 * with its lock, here or on another machine. One has it, whoever comes next is refused, and nothing of either is lost. Then whole training processes
 * race for a folder and for a cold cache. `--processes N` want the lock; `--sources` runs the sources instead of dist/.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { randomFrom } from '../fuzz/mutate.ts';
import type { Proof, Trial } from './harness.ts';
import { type Job, launch, programOf, temporaries, trainArguments, weightHashes } from './job.ts';
import { type Straight, straightRun } from './processes.ts';
import type { Said, Told } from './workers/locker.ts';

export const proof: Proof = {
  name: 'concurrency',
  promise: 'Of any number of processes that want one run folder, one has it; a cache may be shared',
  unit: 'races',
  seconds: 180,
  cases: 1000,
  options: {
    processes: { type: 'string', default: '5' },
    trainings: { type: 'string', default: '50' },
    sources: { type: 'boolean', default: false },
  },
  run: async (trial) => {
    await raceForLocks(trial);
    const trainings = Number(trial.values.trainings ?? 0);
    if (trainings === 0) return;
    const straight = await straightRun(trial.folder, programOf(trial.values.sources === true));
    let whole = 0;
    for (const seed of trial.cases(Math.min(trainings, trial.wanted))) {
      await trial.check(seed, () => raceToTrain(straight, seed));
      whole++;
    }
    trial.note(`${whole} of them between whole training processes`);
  },
};

async function raceForLocks(trial: Trial): Promise<void> {
  const lockers = await Promise.all(
    Array.from({ length: Number(trial.values.processes ?? 3) }, startLocker),
  );
  const dead = await startLocker();
  dead.kill('SIGKILL');
  await once(dead, 'exit');
  // Half of the time is for those that train.
  const until = performance.now() + Math.max(1000, (trial.deadline - performance.now()) / 2);
  for (const seed of trial.cases()) {
    if (performance.now() > until) break;
    const folder = path.join(trial.folder, `lock-${seed}`);
    await trial.check(seed, () => raceForLock(folder, lockers, dead.pid as number, seed));
    rmSync(folder, { recursive: true, force: true });
    rmSync(`${folder}.job`, { force: true });
  }
  for (const locker of lockers) locker.disconnect();
}

async function startLocker(): Promise<ChildProcess> {
  const child = fork(path.join(import.meta.dirname, 'workers/locker.ts'), {
    execArgv: ['--import', 'tsx'],
  });
  await once(child, 'message');
  return child;
}

async function ask(child: ChildProcess, told: Told): Promise<Extract<Said, { got: boolean }>> {
  const answer = once(child, 'message');
  child.send(told);
  const [said] = (await answer) as [Extract<Said, { got: boolean }>];
  return said;
}

/** What a lock may be when the race begins. */
const stale = [
  ...['none', 'dead process', 'reused number', 'empty', 'rubbish', 'claimed by the dead'],
  ...['another machine', 'turn over on another machine'],
];

async function raceForLock(
  folder: string,
  lockers: readonly ChildProcess[],
  dead: number,
  seed: number,
): Promise<string | undefined> {
  const random = randomFrom(seed);
  const kind = stale[Math.floor(random() * stale.length)] as string;
  mkdirSync(folder);
  const lock = path.join(folder, 'run.lock');
  if (kind === 'dead process' || kind.startsWith('claimed')) writeFileSync(lock, `${dead} 77\n`);
  // This process is alive, but did not start then.
  if (kind === 'reused number' && process.platform === 'linux') {
    writeFileSync(lock, `${process.pid} 1\n`);
  }
  if (kind === 'empty') writeFileSync(lock, '');
  if (kind === 'rubbish') writeFileSync(lock, 'x'.repeat(1000));
  if (kind.startsWith('claimed')) {
    writeFileSync(path.join(folder, `.run.lock.${dead}-77.tmp`), `${dead} 78\n`);
  }
  if (kind.endsWith('machine')) writeFileSync(lock, `${dead} 77 elsewhere job-1\n`);
  if (kind.startsWith('turn')) writeFileSync(`${folder}.job`, 'job-2\n');
  const answers = await Promise.all(lockers.map((locker) => ask(locker, { lock: folder })));
  const broken = answers.find(({ error }) => error !== undefined);
  if (broken) return `${kind}: ${broken.error}`;
  const winners = lockers.filter((_, i) => answers[i]?.got);
  if (kind === 'another machine') {
    if (winners.length > 0) return `${kind}: ${winners.length} have its lock`;
    const left = readdirSync(folder);
    return left.length === 1 ? undefined : `${kind}: left behind: ${left.join(', ')}`;
  }
  if (winners.length !== 1) return `${kind}: ${winners.length} have the lock`;
  const late = await ask(lockers.find((locker) => locker !== winners[0]) as ChildProcess, {
    lock: folder,
  });
  if (late.got || late.error) return `${kind}: who came later has it too`;
  await ask(winners[0] as ChildProcess, { unlock: folder });
  const left = readdirSync(folder);
  return left.length === 0 ? undefined : `${kind}: left behind: ${left.join(', ')}`;
}

/** Two or three at once, into one folder or through one cold cache. */
async function raceToTrain(straight: Straight, seed: number): Promise<string | undefined> {
  const random = randomFrom(seed);
  const oneFolder = random() < 0.7;
  const cache = path.join(straight.job.folder, `cache-${seed}`);
  const job: Job = { ...straight.job, folder: path.join(straight.job.folder, `race-${seed}`) };
  mkdirSync(job.folder);
  const runs = Array.from({ length: 2 + Math.floor(random() * 2) }, (_, i) =>
    path.join(job.folder, oneFolder ? 'run' : `run-${i}`),
  );
  const ended = await Promise.all(
    runs.map((run) => {
      const more = [
        '--threads',
        '1',
        '--cache',
        oneFolder ? `${straight.job.folder}/cache` : cache,
      ];
      return launch(straight.program, trainArguments(job, run, more)).ended;
    }),
  );
  // Who comes after the first has finished trains once more, which is no race and no harm.
  const odd = ended.find(
    ({ code, stderr }) => code !== 0 && !(oneFolder && code === 2 && stderr.includes('E543')),
  );
  if (odd) return `exit ${odd.code}: ${odd.stderr}`;
  if (!ended.some(({ code }) => code === 0)) return 'none of them trained';
  for (const run of runs) {
    if (weightHashes(run) !== straight.hashes) return 'other weights than alone';
    if (temporaries(run).length > 0) return `left behind: ${temporaries(run).join(', ')}`;
  }
  rmSync(job.folder, { recursive: true });
  rmSync(cache, { recursive: true, force: true });
  return undefined;
}
