/**
 * Ctrl-C ends a run with 130 within 2 s (`--limit` milliseconds) and a checkpoint from which it goes on bit for bit;
 * SIGTERM does the same, with 143; a second signal ends the process at once, and what is on disk is still whole.
 */

import type { Proof } from './harness.ts';
import { programOf } from './job.ts';
import { interruptedRun, straightRun } from './processes.ts';

export const proof: Proof = {
  name: 'interrupt',
  promise: 'Ctrl-C and SIGTERM end a run within 2 s, and it goes on bit for bit',
  unit: 'signals',
  seconds: 270,
  cases: 100,
  options: {
    limit: { type: 'string', default: '2000' },
    sources: { type: 'boolean', default: false },
  },
  run: async (trial) => {
    const straight = await straightRun(trial.folder, programOf(trial.values.sources === true));
    const limit = Number(trial.values.limit ?? 'Infinity');
    const times: number[] = [];
    let doubles = 0;
    // One at a time: the limit is one of time.
    for (const seed of trial.cases()) {
      const how = {
        limit,
        signal: seed % 4 === 3 ? 'SIGTERM' : 'SIGINT',
        twice: seed % 5 === 4,
      } as const;
      const result = await interruptedRun(straight, seed, how);
      if (result.failure) trial.fail(seed, `${how.signal}: ${result.failure}`);
      if (result.kills > 0 && !how.twice) times.push(result.slowestStop);
      if (result.kills > 0 && how.twice) doubles++;
      trial.done(result.kills);
    }
    times.sort((a, b) => a - b);
    const at = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(0);
    trial.note(`to the end of the process: median ${at(0.5)} ms, slowest ${at(1)} ms`);
    trial.note(`${doubles} of them twice`);
  },
};
