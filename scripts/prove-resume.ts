/**
 * `npm run prove:resume -- --count 100 --interrupts 20 --seed 1`: training processes killed with SIGKILL at random
 * instants go on to the very bytes of a straight run; those stopped with SIGINT end within 2 s (`--limit` milliseconds)
 * and go on too.
 * `--seconds N` ends the killing after so long; `--jobs N` runs so many at a time; `--sources` runs by way of tsx.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { programOf } from './proofs/job.ts';
import { interruptedRun, killedRun, straightRun, type Trial } from './proofs/resume.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100' },
    interrupts: { type: 'string', default: '20' },
    limit: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    sources: { type: 'boolean', default: false },
  },
});
/** Kills of one run at most: some are killed again after they were resumed. */
const mostKills = 3;

interface Tally {
  events: number;
  runs: number;
  duringSave: number;
  slowestStop: number;
  readonly failures: Trial[];
}

/** Trials of consecutive seeds, several at a time, until there were enough events or the time is up. */
async function repeat(
  trial: (seed: number, wanted: number) => Promise<Trial>,
  first: number,
  wanted: number,
  deadline: number,
): Promise<Tally> {
  const tally: Tally = { events: 0, runs: 0, duringSave: 0, slowestStop: 0, failures: [] };
  let seed = first;
  const lane = async () => {
    while (tally.events < wanted && performance.now() < deadline) {
      const result = await trial(seed++, wanted - tally.events);
      tally.runs++;
      tally.events += result.kills;
      tally.duringSave += result.duringSave;
      tally.slowestStop = Math.max(tally.slowestStop, result.slowestStop);
      if (result.failure) {
        tally.failures.push(result);
        process.stdout.write(`seed ${result.seed}: ${result.failure}\n`);
      }
      process.stderr.write(`${tally.events} of ${wanted}, ${tally.failures.length} failures\n`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, lane));
  return tally;
}

const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-resume-'));
let failed = true;
try {
  const straight = await straightRun(folder, programOf(values.sources));
  process.stdout.write(`straight run: ${straight.hashes}\n`);
  const deadline = performance.now() + Number(values.seconds) * 1000;
  const first = Number(values.seed) * 100_000;
  const killed = await repeat(
    (seed, left) => killedRun(straight, seed, Math.min(mostKills, left)),
    first,
    Number(values.count),
    deadline,
  );
  process.stdout.write(
    `${killed.events} kills of ${killed.runs} runs, ${killed.duringSave} of them during a save, ${killed.failures.length} failures\n`,
  );
  const stopped = await repeat(
    (seed) => interruptedRun(straight, seed, Number(values.limit)),
    first,
    Number(values.interrupts),
    Number.POSITIVE_INFINITY,
  );
  process.stdout.write(
    `${stopped.events} interrupts, the slowest ended after ${stopped.slowestStop.toFixed(0)} ms, ${stopped.failures.length} failures\n`,
  );
  failed = killed.failures.length + stopped.failures.length > 0;
} finally {
  // A failed run is kept, to look at it.
  if (failed) process.stdout.write(`kept: ${folder}\n`);
  else rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
