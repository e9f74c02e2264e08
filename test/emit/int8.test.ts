/** Modules in int8: close to what was trained, and the same bits on every backend. */
import { setFlagsFromString } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gridOf, Histogram, toByte } from '../../compiler/6-lower/int8/grid.ts';
import { sample } from '../../compiler/7-emit/ts/calibrate.ts';
import type { Int8Options } from '../../compiler/7-emit/ts/emit.ts';
import type { Metadata } from '../../compiler/7-emit/ts/metadata.ts';
import { photoOf } from '../../compiler/7-emit/ts/verify.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { supportsRelaxed } from '../../runtime/kernels/load.ts';
import { architectures } from '../support/architectures.ts';
import { graphOf, networkOf } from '../support/compile.ts';
import { photos } from '../support/photos.ts';
import { apart, bundleOf, evaluated, moduleOf, randomWeights, textOf } from './support.ts';

const small = `
- { op: conv2d, kernel: 3, filters: 12, padding: 1 }
- batchNorm
- hardSwish
- maxPool2d
- { op: conv2d, kernel: 3, groups: depthwise, padding: 1 }
- batchNorm
- relu
- { op: conv2d, kernel: 1, filters: 10 }
- batchNorm
- silu
- { op: conv2d, kernel: 3, filters: 12, groups: 2, padding: 1 }
`;

const images = photos(6, 3, 4, 30);

async function quantized(graph: Graph, more: Partial<Int8Options> = {}) {
  const int8 = { training: images, validation: images, calibrate: 6, seed: 0, keep: [], ...more };
  const files = await bundleOf(graph, randomWeights(graph), { weights: 'int8', int8 });
  const { create } = await moduleOf(files);
  const weights = files.get('weights.bin') as Uint8Array<ArrayBuffer>;
  const metadata = JSON.parse(textOf(files, 'metadata.json')) as Metadata;
  return { files, create, weights, metadata };
}

describe('in int8', () => {
  test('a network is close to its floats, and the same by every backend', async () => {
    // What the first compiler of Node 20 gets wrong is another test's business.
    setFlagsFromString('--no-liftoff');
    const graph = networkOf(small, 24);
    const { create, weights, metadata } = await quantized(graph);
    const expected = await evaluated(graph, randomWeights(graph), images);
    const simd = await create({ weights, backend: 'simd' });
    expect(metadata.selfTest.exact).toBe(true);
    expect(metadata.int8).toMatchObject({ calibrated: 6, photos: 6, floats: [] });
    for (const { decibels } of metadata.int8?.layers ?? []) expect(decibels).toBeGreaterThan(15);
    const backends = supportsRelaxed() ? (['relaxed', 'js'] as const) : (['js'] as const);
    for (const backend of backends) {
      const model = await create({ weights, backend });
      expect(model.selfTest()).toMatchObject({ passed: true, exact: true });
      for (let n = 0; n < images.count; n++) {
        const logits = simd.logits(photoOf(images, n)).slice();
        expect(model.logits(photoOf(images, n))).toEqual(logits);
        expect(apart(logits, expected[n] as Float32Array)).toBeLessThan(0.1);
      }
    }
    setFlagsFromString('--liftoff');
  });

  test('any network gives the same by every backend that promises it', async () => {
    const graphs = architectures()
      .map(({ yaml }) => graphOf(yaml))
      .filter(({ input }) => input.channels !== 4);
    await fc.assert(
      fc.asyncProperty(graphs, async (graph) => {
        const { create, weights, metadata } = await quantized(graph);
        expect((await create({ weights, backend: 'simd' })).selfTest().exact).toBe(true);
        const js = (await create({ weights, backend: 'js' })).selfTest();
        expect(js).toMatchObject({ passed: true, exact: js.exact || !metadata.selfTest.exact });
      }),
      { numRuns: 15, endOnFailure: true },
    );
  }, 240_000);

  test('layers that are kept run in floats', async () => {
    const graph = networkOf(small, 24);
    const kept = await quantized(graph, { keep: ['conv2d_2', 'conv2d_4'] });
    expect(kept.metadata.int8).toMatchObject({ floats: ['conv2d_2', 'conv2d_4'] });
    expect(kept.metadata.selfTest.exact).toBe(false);
    for (const backend of ['simd', 'js'] as const) {
      const model = await kept.create({ weights: kept.weights, backend });
      expect(model.selfTest().passed).toBe(true);
    }
  });

  test('a layer that runs as part of another is kept with it', async () => {
    const graph = networkOf(small, 24);
    const { metadata } = await quantized(graph, { keep: ['batchNorm_1'] });
    expect(metadata.int8).toMatchObject({ kept: ['conv2d_1'], floats: ['conv2d_1'] });
  });

  test('a layer that is none cannot be kept', async () => {
    const graph = networkOf(small, 24);
    await expect(quantized(graph, { keep: ['toString'] })).rejects.toMatchObject({ code: 'E711' });
  });

  test.runIf(supportsRelaxed())(
    'an engine that multiplies bytes wrongly is found out',
    async () => {
      const { files, weights } = await quantized(networkOf(small, 24));
      // Another ternary instruction in the place of i32x4.relaxed_dot_i8x16_i7x16_add_s.
      const text = textOf(files, 'model.mjs').replace(/"relaxed":"([^"]+)"/, (_, code: string) => {
        const wasm = Buffer.from(code, 'base64');
        const [dot, madd] = [Buffer.of(0xfd, 0x93, 0x02), Buffer.of(0xfd, 0x85, 0x02)];
        expect(wasm.includes(dot)).toBe(true);
        for (let at = wasm.indexOf(dot); at >= 0; at = wasm.indexOf(dot)) madd.copy(wasm, at);
        return `"relaxed":"${wasm.toString('base64')}"`;
      });
      const url = `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`;
      const { create } = await import(/* @vite-ignore */ url);
      await expect(create({ weights, backend: 'relaxed' })).rejects.toThrow('does not run here');
      expect((await create({ weights })).info.backend).toBe('simd');
    },
  );
});

