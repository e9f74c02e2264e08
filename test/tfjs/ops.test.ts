import { describe, expect, test } from 'vitest';
import type { Edges, Pair } from '../../compiler/ops/attributes.ts';
import { averagePool, convolve, type Image, maxPool } from './reference.ts';
import { noise, subject } from './run.ts';

function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance = 1e-5): void {
  expect(found.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [found[i] as number, wanted[i] as number];
    if (Math.abs(a - b) > tolerance * (1 + Math.abs(b))) expect(a, `value ${i}`).toBe(b);
  }
}

/** The four values of a 2 x 2 image, or what a layer makes of them. */
function through(layer: string, values: readonly number[]): readonly number[] {
  return [...subject(layer, 2, 1).run(values)];
}

describe('activations', () => {
  // Values of torch.nn.functional 2.x, printed with 7 digits.
  test.each([
    ['relu', [0, 0, 1, 4]],
    ['relu6', [0, 0, 1, 4]],
    ['hardSwish', [0, -0.3333333, 0.6666667, 4]],
    ['hardSigmoid', [0, 0.3333333, 0.6666667, 1]],
    ['silu', [-0.142278, -0.2689414, 0.7310586, 3.9280552]],
    ['sigmoid', [0.0474259, 0.2689414, 0.7310586, 0.9820138]],
    ['tanh', [-0.9950548, -0.7615942, 0.7615942, 0.9993293]],
    ['gelu', [-0.0040496, -0.1586553, 0.8413447, 3.9998734]],
    ['{ op: gelu, approximate: tanh }', [-0.0036374, -0.158808, 0.841192, 3.9999297]],
    ['elu', [-0.9502129, -0.6321206, 1, 4]],
    ['{ op: elu, alpha: 0.5 }', [-0.4751065, -0.3160603, 1, 4]],
    ['leakyRelu', [-0.03, -0.01, 1, 4]],
    ['{ op: leakyRelu, slope: 0.2 }', [-0.6, -0.2, 1, 4]],
  ] as const)('%s', (layer, wanted) => {
    expectClose(through(`- ${layer}`, [-3, -1, 1, 4]), wanted, 2e-6);
  });

  test('relu6 and the hard ones are cut off', () => {
    expect(through('- relu6', [5, 6, 7, 100])).toEqual([5, 6, 6, 6]);
    expect(through('- hardSigmoid', [-100, 3, 2.5, 100])[2]).toBeCloseTo(5.5 / 6, 6);
  });
});

const sizes = [
  [9, 4],
  [8, 4],
] as const;

describe.each(sizes)('windows over %d pixels with %d channels', (size, channels) => {
  const values = noise(size * size * channels);
  const image: Image = { height: size, width: size, channels, values: Float64Array.from(values) };

  test.each([
    '{ kernel: 3, filters: 4 }',
    '{ kernel: 3, filters: 4, padding: same }',
    '{ kernel: 3, filters: 4, stride: 2, padding: same }',
    '{ kernel: 3, filters: 4, stride: 2, padding: 1 }',
    '{ kernel: 2, filters: 4, stride: 2, padding: [1, 0] }',
    '{ kernel: [1, 3], filters: 4, stride: [2, 1], padding: [0, 2], bias: false }',
    '{ kernel: 3, filters: 4, dilation: 2, padding: same }',
    '{ kernel: 3, filters: 4, dilation: [1, 3], stride: 2, padding: 2 }',
    '{ kernel: 3, groups: depthwise, padding: 1 }',
    '{ kernel: 5, groups: depthwise, padding: 2, stride: 2 }',
    '{ kernel: 3, groups: depthwise, filters: 12, padding: same }',
    '{ kernel: 3, groups: depthwise, filters: 12, dilation: 2, stride: 2 }',
    '{ kernel: 3, groups: 2, filters: 4, padding: 1 }',
    '{ kernel: 3, groups: 2, filters: 6, padding: same, stride: 2, bias: false }',
    '{ kernel: [2, 3], groups: 2, filters: 4, dilation: [2, 1] }',
  ])('conv2d %s', (attributes) => {
    const { node, weights, run } = subject(
      `- { op: conv2d, ${attributes.slice(1)}`,
      size,
      channels,
    );
    if (node.op !== 'conv2d') throw new Error('not a convolution');
    const wanted = convolve(
      image,
      { ...node.attributes, before: corner(node.attributes.padding) },
      node.shape,
      node.attributes.groups,
      weights.get(`${node.name}.kernel`)?.values as Float32Array,
      weights.get(`${node.name}.bias`)?.values,
    );
    expectClose(run(values), wanted.values);
  });

  test.each([
    '{ size: 2 }',
    '{ size: 3, stride: 2, padding: 1 }',
    '{ size: 3, stride: 1, padding: same }',
    '{ size: 2, stride: 2, padding: same }',
    '{ size: [3, 2], stride: [1, 2], padding: [1, 0] }',
    '{ size: 4, stride: 3, padding: 2 }',
  ])('pools %s', (attributes) => {
    for (const op of ['maxPool2d', 'avgPool2d'] as const) {
      // Negative everywhere: zeros in the padding of a maximum would show.
      const input = op === 'maxPool2d' ? values.map((x) => x - 5) : values;
      const picture = { ...image, values: Float64Array.from(input) };
      const { node, run } = subject(`- { op: ${op}, ${attributes.slice(1)}`, size, channels);
      if (node.op !== 'maxPool2d' && node.op !== 'avgPool2d') throw new Error('not a pool');
      const { size: kernel, stride, padding } = node.attributes;
      const window = { kernel, stride, dilation: [1, 1] as Pair, before: corner(padding) };
      const { height, width } = node.shape;
      const wanted =
        node.op === 'maxPool2d'
          ? maxPool(picture, window, height, width)
          : averagePool(picture, window, height, width, node.attributes.countPadding);
      expectClose(run(input), wanted.values);
    }
  });
});

