/**
 * `npm run prove:yaml -- --count 20000 --seed 1`: no YAML of any kind crashes or hangs the compiler. Damaged files are
 * compiled in child processes, several hundred in each, because some aborts need an earlier input to come about.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readCorpus } from './fuzz/corpus.ts';
import { mutate } from './fuzz/mutate.ts';
import type { Done } from './fuzz/worker.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    /** Writes the damaged file of one seed, to look at it. */
    show: { type: 'string' },
  },
});

const perProcess = 500;
/** Longer than this is a failure; after much longer the child is ended. */
const slow = 2000;
const hang = 30_000;

interface Tally {
  done: number;
  complete: number;
  slowest: { seed: number; milliseconds: number };
  readonly failures: { readonly seed: number; readonly text: string }[];
}

async function fuzz(first: number, count: number, jobs: number): Promise<Tally> {
  const tally: Tally = {
    done: 0,
    complete: 0,
    slowest: { seed: 0, milliseconds: 0 },
    failures: [],
  };
  let next = first;
  const take = () => (next < first + count ? next++ : undefined);
  const lane = async () => {
    for (let seed = take(); seed !== undefined; ) seed = await runChild(seed, take, tally);
  };
  await Promise.all(Array.from({ length: jobs }, lane));
  return tally;
}

/** Runs seeds in one child until it has done its share or died; gives the seed to go on with. */
function runChild(
  start: number,
  take: () => number | undefined,
  tally: Tally,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const child: ChildProcess = fork(path.join(import.meta.dirname, 'fuzz/worker.ts'));
    let seed: number | undefined = start;
    let left = perProcess;
    let watchdog: NodeJS.Timeout | undefined;
    const give = () => {
      clearTimeout(watchdog);
      if (seed === undefined || left-- === 0) return child.disconnect();
      child.send({ seed });
      watchdog = setTimeout(() => child.kill('SIGKILL'), hang);
    };
    child.on('message', (message: Done | 'ready') => {
      if (message !== 'ready') {
        record(message, tally);
        seed = take();
      }
      give();
    });
    child.on('exit', (code, signal) => {
      clearTimeout(watchdog);
      if (code === 0 && !signal) return resolve(seed);
      tally.done++;
      tally.failures.push({ seed: seed ?? -1, text: `the process ended: ${signal ?? code}` });
      resolve(take());
    });
  });
}

function record({ seed, milliseconds, complete, failure }: Done, tally: Tally): void {
  tally.done++;
  if (complete) tally.complete++;
  if (milliseconds > tally.slowest.milliseconds) tally.slowest = { seed, milliseconds };
  if (failure) tally.failures.push({ seed, text: failure });
  else if (milliseconds > slow)
    tally.failures.push({ seed, text: `${milliseconds.toFixed(0)} ms` });
  if (tally.done % 2000 === 0) {
    process.stderr.write(`${tally.done} done, ${tally.failures.length} failures\n`);
  }
}

if (values.show !== undefined) {
  const file = `fuzz-${values.show}.yaml`;
  writeFileSync(file, mutate(Number(values.show), readCorpus().texts));
  process.stdout.write(`${file}\n`);
} else {
  const tally = await fuzz(
    Number(values.seed) * 1_000_000,
    Number(values.count),
    Number(values.jobs),
  );
  for (const { seed, text } of tally.failures.slice(0, 20)) {
    process.stdout.write(`seed ${seed}: ${text}\n`);
  }
  const { done, complete, slowest, failures } = tally;
  process.stdout.write(
    `${done} files, ${complete} of them still compile, slowest ${slowest.milliseconds.toFixed(0)} ms of CPU ` +
      `(seed ${slowest.seed}), ${failures.length} failures\n`,
  );
  process.exitCode = failures.length === 0 ? 0 : 1;
}