describe('a grid of bytes', () => {
  test('has 0 among its values, and rounds to the nearest', () => {
    const range = fc.tuple(
      fc.double({ min: -9, max: 0, noNaN: true }),
      fc.double({ min: 0.1, max: 9, noNaN: true }),
    );
    fc.assert(
      fc.property(range, fc.double({ min: -9, max: 9, noNaN: true }), ([low, high], x) => {
        const grid = gridOf(low, high);
        const real = (byte: number) => grid.scale * (byte - grid.zero);
        expect(real(toByte(0, grid))).toBeCloseTo(0, 12);
        const clipped = Math.min(real(127), Math.max(real(0), x));
        expect(Math.abs(real(toByte(x, grid)) - clipped)).toBeLessThanOrEqual(grid.scale * 0.5001);
      }),
    );
  });

  test('cuts a stray value off, where that loses less than it wins', () => {
    const seen = new Histogram(1);
    seen.add(Float32Array.from({ length: 100_000 }, (_, i) => (i % 1000) / 1000));
    const [, before] = seen.range;
    seen.add(Float32Array.of(4));
    const { scale, zero } = seen.bestGrid();
    expect(before).toBeCloseTo(1, 2);
    expect(zero).toBe(0);
    expect(scale * 127).toBeGreaterThan(0.9);
    expect(scale * 127).toBeLessThan(3.5);
  });

  test('is finer for a channel of small values', () => {
    const seen = new Histogram(2);
    seen.add(Float32Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? i / 1000 : i / 100_000)));
    const [wide, fine] = seen.channelGrids(seen.bestGrid(), 1);
    expect((wide?.scale ?? 0) / (fine?.scale ?? 1)).toBeGreaterThan(50);
  });

  test('photos are drawn by the seed, each once', () => {
    expect(sample(50, 10, 3)).toEqual(sample(50, 10, 3));
    expect(sample(50, 10, 3)).not.toEqual(sample(50, 10, 4));
    expect(new Set(sample(50, 80, 3)).size).toBe(50);
  });
});
