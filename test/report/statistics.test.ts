import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classFigures,
  confusionMatrix,
  topConfusions,
  wilsonInterval,
} from '../../runtime/report/statistics.ts';

describe('wilsonInterval', () => {
  // R: binom::binom.confint(x, n, methods = "wilson")
  it.each([
    [457, 750, 0.5739, 0.6436],
    [0, 10, 0, 0.2775],
    [10, 10, 0.7225, 1],
    [1, 2, 0.0945, 0.9055],
  ])('%i of %i', (successes, count, low, high) => {
    const interval = wilsonInterval(successes, count);
    expect(interval.low).toBeCloseTo(low, 3);
    expect(interval.high).toBeCloseTo(high, 3);
  });

  it('knows nothing without photos', () => {
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });

  it('holds the share and stays in 0..1', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(5000), (a, b) => {
        const [successes, count] = [Math.min(a, b), Math.max(a, b, 1)];
        const { low, high } = wilsonInterval(successes, count);
        const share = successes / count;
        expect(0 <= low && low <= share && share <= high && high <= 1).toBe(true);
      }),
    );
  });
});

describe('figures of a confusion matrix', () => {
  const matrix = confusionMatrix(3, [0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 0]);

  it('counts pairs', () => {
    expect(matrix).toEqual([
      [3, 1, 0],
      [1, 1, 0],
      [0, 0, 0],
    ]);
  });

  it('refuses what is of no class', () => {
    expect(() => confusionMatrix(2, [0], [2])).toThrow(RangeError);
    expect(() => confusionMatrix(2, [2], [0])).toThrow(RangeError);
  });

  it('gives recall and precision, and none where there is nothing to divide by', () => {
    expect(classFigures(['a', 'b', 'c'], matrix)).toEqual([
      { label: 'a', count: 4, recall: 0.75, precision: 0.75 },
      { label: 'b', count: 2, recall: 0.5, precision: 0.5 },
      { label: 'c', count: 0, recall: null, precision: null },
    ]);
  });

  it('orders what is mixed up', () => {
    expect(topConfusions(matrix, 5)).toEqual([
      { truth: 1, predicted: 0, count: 1, share: 0.5 },
      { truth: 0, predicted: 1, count: 1, share: 0.25 },
    ]);
    expect(topConfusions(matrix, 1)).toHaveLength(1);
  });
});
