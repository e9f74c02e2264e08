/** What a range test reads from a curve, and the rates it tries. */
import { describe, expect, it } from 'vitest';
import { initialize } from '../../compiler/weights/index.ts';
import { wasmBackend } from '../../runtime/train/backend.ts';
import { purpose, Random } from '../../runtime/train/random.ts';
import {
  type RangePoint,
  rangeRecipe,
  readRange,
  runRange,
} from '../../runtime/train/rate-range.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import { networkOf } from '../support/compile.ts';
import { photos } from '../support/photos.ts';

/** `loss` over the decimal logarithm of the rate, from 1e-6 to 1. */
const curve = (loss: (decade: number) => number): RangePoint[] =>
  Array.from({ length: 121 }, (_, i) => {
    const decade = -6 + i / 20;
    return { rate: 10 ** decade, loss: loss(decade) };
  });

describe('a range test', () => {
  it('suggests the end of the steepest descent', () => {
    // Falls evenly from 1e-4 to 1e-3, hardly to 1e-1, then runs away.
    const reading = readRange(
      curve((d) =>
        d < -4 ? 2.3 : d < -3 ? 2.3 - (d + 4) : d < -1 ? 1.3 - (d + 3) / 20 : 1.2 + (d + 1) * 3,
      ),
    );
    expect(reading.suggestion).toBeGreaterThan(7e-4);
    expect(reading.suggestion).toBeLessThan(1.2e-3);
    expect(reading.lowest).toBeGreaterThan(0.02);
    expect(reading.reason).toContain('the steepest descent');
  });

  it('keeps a tenth from a lowest loss that is near', () => {
    const reading = readRange(curve((d) => 2 + Math.abs(d + 2) / 2));
    expect(reading.suggestion).toBeCloseTo(1e-3, 4);
    expect(reading.reason).toContain('one order below');
  });

  it('suggests nothing where the loss never falls, or there is too little of it', () => {
    expect(readRange(curve((d) => 2 + 0.001 * d))).toMatchObject({ suggestion: undefined });
    expect(readRange(curve(() => 2).slice(0, 5)).reason).toContain('only 5 steps');
  });

  it('takes noise for noise, and finds a fall in it', () => {
    const seeds = Array.from({ length: 200 }, (_, seed) => seed);
    const noisy = (seed: number, loss: (decade: number) => number) => {
      const random = new Random(seed, purpose.sweep);
      // About a normal distribution, as the means of batches of 32 have around 2.3.
      const normal = () =>
        Array.from({ length: 12 }, () => random.unit()).reduce((a, b) => a + b, -6);
      return readRange(curve((d) => loss(d) + 0.15 * normal()));
    };
    const flat = seeds.filter((seed) => noisy(seed, () => 2.3).suggestion !== undefined);
    expect(flat.length).toBeLessThan(10);
    const fall = (d: number) => (d < -4 ? 2.3 : d < -2 ? 2.3 - (d + 4) * 0.4 : 1.5 + (d + 2) * 2);
    const found = seeds.map((seed) => noisy(seed, fall).suggestion ?? 0);
    expect(found.filter((rate) => rate < 1e-4 || rate > 1e-2)).toEqual([]);
    // Beyond the lowest loss it is erratic, for more than half of the test.
    const early = (d: number) =>
      d < -4 ? 2.3 - (d + 6) * 0.5 : 1.5 + Math.abs(Math.sin(d * 1e4)) * 3;
    expect(readRange(curve(early)).lowest).toBeLessThan(2e-4);
  });

  it('raises the rate from step to step, and stops where the loss runs away', async () => {
    const graph = networkOf('- { op: conv2d, kernel: 3, filters: 4 }\n- batchNorm\n- relu');
    const written = { batch: 8, optimizer: { name: 'sgd' as const }, ema: 0.9 };
    const recipe = rangeRecipe(resolveRecipe(written), { low: 1e-4, high: 1e6, steps: 41 });
    const backend = wasmBackend({ threads: 1, build: 'strict' });
    const trainer = await backend.trainer(graph, photos(24, 3), recipe);
    trainer.start(initialize(graph, 0));
    const signal = new AbortController().signal;
    const { points, ended } = await runRange(trainer, { signal, onStep: () => undefined });
    await trainer.close();
    expect(ended).toBe('diverged');
    expect(points.length).toBeLessThan(41);
    points.forEach(({ rate }, i) => {
      expect(rate / (1e-4 * 10 ** (i / 4))).toBeCloseTo(1, 6);
    });
  });
});
