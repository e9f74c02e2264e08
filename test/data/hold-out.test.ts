import { describe, expect, test } from 'vitest';
import { holdOut, type Sample } from '../../runtime/data/hold-out.ts';

function pool(...counts: readonly number[]): Sample[] {
  return counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, i) => ({
      path: `${label}/${i}`,
      label,
      hash: `${label}-${i}`,
    })),
  );
}

function heldLabels(counts: readonly number[], fraction: number): number[] {
  const { held } = holdOut(pool(...counts), fraction, 1);
  return counts.map((_, label) => held.filter((sample) => sample.label === label).length);
}

describe('hold out', () => {
  test('takes the same part of every class', () => {
    expect(heldLabels([100, 50, 10], 0.2)).toEqual([20, 10, 2]);
  });

  test('takes one where there are two, none where there is one, never all', () => {
    expect(heldLabels([2, 1, 3], 0.01)).toEqual([1, 0, 1]);
    expect(heldLabels([2, 5], 0.99)).toEqual([1, 4]);
  });

  test('depends on the seed and nothing else', () => {
    const samples = pool(50, 50);
    const held = (seed: number, from: readonly Sample[]) =>
      new Set(holdOut(from, 0.2, seed).held.map(({ path }) => path));
    expect(held(1, samples)).toEqual(held(1, [...samples].reverse()));
    expect(held(1, samples)).not.toEqual(held(2, samples));
  });

  test('loses and doubles nothing, and keeps the order', () => {
    const samples = pool(30, 20);
    const { kept, held } = holdOut(samples, 0.3, 5);
    expect(new Set([...kept, ...held]).size).toBe(50);
    expect(kept).toEqual(samples.filter((sample) => kept.includes(sample)));
  });

  test('an image that is new moves no other across, but for one at the edge', () => {
    const before = new Set(holdOut(pool(100), 0.2, 1).held.map(({ path }) => path));
    const after = holdOut(pool(101), 0.2, 1).held.map(({ path }) => path);
    expect(after.filter((path) => !before.has(path)).length).toBeLessThanOrEqual(1);
  });

  test('copies of one image end on the same side', () => {
    const copies = pool(40).map((sample, i) => ({ ...sample, hash: `${Math.floor(i / 4)}` }));
    for (let seed = 0; seed < 20; seed++) {
      const { kept, held } = holdOut(copies, 0.25, seed);
      const keptHashes = new Set(kept.map(({ hash }) => hash));
      expect(held.length).toBeGreaterThan(0);
      expect(held.some(({ hash }) => keptHashes.has(hash))).toBe(false);
    }
  });
});
