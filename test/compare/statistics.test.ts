/** Intervals and tests against values from tables and from R, and what must hold for any numbers. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  mcNemar,
  pairedTest,
  paretoFront,
  photoInterval,
  summarize,
  summarizeShares,
  welchTest,
} from '../../runtime/compare/statistics.ts';
import { criticalT, twoSidedT } from '../../runtime/compare/student-t.ts';

describe("Student's t", () => {
  // Tables of the two-sided 5% and 1% points.
  it.each([
    [0.05, 1, 12.7062],
    [0.05, 2, 4.30265],
    [0.05, 4, 2.77645],
    [0.05, 30, 2.04227],
    [0.01, 2, 9.92484],
    [0.05, 1e6, 1.95997],
  ])('exceeds with probability %d at %d degrees of freedom: %d', (p, freedom, expected) => {
    expect(criticalT(p, freedom)).toBeCloseTo(expected, 4);
    expect(twoSidedT(expected, freedom)).toBeCloseTo(p, 5);
  });

  it('keeps intervals of shares among shares', () => {
    expect(summarizeShares([0.1, 0.9])?.interval).toEqual({ low: 0, high: 1 });
    const { low = 0, high = 0 } = summarizeShares([0.5, 0.51, 0.52])?.interval ?? {};
    expect([low > 0.4, high < 0.6]).toEqual([true, true]);
  });

  it('is sure of nothing at 0 and falls as t grows', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 50, noNaN: true }),
        fc.double({ min: 0.5, max: 200, noNaN: true }),
        (t, freedom) => {
          const p = twoSidedT(t, freedom);
          return p <= 1 && p >= twoSidedT(t + 0.1, freedom);
        },
      ),
    );
    expect(twoSidedT(0, 3)).toBe(1);
  });
});

describe('a few runs', () => {
  it('are summed up with the interval of their mean', () => {
    // R: t.test(c(0.60, 0.62, 0.61)): 0.5851586 to 0.6348414
    const { mean, interval, deviation } = summarize([0.6, 0.62, 0.61]) ?? {};
    expect(mean).toBeCloseTo(0.61, 12);
    expect(deviation).toBeCloseTo(0.01, 12);
    expect(interval?.low).toBeCloseTo(0.5851586, 6);
    expect(interval?.high).toBeCloseTo(0.6348414, 6);
  });

  it('have no interval alone, and nothing to say of none', () => {
    expect(summarize([0.5])).toEqual({ n: 1, mean: 0.5, deviation: null, interval: null });
    expect(summarize([])).toBeNull();
  });

  it('that share seeds are tested by their differences', () => {
    // Far apart from seed to seed, but always one point better.
    const test = pairedTest([0.5, 0.6, 0.7], [0.489, 0.59, 0.691]);
    expect(test.difference).toBeCloseTo(0.01, 12);
    expect(test.interval?.low).toBeGreaterThan(0);
    expect(welchTest([0.5, 0.6, 0.7], [0.489, 0.59, 0.691]).interval?.low).toBeLessThan(0);
  });

  it('that do not pair are tested with the variance of each', () => {
    // By hand: difference 2, error sqrt(1/3 + 4/3), Welch-Satterthwaite 2.941 degrees of freedom.
    const test = welchTest([4, 5, 6], [1, 3, 5]);
    expect(test).toMatchObject({ n: 3, paired: false, difference: 2, means: [5, 3] });
    const half =
      criticalT(0.05, (5 / 3) ** 2 / ((1 / 3) ** 2 / 2 + (4 / 3) ** 2 / 2)) * Math.sqrt(5 / 3);
    expect(test.interval?.high).toBeCloseTo(2 + half, 10);
    expect(test.p).toBeGreaterThan(0.05);
  });

  it('that are all equal differ by exactly nothing', () => {
    // Two seeds, one photo of 200 apart each: that they agree is no proof of a difference.
    const { difference, interval } = pairedTest([0.8, 0.81], [0.795, 0.805], 1 / 200);
    expect(difference).toBeCloseTo(0.005, 12);
    expect(interval?.low).toBeLessThan(0);
    expect(welchTest([0.8, 0.8], [0.795, 0.795], 1 / 200).interval?.low).toBeLessThan(0);
    expect(pairedTest([0.5, 0.5], [0.5, 0.5])).toMatchObject({
      interval: { low: 0, high: 0 },
      p: 1,
    });
  });

  it('say the reverse when they are turned round', () => {
    const runs = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
      minLength: 2,
      maxLength: 6,
    });
    fc.assert(
      fc.property(runs, runs, (a, b) => {
        const [there, back] = [welchTest(a, b), welchTest(b, a)];
        return (
          Math.abs(there.difference + back.difference) < 1e-12 &&
          Math.abs((there.interval?.low ?? 0) + (back.interval?.high ?? 0)) < 1e-9
        );
      }),
    );
  });
});

describe('photo by photo', () => {
  // binom.test in R
  it.each([
    [10, 2, 0.03857421875],
    [5, 5, 1],
    [0, 0, 1],
    [0, 6, 0.03125],
  ])('McNemar of %d against %d', (first, second, p) => {
    expect(mcNemar(first, second).p).toBeCloseTo(p, 10);
  });

  it('McNemar does not overflow', () => {
    expect(mcNemar(6000, 5000).p).toBeLessThan(1e-10);
    expect(mcNemar(5000, 5000).p).toBe(1);
  });

  const pair = (rights: number, of: number) => ({
    first: Array.from({ length: of }, (_, i) => i < rights),
    second: Array.from({ length: of }, () => false),
  });

  it('counts a photo once, however many seeds judged it', () => {
    const one = photoInterval([pair(30, 100)], true);
    const three = photoInterval([pair(30, 100), pair(30, 100), pair(30, 100)], true);
    expect(three).toEqual(one);
    const apart = photoInterval([pair(30, 100), pair(30, 100), pair(30, 100)], false);
    expect((apart?.high ?? 1) - (apart?.low ?? 0)).toBeLessThan((one?.high ?? 0) - (one?.low ?? 0));
    expect(one?.low).toBeCloseTo(0.3 - 1.96 * Math.sqrt(0.21 / 99), 3);
  });

  it('says nothing of a handful', () => {
    expect(photoInterval([pair(3, 10)], true)).toBeNull();
    expect(photoInterval([], true)).toBeNull();
  });
});

describe('the front', () => {
  it('holds what nothing beats in both', () => {
    const point = fc.record({
      cost: fc.integer({ min: 1, max: 20 }),
      gain: fc.integer({ min: 0, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 30 }), (points) => {
        const front = paretoFront(
          points,
          (p) => p.cost,
          (p) => p.gain,
        );
        const beaten = (p: (typeof points)[number]) =>
          points.some(
            (q) => q.cost <= p.cost && q.gain >= p.gain && (q.cost < p.cost || q.gain > p.gain),
          );
        const kept = points.filter((p) => !beaten(p)).map((p) => `${p.cost} ${p.gain}`);
        return (
          [...new Set(kept)].sort().join() ===
          front
            .map((p) => `${p.cost} ${p.gain}`)
            .sort()
            .join()
        );
      }),
    );
  });
});
