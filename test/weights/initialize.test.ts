import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Graph } from '../../compiler/graph/graph.ts';
import { type InitializerName, initializerNames } from '../../compiler/ops/initializers.ts';
import { initialize, mismatches, type WeightStore } from '../../compiler/weights/index.ts';
import { compileText, networkOf } from '../support/compile.ts';

/** 3x3 over 32 channels in 2 groups, 64 filters: fan in 144, fan out 576. */
function convolution(initializer: InitializerName): Graph {
  return networkOf(
    `
- { op: conv2d, kernel: 1, filters: 32 }
- { op: conv2d, name: subject, kernel: 3, filters: 64, groups: 2, padding: same, initializer: ${initializer} }`,
  );
}

function kernelOf(initializer: InitializerName): Float32Array {
  return initialize(convolution(initializer), 7).get('subject.kernel')?.values as Float32Array;
}

function moments(values: Float32Array) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  const largest = values.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  return { mean, std: Math.sqrt(variance), largest };
}

describe('initialize', () => {
  test('gives every weight of the network, in order', () => {
    const graph = networkOf('- { op: conv2d, kernel: 3, filters: 4 }\n- batchNorm\n- relu');
    const weights = initialize(graph, 0);
    expect(mismatches(graph, weights)).toEqual([]);
    expect([...weights.keys()]).toEqual([
      'conv2d_1.kernel',
      'conv2d_1.bias',
      'batchNorm_1.gamma',
      'batchNorm_1.beta',
      'batchNorm_1.movingMean',
      'batchNorm_1.movingVariance',
      'dense_1.kernel',
      'dense_1.bias',
    ]);
    expect([...(weights.get('batchNorm_1.movingVariance')?.values ?? [])]).toEqual([1, 1, 1, 1]);
  });

  // [standard deviation, bound] in closed form for fan in 144 and fan out 576.
  const expected: { readonly [K in InitializerName]?: readonly [std: number, bound: number] } = {
    pytorch: [1 / Math.sqrt(144) / Math.sqrt(3), 1 / 12],
    kaimingUniform: [Math.sqrt(2 / 144), Math.sqrt(6 / 144)],
    kaimingNormal: [Math.sqrt(2 / 144), 6],
    kaimingNormalFanOut: [Math.sqrt(2 / 576), 6],
    xavierUniform: [Math.sqrt(2 / 720), Math.sqrt(6 / 720)],
    xavierNormal: [Math.sqrt(2 / 720), 6],
    heUniform: [Math.sqrt(2 / 144), Math.sqrt(6 / 144)],
    heNormal: [Math.sqrt(2 / 144), (2 * Math.sqrt(2 / 144)) / 0.87962566103423978],
    glorotUniform: [Math.sqrt(2 / 720), Math.sqrt(6 / 720)],
    glorotNormal: [Math.sqrt(2 / 720), (2 * Math.sqrt(2 / 720)) / 0.87962566103423978],
    lecunUniform: [Math.sqrt(1 / 144), Math.sqrt(3 / 144)],
    lecunNormal: [Math.sqrt(1 / 144), (2 * Math.sqrt(1 / 144)) / 0.87962566103423978],
    truncatedNormal: [0.02 * 0.87962566103423978, 0.04],
  };

  test.each(Object.entries(expected))('%s has the moments of its formula', (name, [std, bound]) => {
    const found = moments(kernelOf(name as InitializerName));
    expect(Math.abs(found.mean)).toBeLessThan((4 * std) / Math.sqrt(9216));
    expect(found.std / std).toBeGreaterThan(0.97);
    expect(found.std / std).toBeLessThan(1.03);
    expect(found.largest).toBeLessThanOrEqual(bound);
    if (bound < 1) expect(found.largest / bound).toBeGreaterThan(0.97);
  });

  test('covers every name', () => {
    const constants = ['dirac', 'zeros', 'ones'];
    expect([...Object.keys(expected), ...constants].sort()).toEqual([...initializerNames].sort());
  });

  test('only pytorch draws the bias', () => {
    const biasOf = (name: InitializerName) =>
      moments(initialize(convolution(name), 7).get('subject.bias')?.values as Float32Array);
    expect(biasOf('pytorch').largest).toBeGreaterThan(0.07);
    expect(biasOf('pytorch').largest).toBeLessThanOrEqual(1 / 12);
    expect(biasOf('heNormal').largest).toBe(0);
  });

  test('dirac passes the channels of each group through the middle tap', () => {
    const kernel = kernelOf('dirac');
    const at = (h: number, w: number, input: number, filter: number) =>
      kernel[((h * 3 + w) * 16 + input) * 64 + filter];
    expect(kernel.reduce((sum, x) => sum + x, 0)).toBe(32);
    for (let d = 0; d < 16; d++) {
      expect([at(1, 1, d, d), at(1, 1, d, 32 + d)]).toEqual([1, 1]);
    }
  });

  test('dirac on a dense layer is a diagnostic', () => {
    const { diagnostics } = compileText(`
version: 1
name: test
input: { height: 8, width: 8 }
classes: 3
layers:
  - globalAvgPool
  - { op: dense, units: classes, initializer: dirac }
`);
    expect(diagnostics.map((d) => [d.code, d.place?.range.start.line])).toEqual([['E412', 8]]);
  });

  test('a layer that is added leaves the weights of the others alone', () => {
    const before = initialize(networkOf('- { op: conv2d, kernel: 3, filters: 4 }'), 3);
    const after = initialize(networkOf('- { op: conv2d, kernel: 3, filters: 4 }\n- batchNorm'), 3);
    expect(after.get('conv2d_1.kernel')).toEqual(before.get('conv2d_1.kernel'));
    expect(initialize(networkOf('- { op: conv2d, kernel: 3, filters: 4 }'), 4)).not.toEqual(before);
  });

  test('has the same bits on every machine', () => {
    expect(digest(initialize(convolution('pytorch'), 1))).toMatchInlineSnapshot(
      `"5252aba2b04eba70"`,
    );
    expect(digest(initialize(convolution('heNormal'), 1))).toMatchInlineSnapshot(
      `"1dd786c2f639a012"`,
    );
    expect(digest(initialize(convolution('kaimingNormal'), 1))).toMatchInlineSnapshot(
      `"15f9c7fd2c47541d"`,
    );
  });
});

function digest(weights: WeightStore): string {
  const hash = createHash('sha256');
  for (const { values } of weights.values()) hash.update(new Uint8Array(values.buffer));
  return hash.digest('hex').slice(0, 16);
}