function corner([top, , left]: Edges): Pair {
  return [top, left];
}

describe('avgPool2d', () => {
  test('counts the zeros of numeric padding, as PyTorch does', () => {
    const layer = '- { op: avgPool2d, size: 3, stride: 1, padding: 1 }';
    expectClose(through(layer, [9, 9, 9, 9]), [4, 4, 4, 4]);
  });

  test('leaves those of same out, as Keras does', () => {
    const layer = '- { op: avgPool2d, size: 3, stride: 1, padding: same }';
    expectClose(through(layer, [9, 9, 9, 9]), [9, 9, 9, 9]);
  });
});

describe('batchNorm', () => {
  test('uses the running statistics, gamma and beta', () => {
    const found = subject('- { op: batchNorm, epsilon: 0.5 }', 2, 1, {
      'batchNorm_1.gamma': [2],
      'batchNorm_1.beta': [1],
      'batchNorm_1.movingMean': [3],
      'batchNorm_1.movingVariance': [3.5],
    }).run([1, 3, 5, 7]);
    expectClose(found, [-1, 1, 3, 5]);
  });

  test('turns the momentum of PyTorch into that of Keras', () => {
    const { layer } = subject('- { op: batchNorm, momentum: 0.01, epsilon: 0.001 }', 2, 1);
    expect(layer.getConfig()).toMatchObject({ momentum: 0.99, epsilon: 0.001 });
  });
});

describe('moving data', () => {
  const values = Float32Array.from({ length: 2 * 2 * 4 }, (_, i) => i);

  test('globalAvgPool is the mean of each channel', () => {
    expect([...subject('- globalAvgPool', 2, 4).run(values)]).toEqual([6, 7, 8, 9]);
  });

  test('flatten goes row by row, channels last', () => {
    expect([...subject('- flatten', 2, 4).run(values)]).toEqual([...values]);
  });

  test('split takes its part', () => {
    const found = subject('- { op: split, parts: 2, part: 1 }', 2, 4).run(values);
    expect([...found]).toEqual([2, 3, 6, 7, 10, 11, 14, 15]);
  });

  test('channelShuffle interleaves the groups', () => {
    // x.view(n, g, c / g).transpose(1, 2) of torchvision's ShuffleNetV2: 0 1 2 | 3 4 5 becomes 0 3 1 4 2 5.
    const layers =
      '- { op: concat, from: [image, image, image] }\n- { op: channelShuffle, groups: 2 }';
    const found = subject(layers, 1, 2).run([7, 8]);
    // 7 8 7 | 8 7 8
    expect([...found]).toEqual([7, 8, 8, 7, 7, 8]);
    const four = subject('- { op: channelShuffle, groups: 2 }', 2, 4).run(values);
    expect([...four].slice(0, 8)).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  });

  test('zeroPad pads each side by its own number', () => {
    const found = subject('- { op: zeroPad, padding: [1, 0, 0, 2] }', 2, 1).run([1, 2, 3, 4]);
    expect([...found]).toEqual([0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0]);
  });

  test('dropout does nothing in inference', () => {
    expect(through('- { op: dropout, rate: 0.9 }', [1, 2, 3, 4])).toEqual([1, 2, 3, 4]);
  });
});

describe('joins', () => {
  test('add', () => {
    expect(through('- { op: add, branches: [[], [relu], []] }', [-1, 1, 2, 3])).toEqual([
      -2, 3, 6, 9,
    ]);
  });

  test('concat keeps the order of its branches', () => {
    const found = subject('- { op: concat, branches: [[relu], []] }', 2, 1).run([-1, 1, -2, 2]);
    expect([...found]).toEqual([0, -1, 1, 1, 0, -2, 2, 2]);
  });

  test.each([
    '[[], [globalAvgPool]]',
    '[[globalAvgPool], []]',
    '[[globalAvgPool], [], [globalAvgPool]]',
  ])('multiply %s scales the channels', (branches) => {
    const found = through(`- { op: multiply, branches: ${branches} }`, [1, 2, 3, 6]);
    const scale = branches.match(/globalAvgPool/g)?.length === 2 ? 9 : 3;
    expect(found).toEqual([1, 2, 3, 6].map((x) => x * scale));
  });

  test('the same tensor twice', () => {
    const layers = '- { op: relu, name: x }\n- { op: multiply, from: [x, x] }';
    expect(through(layers, [1, 2, 3, 4])).toEqual([1, 4, 9, 16]);
  });
});
