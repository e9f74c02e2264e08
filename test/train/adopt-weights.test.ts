/** Weights that others named, for networks of ours; `npm run prove:interop` takes them from torchvision itself. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stateDict } from '../../compiler/7-emit/pytorch/weights.ts';
import type { Weight, WeightStore } from '../../compiler/weights/index.ts';
import { adoptWeights } from '../../runtime/train/adopt-weights.ts';
import { zooInput } from '../../scripts/interop/networks.ts';
import { randomWeights } from '../emit/support.ts';
import { architectures } from '../support/architectures.ts';
import { graphOf, networkOf } from '../support/compile.ts';

test("netlathe's names and those of the emitted module give the same weights", () => {
  fc.assert(
    fc.property(architectures(), ({ yaml }) => {
      const graph = graphOf(yaml);
      const weights = randomWeights(graph);
      for (const given of [weights, stateDict(graph, weights)]) {
        const adoption = adoptWeights(graph, given);
        expect(adoption.faults).toEqual([]);
        expect(adoption.head).toEqual([]);
        expect(adoption.weights).toEqual(weights);
      }
    }),
    { numRuns: 60, seed: 5 },
  );
});

/** torchvision's ResNet-18, every tensor filled with its place in the list. */
function resnet18(classes = 1000): Map<string, Weight> {
  const made = new Map<string, Weight>();
  const put = (name: string, shape: readonly number[]) => {
    const length = shape.reduce((n, d) => n * d, 1);
    made.set(name, { shape, values: new Float32Array(length).fill(made.size) });
  };
  const norm = (name: string, size: number) => {
    for (const word of ['weight', 'bias', 'running_mean', 'running_var']) {
      put(`${name}.${word}`, [size]);
    }
  };
  const pair = (conv: string, bn: string, shape: readonly [number, number, number, number]) => {
    put(`${conv}.weight`, shape);
    norm(bn, shape[0]);
  };
  pair('conv1', 'bn1', [64, 3, 7, 7]);
  let inputs = 64;
  for (const [stage, width] of [64, 128, 256, 512].entries()) {
    for (const block of [0, 1]) {
      const at = `layer${stage + 1}.${block}`;
      pair(`${at}.conv1`, `${at}.bn1`, [width, inputs, 3, 3]);
      pair(`${at}.conv2`, `${at}.bn2`, [width, width, 3, 3]);
      const projects = inputs !== width;
      if (projects) pair(`${at}.downsample.0`, `${at}.downsample.1`, [width, inputs, 1, 1]);
      inputs = width;
    }
  }
  put('fc.weight', [classes, 512]);
  put('fc.bias', [classes]);
  return made;
}

/** As a safetensors file has them: by name. */
const sorted = (weights: WeightStore) => new Map([...weights].sort(([a], [b]) => (a < b ? -1 : 1)));

describe("torchvision's names", () => {
  const { graph } = zooInput('resnet18');
  const theirs = resnet18();

  test('are matched in the order of the layers', () => {
    const { weights, naming, faults, head } = adoptWeights(graph, sorted(theirs));
    expect({ naming, faults, head }).toEqual({ naming: 'order', faults: [], head: [] });
    const first = (name: string) => weights.get(name)?.values[0];
    const tag = (name: string) => theirs.get(name)?.values[0];
    expect(first('conv_1.conv2d_1.kernel')).toBe(tag('conv1.weight'));
    const third = 'residual_3.add_1';
    expect(first(`${third}.branch1.conv_1.conv2d_1.kernel`)).toBe(
      tag('layer2.0.downsample.0.weight'),
    );
    expect(first(`${third}.branch1.conv_1.batchNorm_1.gamma`)).toBe(
      tag('layer2.0.downsample.1.weight'),
    );
    expect(first(`${third}.branch2.conv_2.conv2d_1.kernel`)).toBe(tag('layer2.0.conv2.weight'));
    expect(first('residual_8.add_1.branch2.conv_2.batchNorm_1.movingVariance')).toBe(
      tag('layer4.1.bn2.running_var'),
    );
    expect(first('dense_1.bias')).toBe(tag('fc.bias'));
  });

  test.each([
    ['of another number of classes', resnet18(7)],
    ['that is missing', new Map([...theirs].filter(([name]) => !name.startsWith('fc.')))],
  ])('leave a last layer %s', (_what, given) => {
    const { weights, faults, head } = adoptWeights(graph, sorted(given));
    expect(faults).toEqual([]);
    expect(head).toEqual(['dense_1.kernel', 'dense_1.bias']);
    expect(weights.size).toBe(theirs.size - 2);
  });

  test('that do not fit are named', () => {
    const given = new Map(theirs);
    given.set('layer1.0.conv2.weight', { shape: [32, 64, 3, 3], values: new Float32Array(18432) });
    given.delete('layer3.1.bn2.bias');
    expect(adoptWeights(graph, sorted(given)).faults).toEqual([
      'layer1.0.conv2.weight is 32x64x3x3; residual_1.add_1.branch2.conv_2.conv2d_1, the layer in its place, takes 64x64x3x3',
      'layer3.1.bn2.bias is missing; residual_6.add_1.branch2.conv_2.batchNorm_1, the layer in its place, takes 256',
    ]);
    const { faults } = adoptWeights(zooInput('resnet34').graph, sorted(theirs));
    expect(faults[0]).toBe('the file has 21 convolutions and dense layers, the network 37');
  });
});

test('a dense layer takes a 1x1 convolution', () => {
  const graph = networkOf('- { op: conv2d, kernel: 1, filters: 2, bias: false }');
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  const given = new Map<string, Weight>([
    ['a.weight', { shape: [2, 3, 1, 1], values }],
    ['b.weight', { shape: [3, 2, 1, 1], values }],
    ['b.bias', { shape: [3], values: Float32Array.of(7, 8, 9) }],
  ]);
  const { weights, faults } = adoptWeights(graph, given);
  expect(faults).toEqual([]);
  expect(weights.get('dense_1.kernel')).toEqual({
    shape: [2, 3],
    values: Float32Array.of(1, 3, 5, 2, 4, 6),
  });
});
