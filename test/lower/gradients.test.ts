import { afterAll, describe, expect, it } from 'vitest';
import { lowerTraining, type TrainingProgram } from '../../compiler/6-lower/training.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { Engine } from '../../runtime/engine/engine.ts';
import { ReferenceEngine } from '../../runtime/engine/reference.ts';
import { networkOf } from '../support/compile.ts';

const sgd = {
  name: 'sgd',
  momentum: 0.9,
  nesterov: true,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
} as const;

function lower(graph: Graph, threads = 1, batch = 4): TrainingProgram {
  return lowerTraining(graph, {
    batch,
    threads,
    optimizer: sgd,
    average: false,
    isFrozen: () => false,
  });
}

/** The same pseudo-random numbers for any engine. */
function fill(view: { [i: number]: number; length: number }, seed: number, scale = 1): void {
  let state = seed * 7919 + 17;
  for (let i = 0; i < view.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    view[i] = Math.fround(((state >>> 8) / 0x1000000 - 0.5) * 2 * scale);
  }
}

type AnyEngine = Pick<ReferenceEngine, 'run' | 'setScalar' | 'floats'> | Engine;

function prepare(engine: AnyEngine, p: TrainingProgram): void {
  fill(engine.floats(p.image), 1);
  const weights = engine.floats(p.weights);
  for (const slot of p.layout.slots) {
    if (slot.group === 'statistics') continue;
    const view = weights.subarray(slot.from, slot.from + slot.elements);
    fill(view, slot.from + 3, 0.5);
    if (slot.name.endsWith('gamma')) for (let i = 0; i < view.length; i++) view[i] = view[i]! + 1;
  }
  const targets = engine.floats(p.targets);
  for (let n = 0; n < p.batch; n++) targets[n * 3 + (n % 3)] = 1;
  for (const [name, value] of Object.entries({ accumulate: 0, lossScale: 1 / p.batch }))
    engine.setScalar(name, value);
  engine.run('gradients');
}

function meanLoss(engine: ReferenceEngine, p: TrainingProgram): number {
  engine.run('gradients');
  let sum = 0;
  for (const loss of engine.floats(p.losses)) sum += loss;
  return sum / p.batch;
}

const networks: Readonly<Record<string, string>> = {
  'convolution, norm, pool': `
- { op: conv2d, kernel: 3, filters: 6, padding: same }
- batchNorm
- hardSwish
- maxPool2d`,
  separable: `
- { op: conv2d, kernel: 3, filters: 8, padding: 1, stride: 2 }
- { op: conv2d, kernel: 3, groups: depthwise, padding: same }
- batchNorm
- silu
- { op: conv2d, kernel: 1, filters: 12 }`,
  'groups and shuffle': `
- { op: conv2d, kernel: 1, filters: 8 }
- { op: conv2d, kernel: 3, groups: 4, filters: 16, padding: same, bias: false }
- { op: channelShuffle, groups: 4 }
- batchNorm
- tanh`,
  'residual, concat and split': `
- { op: conv2d, kernel: 3, filters: 8, padding: 1 }
- { op: add, branches: [[], [batchNorm, gelu, { op: conv2d, kernel: 3, padding: 1 }]] }
- { op: concat, split: 2, branches: [[], [{ op: conv2d, kernel: 1 }, sigmoid]] }
- { op: avgPool2d, size: 3, stride: 2, padding: 1 }
- { op: maxPool2d, size: 3, stride: 1, padding: same }
- { op: zeroPad, padding: [0, 1, 1, 0] }`,
  'wide convolutions': `
- { op: conv2d, kernel: 3, filters: 8, padding: same }
- { op: conv2d, kernel: 3, filters: 12, padding: [2, 0], bias: false }
- batchNorm
- silu`,
  'pooled pointwise convolutions': `
- { op: conv2d, kernel: 3, filters: 16, padding: same }
- { op: conv2d, kernel: 1, filters: 6 }
- maxPool2d
- { op: conv2d, kernel: 1, filters: 32 }
- { op: conv2d, kernel: 1, filters: 5, bias: false }
- maxPool2d`,
  'a norm around a pooled pointwise convolution': `
- { op: conv2d, kernel: 3, filters: 16, padding: same }
- batchNorm
- hardSwish
- { op: conv2d, kernel: 1, filters: 12 }
- maxPool2d
- batchNorm
- relu`,
  'squeeze and excite': `
- { op: conv2d, kernel: 3, filters: 8 }
- { op: multiply, branches: [[], [globalAvgPool, { op: conv2d, filters: 4 }, elu, { op: conv2d, filters: 8 }, hardSigmoid]] }
- { op: leakyRelu, slope: 0.2 }
- { op: multiply, branches: [[], [sigmoid], [globalAvgPool, tanh], [relu6]] }`,
};

