/**
 * Training processes killed with SIGKILL at random instants go on to the very bytes of a straight run. `--jobs N` runs
 * so many at a time; `--sources` runs the sources instead of dist/.
 */

import type { Proof, Trial } from './harness.ts';
import { programOf } from './job.ts';
import { killedRun, straightRun } from './processes.ts';

/** Kills of one run at most: some are killed again after they were resumed. */
const mostKills = 3;

export const proof: Proof = {
  name: 'kill',
  promise: 'Killed at any instant and resumed, a run ends with the bytes of one that was not',
  unit: 'kills',
  seconds: 330,
  cases: 300,
  options: {
    jobs: { type: 'string', default: '2' },
    sources: { type: 'boolean', default: false },
  },
  run: async (trial) => {
    const straight = await straightRun(trial.folder, programOf(trial.values.sources === true));
    let [inSave, runs] = [0, 0];
    const seeds = trial.cases();
    const lane = async () => {
      for (const seed of { [Symbol.iterator]: () => seeds }) {
        if (trial.count >= trial.wanted) return;
        const result = await killedRun(straight, seed, Math.min(mostKills, left(trial)));
        runs++;
        inSave += result.duringSave;
        if (result.failure) trial.fail(seed, result.failure);
        trial.done(result.kills);
      }
    };
    await Promise.all(Array.from({ length: Number(trial.values.jobs ?? 1) }, lane));
    trial.note(`${runs} runs, ${inSave} kills during a save`);
  },
};

function left(trial: Trial): number {
  return Math.max(1, trial.wanted - trial.count);
}
