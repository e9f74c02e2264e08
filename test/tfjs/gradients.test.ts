/** Every layer of our own trains: its gradient is the slope that small steps find. */
import type * as tfjs from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { type NetlatheLayers, registerLayers } from '../../compiler/7-emit/tfjs/layers.ts';
import { noise, tf } from './run.ts';

const own = registerLayers(tf);
const convolution = {
  filters: 4,
  kernelSize: [3, 2],
  strides: [1, 1],
  dilationRate: [1, 1],
  padding: [1, 1, 1, 0],
  groups: 1,
  useBias: true,
} as const;

const cases: Readonly<Record<string, (layers: NetlatheLayers) => tfjs.layers.Layer>> = {
  'grouped convolution': (l) => l.convolution({ ...convolution, groups: 2 }),
  'dilated convolution': (l) =>
    l.convolution({ ...convolution, dilationRate: [2, 3], strides: [2, 1] }),
  'dilated depthwise convolution': (l) =>
    l.convolution({ ...convolution, groups: 4, filters: 8, dilationRate: [2, 1] }),
  'padded maximum': (l) => l.maxPool({ poolSize: [3, 3], strides: [2, 2], padding: [1, 1, 1, 1] }),
  hardSwish: (l) => l.activation({ activation: 'hardSwish' }),
  hardSigmoid: (l) => l.activation({ activation: 'hardSigmoid' }),
  geluTanh: (l) => l.activation({ activation: 'geluTanh' }),
  elu: (l) => l.activation({ activation: 'elu', alpha: 0.7 }),
  channelShuffle: (l) => l.channelShuffle({ groups: 2 }),
  channelSlice: (l) => l.channelSlice({ begin: 1, size: 2 }),
};

const shape: [number, number, number, number] = [1, 5, 6, 4];
const count = 5 * 6 * 4;

describe.each(Object.entries(cases))('%s', (_name, make) => {
  const layer = make(own);
  layer.build(shape);
  layer.setWeights(layer.weights.map((w, i) => weightOf(w, i)));

  /** A sum of the outputs with fixed factors. */
  const loss = (x: tfjs.Tensor): tfjs.Scalar => {
    const y = layer.apply(x) as tfjs.Tensor;
    return tf.sum(tf.mul(y, tf.tensor(noise(y.size, 1), y.shape)));
  };

  test('has the gradient of its input', () => {
    const start = noise(count);
    const gradient = tf
      .grad((x: tfjs.Tensor) => loss(x))(tf.tensor4d(start, shape))
      .dataSync();
    expectSlopes(gradient, start, (values) => loss(tf.tensor4d(values, shape)));
  });

  test('has the gradient of its weights', () => {
    const x = tf.tensor4d(noise(count), shape);
    for (const weight of layer.trainableWeights) {
      const variable = weight.read() as tfjs.Variable;
      const start = variable.dataSync<'float32'>().slice();
      const { grads } = tf.variableGrads(() => loss(x), [variable]);
      const gradient = (grads[variable.name] as tfjs.Tensor).dataSync();
      expectSlopes(gradient, start, (values) => {
        variable.assign(tf.tensor(values, variable.shape));
        return loss(x);
      });
      variable.assign(tf.tensor(start, variable.shape));
    }
  });
});

function weightOf(weight: tfjs.LayerVariable, index: number): tfjs.Tensor {
  const dims = weight.shape as number[];
  return tf.tensor(noise(dims.reduce((n, d) => n * d, 1) + index, 0.7).slice(index), dims);
}

/** Central differences, at every seventh value. */
function expectSlopes(
  gradient: ArrayLike<number>,
  start: Float32Array,
  loss: (values: Float32Array) => tfjs.Scalar,
): void {
  const step = 1 / 128;
  for (let i = 0; i < start.length; i += 7) {
    const at = (delta: number) => {
      const moved = start.slice();
      moved[i] = (moved[i] as number) + delta;
      return loss(moved).dataSync()[0] as number;
    };
    expect(gradient[i]).toBeCloseTo((at(step) - at(-step)) / (2 * step), 2);
  }
}