const engines: Engine[] = [];
afterAll(() => Promise.all(engines.map((e) => e.close())));

describe.each(Object.entries(networks))('training %s', (_name, layers) => {
  const graph = networkOf(layers);

  it('has the gradients of its loss, by central differences in float64', () => {
    const p = lower(graph);
    const engine = new ReferenceEngine(p.program, 'float64');
    prepare(engine, p);
    const gradients = engine.floats(p.gradients).slice();
    const weights = engine.floats(p.weights);
    for (const slot of p.layout.slots) {
      if (slot.group === 'statistics') continue;
      for (let k = 0; k < Math.min(4, slot.elements); k++) {
        const i = slot.from + Math.floor((k * slot.elements) / 4);
        const kept = weights[i]!;
        const step = 1e-5;
        weights[i] = kept + step;
        const above = meanLoss(engine, p);
        weights[i] = kept - step;
        const below = meanLoss(engine, p);
        weights[i] = kept;
        const expected = (above - below) / (2 * step);
        expect(Math.abs(gradients[i]! - expected), `${slot.name}[${i - slot.from}]`).toBeLessThan(
          1e-6 + 1e-4 * Math.abs(expected),
        );
      }
    }
  });

  it('computes the same in WebAssembly, whatever the number of threads', async () => {
    const reference = new ReferenceEngine(lower(graph).program, 'float64');
    prepare(reference, lower(graph));
    const exact = reference.floats(lower(graph).gradients);
    const results: Float32Array[] = [];
    for (const threads of [1, 2, 3]) {
      const p = lower(graph, threads);
      const engine = await Engine.create(p.program);
      engines.push(engine);
      prepare(engine, p);
      results.push(engine.floats(p.gradients).slice());
    }
    const largest = Math.max(...exact.map(Math.abs));
    for (const [i, x] of results[0]!.entries()) {
      expect(Math.abs(x - exact[i]!)).toBeLessThan(1e-4 * largest + 1e-6);
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});

describe('a bias in front of a batch norm', () => {
  it('has a gradient of exactly zero, unless something else reads it too', () => {
    const gradientsOf = (layers: string): readonly number[] => {
      const p = lower(networkOf(layers));
      const engine = new ReferenceEngine(p.program, 'float32');
      prepare(engine, p);
      const slot = p.layout.slots.find(({ name }) => /^conv2d\w*\.bias$/.test(name));
      if (!slot) throw new Error('no bias of the convolution');
      return [...engine.floats(p.gradients).subarray(slot.from, slot.from + slot.elements)];
    };
    const conv = '{ op: conv2d, kernel: 3, filters: 4, padding: same }';
    expect(gradientsOf(`\n- ${conv}\n- batchNorm\n- relu`)).toEqual([0, 0, 0, 0]);
    const split = gradientsOf(`\n- ${conv}\n- { op: add, branches: [[], [batchNorm, relu]] }`);
    expect(split.every((g) => g !== 0)).toBe(true);
  });
});
