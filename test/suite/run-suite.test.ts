/** The order of trials, and what becomes of the others where one breaks. */

import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runSuite, type SuiteRun } from '../../runtime/suite/run-suite.ts';
import type { Runner, TrialEnd } from '../../runtime/suite/runner.ts';
import { type Trial, trialsOf } from '../../runtime/suite/trial.ts';
import { planOf } from '../compare/fixture.ts';

const all = trialsOf(planOf('suites/smoke.yaml'), 'nowhere');
const [first, second, third, fourth] = all as unknown as readonly [Trial, Trial, Trial, Trial];

const options = (runner: Runner): SuiteRun => ({
  trials: [first, second, third, fourth],
  states: new Map(),
  runner,
  listener: { onStart: () => {}, onProgress: () => {}, onEnd: () => {} },
  signal: new AbortController().signal,
  prepare: async () => {},
});

it('stops the others where one breaks, begins no more, and then says what broke', async () => {
  const ended: string[] = [];
  const begun: string[] = [];
  const runner: Runner = {
    slots: 3,
    ready: async () => {},
    run: async ({ trial, signal }): Promise<TrialEnd> => {
      begun.push(trial.id);
      if (trial === second) throw new Error('the disk is full');
      if (!signal.aborted) await once(signal, 'abort');
      // Saving takes a while.
      await new Promise((resolve) => setTimeout(resolve, 20));
      ended.push(trial.id);
      return { kind: 'interrupted' };
    },
  };
  await expect(runSuite(options(runner))).rejects.toThrow('the disk is full');
  expect(begun).toEqual([first.id, second.id, third.id]);
  expect(ended).toEqual([first.id, third.id]);
});

it('lets a hundred trials wait without a warning of Node', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  const runner: Runner = {
    slots: Number.POSITIVE_INFINITY,
    ready: async () => {},
    run: async ({ signal }): Promise<TrialEnd> => {
      await wait(20, undefined, { signal });
      return { kind: 'finished' };
    },
  };
  const trials = Array.from({ length: 100 }, (_, i): Trial => ({ ...first, id: `trial-${i}` }));
  const ends = await runSuite({ ...options(runner), trials });
  process.off('warning', note);
  expect(ends.size).toBe(100);
  expect(warnings).toEqual([]);
});
