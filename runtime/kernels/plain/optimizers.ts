/**
 * Optimizer steps over all weights at once; formulas as in torch.optim. `gradientScale` multiplies every gradient
 * (clipping, accumulation). A unit is a chunk of 4096 numbers.
 */
import { kernel } from '../kernel.ts';
import { elementUnits } from './elements.ts';

const UNIT = 'chunk of 4096 elements';

/** buffer = momentum * buffer + g; w -= rate * (nesterov ? g + momentum * buffer : buffer); g includes the decay. */
export const sgdStep = kernel({
  name: 'sgdStep',
  args: {
    weights: 'inout',
    gradients: 'in',
    buffer: 'inout',
    size: 'i32',
    rate: 'f32',
    decay: 'f32',
    momentum: 'f32',
    nesterov: 'i32',
    gradientScale: 'f32',
  },
  unit: UNIT,
  plain(a, begin, end) {
    for (const i of elementUnits(a.size, begin, end)) {
      const g = a.gradients[i]! * a.gradientScale + a.decay * a.weights[i]!;
      const b = a.momentum * a.buffer[i]! + g;
      a.buffer[i] = b;
      a.weights[i] = a.weights[i]! - a.rate * (a.nesterov ? g + a.momentum * b : b);
    }
  },
});

/**
 * Adam (Kingma and Ba 2015) and, with `decoupled`, AdamW (Loshchilov and Hutter 2019). `correction1` is 1 - beta1^t and
 * `correction2` the root of 1 - beta2^t.
 */
export const adamStep = kernel({
  name: 'adamStep',
  args: {
    weights: 'inout',
    gradients: 'in',
    first: 'inout',
    second: 'inout',
    size: 'i32',
    rate: 'f32',
    decay: 'f32',
    beta1: 'f32',
    beta2: 'f32',
    epsilon: 'f32',
    correction1: 'f32',
    correction2: 'f32',
    decoupled: 'i32',
    gradientScale: 'f32',
  },
  unit: UNIT,
  plain(a, begin, end) {
    for (const i of elementUnits(a.size, begin, end)) {
      const w = a.weights[i]! * (a.decoupled ? 1 - a.rate * a.decay : 1);
      const g = a.gradients[i]! * a.gradientScale + (a.decoupled ? 0 : a.decay * a.weights[i]!);
      const m = a.first[i]! + (1 - a.beta1) * (g - a.first[i]!);
      const v = a.beta2 * a.second[i]! + (1 - a.beta2) * g * g;
      a.first[i] = m;
      a.second[i] = v;
      a.weights[i] =
        w - ((a.rate / a.correction1) * m) / (Math.sqrt(v) / a.correction2 + a.epsilon);
    }
  },
});

/** square = smoothing * square + (1 - smoothing) * g^2; buffer = momentum * buffer + g / (root + epsilon). */
export const rmspropStep = kernel({
  name: 'rmspropStep',
  args: {
    weights: 'inout',
    gradients: 'in',
    buffer: 'inout',
    square: 'inout',
    size: 'i32',
    rate: 'f32',
    decay: 'f32',
    smoothing: 'f32',
    momentum: 'f32',
    epsilon: 'f32',
    gradientScale: 'f32',
  },
  unit: UNIT,
  plain(a, begin, end) {
    for (const i of elementUnits(a.size, begin, end)) {
      const g = a.gradients[i]! * a.gradientScale + a.decay * a.weights[i]!;
      const s = a.smoothing * a.square[i]! + (1 - a.smoothing) * g * g;
      const b = a.momentum * a.buffer[i]! + g / (Math.sqrt(s) + a.epsilon);
      a.square[i] = s;
      a.buffer[i] = b;
      a.weights[i] = a.weights[i]! - a.rate * b;
    }
  },
});

/** average = decay * average + (1 - decay) * value */
export const averageStep = kernel({
  name: 'averageStep',
  args: { values: 'in', average: 'inout', size: 'i32', decay: 'f32' },
  unit: UNIT,
  plain({ values, average, size, decay }, begin, end) {
    for (const i of elementUnits(size, begin, end)) {
      average[i] = average[i]! + (1 - decay) * (values[i]! - average[i]!);
    }
  },
});

/** sums[chunk] = the sum of the chunk's squares; not finite where a value is not. */
export const squareSums = kernel({
  name: 'squareSums',
  args: { values: 'in', sums: 'out', size: 'i32' },
  unit: UNIT,
  plain({ values, sums, size }, begin, end) {
    for (let unit = begin; unit < end; unit++) {
      let sum = 0;
      for (const i of elementUnits(size, unit, unit + 1)) sum += values[i]! ** 2;
      sums[unit] = sum;
    }
  },
});
