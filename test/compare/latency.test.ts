/** Latency that is measured to its end, or not at all. */

import { expect, it } from 'vitest';
import { latencyKey, measureLatency } from '../../runtime/compare/latency.ts';
import { planOf } from './fixture.ts';

const graph = planOf('suites/smoke.yaml').networks[0]?.compiled.graph;

/** Aborted once it was asked so often. */
const abortedAfter = (times: number) => {
  let asked = 0;
  return {
    get aborted() {
      return ++asked > times;
    },
  } as AbortSignal;
};

it('is what many runs give, and nothing where it was stopped among them', async () => {
  if (!graph) throw new Error('the suite has no network');
  const graphs = new Map([[latencyKey(graph), graph]]);
  const whole = await measureLatency(graphs, new AbortController().signal);
  expect([...whole.values()].map(({ runs }) => runs > 10)).toEqual([true]);
  expect(await measureLatency(graphs, abortedAfter(12))).toEqual(new Map());
});

it('is measured once for networks that compute the same under other names', () => {
  if (!graph) throw new Error('the suite has no network');
  expect(latencyKey({ ...graph, name: 'taught' })).toBe(latencyKey(graph));
  const other = planOf('suites/report.yaml').networks[0]?.compiled.graph;
  expect(other && latencyKey(other)).not.toBe(latencyKey(graph));
});
