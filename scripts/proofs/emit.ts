/**
 * Hostile names of networks and classes against everything that is written from them. Each set of names comes from the
 * number of its case, by fast-check.
 */
import fc from 'fast-check';
import { targetNames } from '../../compiler/7-emit/targets.ts';
import { checker, hostileNames } from '../../test/emit/hostile-names.ts';
import type { Proof } from './harness.ts';
import { shapeChecker } from './target-shapes.ts';

export const proof: Proof = {
  name: 'emit',
  promise:
    'No name leaves its string: all that is written keeps its shape, and nothing of a name runs',
  unit: 'sets of hostile names',
  seconds: 180,
  cases: 10_000,
  run: async (trial) => {
    const { check } = await checker();
    const checkTargets = await shapeChecker();
    let thorough = 0;
    for (const seed of trial.cases()) {
      const [names] = fc.sample(hostileNames, { seed, numRuns: 1 });
      if (!names) throw new Error('fast-check made no names');
      // The other targets take half a second: every fiftieth set goes through them.
      const isThorough = seed % 50 === 7;
      if (isThorough) thorough++;
      await trial.check(seed, async () => {
        return (await check(names)) ?? (isThorough ? checkTargets(names) : undefined);
      });
    }
    trial.note(`${thorough} of them through ${targetNames.join(', ')}`);
  },
};
