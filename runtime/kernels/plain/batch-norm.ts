/**
 * Batch norm over [N, pixels, C], in the steps a threaded program needs: partial sums for each image, one small kernel
 * that merges them in image order, one pass that applies the result. `scale` and `shift` are the whole layer as
 * z = x scale + shift. Buffers `mean`, `invStd`, `scale`, `shift`, `gamma`, `beta`: one float for each channel.
 */
import { type Floats, kernel } from '../kernel.ts';
import { activate, derivative } from './activation.ts';

/** Floats of `partials`: two for each image and channel. */
export function batchNormPartials(images: number, channels: number): number {
  return images * 2 * channels;
}

/** For each image and channel the mean, and the sum of squared deviations from it: partials [N, 2, C]. */
export const batchNormStatistics = kernel({
  name: 'batchNormStatistics',
  args: { x: 'in', partials: 'out', pixels: 'i32', channels: 'i32' },
  unit: 'image',
  plain({ x, partials, pixels, channels }, begin, end) {
    for (let image = begin; image < end; image++) {
      for (let c = 0; c < channels; c++) {
        const first = image * pixels * channels + c;
        let mean = 0;
        for (let p = 0; p < pixels; p++) mean += x[first + p * channels]! / pixels;
        let squares = 0;
        for (let p = 0; p < pixels; p++) squares += (x[first + p * channels]! - mean) ** 2;
        partials[image * 2 * channels + c] = mean;
        partials[(image * 2 + 1) * channels + c] = squares;
      }
    }
  },
});

interface Affine {
  readonly gamma: Floats;
  readonly beta: Floats;
  readonly scale: Floats;
  readonly shift: Floats;
  readonly affine: number;
}

function storeAffine(a: Affine, c: number, mean: number, invStd: number): void {
  const scale = (a.affine ? a.gamma[c]! : 1) * invStd;
  a.scale[c] = scale;
  a.shift[c] = (a.affine ? a.beta[c]! : 0) - mean * scale;
}

/**
 * Merges the partials; moves the running statistics as PyTorch does: running = (1 - momentum) running + momentum batch,
 * with the unbiased variance. gamma and beta are read only if `affine`.
 */
export const batchNormFinalize = kernel({
  name: 'batchNormFinalize',
  args: {
    partials: 'in',
    gamma: 'in',
    beta: 'in',
    runningMean: 'inout',
    runningVariance: 'inout',
    mean: 'out',
    invStd: 'out',
    scale: 'out',
    shift: 'out',
    images: 'i32',
    pixels: 'i32',
    channels: 'i32',
    affine: 'i32',
    epsilon: 'f32',
    momentum: 'f32',
  },
  unit: 'channel',
  plain(a, begin, end) {
    const { partials, images, pixels, channels, momentum } = a;
    const count = images * pixels;
    for (let c = begin; c < end; c++) {
      let mean = 0;
      for (let i = 0; i < images; i++) mean += partials[i * 2 * channels + c]! / images;
      let squares = 0;
      for (let i = 0; i < images; i++) {
        squares += partials[(i * 2 + 1) * channels + c]!;
        squares += pixels * (partials[i * 2 * channels + c]! - mean) ** 2;
      }
      a.mean[c] = mean;
      a.invStd[c] = 1 / Math.sqrt(squares / count + a.epsilon);
      storeAffine(a, c, mean, a.invStd[c]!);
      const unbiased = squares / Math.max(count - 1, 1);
      a.runningMean[c] = (1 - momentum) * a.runningMean[c]! + momentum * mean;
      a.runningVariance[c] = (1 - momentum) * a.runningVariance[c]! + momentum * unbiased;
    }
  },
});

/** What batchNormFinalize gives, from the running statistics: inference, or training with frozen statistics. */
export const batchNormFrozen = kernel({
  name: 'batchNormFrozen',
  args: {
    gamma: 'in',
    beta: 'in',
    runningMean: 'in',
    runningVariance: 'in',
    mean: 'out',
    invStd: 'out',
    scale: 'out',
    shift: 'out',
    affine: 'i32',
    epsilon: 'f32',
  },
  unit: 'channel',
  plain(a, begin, end) {
    for (let c = begin; c < end; c++) {
      a.mean[c] = a.runningMean[c]!;
      a.invStd[c] = 1 / Math.sqrt(a.runningVariance[c]! + a.epsilon);
      storeAffine(a, c, a.mean[c]!, a.invStd[c]!);
    }
  },
});

/** y = activation(x scale + shift). */
export const batchNormApply = kernel({
  name: 'batchNormApply',
  args: {
    x: 'in',
    scale: 'in',
    shift: 'in',
    y: 'out',
    pixels: 'i32',
    channels: 'i32',
    activation: 'i32',
    parameter: 'f32',
  },
  unit: 'image',
  plain({ x, scale, shift, y, pixels, channels, activation, parameter }, begin, end) {
    for (let i = begin * pixels * channels; i < end * pixels * channels; i++) {
      const c = i % channels;
      y[i] = activate(x[i]! * scale[c]! + shift[c]!, activation, parameter);
    }
  },
});

/**
 * For each image and channel the sums of dz and of dz xhat, with dz = dy activation'(z) and xhat = (x - mean) invStd:
 * partials [N, 2, C].
 */
export const batchNormBackwardReduce = kernel({
  name: 'batchNormBackwardReduce',
  args: {
    x: 'in',
    dy: 'in',
    mean: 'in',
    invStd: 'in',
    scale: 'in',
    shift: 'in',
    partials: 'out',
    pixels: 'i32',
    channels: 'i32',
    activation: 'i32',
    parameter: 'f32',
  },
  unit: 'image',
  plain({ x, dy, mean, invStd, scale, shift, partials, pixels, channels, ...a }, begin, end) {
    partials.fill(0, begin * 2 * channels, end * 2 * channels);
    for (let i = begin * pixels * channels; i < end * pixels * channels; i++) {
      const c = i % channels;
      const to = Math.floor(i / (pixels * channels)) * 2 * channels + c;
      const dz = dy[i]! * derivative(x[i]! * scale[c]! + shift[c]!, a.activation, a.parameter);
      partials[to]! += dz;
      partials[to + channels]! += dz * (x[i]! - mean[c]!) * invStd[c]!;
    }
  },
});

/**
 * Adds the partials up to dbeta and dgamma, and gives what batchNormBackwardApply subtracts for the statistics' own
 * dependence on x, as a line: correction [2, C] = slope and offset of
 * -gamma invStd (mean(dz) + xhat mean(dz xhat)). It is zero if the statistics were `frozen`.
 */
export const batchNormBackwardFinalize = kernel({
  name: 'batchNormBackwardFinalize',
  args: {
    partials: 'in',
    mean: 'in',
    invStd: 'in',
    scale: 'in',
    dgamma: 'out',
    dbeta: 'out',
    correction: 'out',
    images: 'i32',
    pixels: 'i32',
    channels: 'i32',
    frozen: 'i32',
  },
  unit: 'channel',
  plain(a, begin, end) {
    const { partials, images, pixels, channels } = a;
    for (let c = begin; c < end; c++) {
      let sum = 0;
      let sumHat = 0;
      for (let i = 0; i < images; i++) {
        sum += partials[i * 2 * channels + c]!;
        sumHat += partials[(i * 2 + 1) * channels + c]!;
      }
      a.dbeta[c] = sum;
      a.dgamma[c] = sumHat;
      const factor = a.frozen ? 0 : a.scale[c]! / (images * pixels);
      const slope = -factor * sumHat * a.invStd[c]!;
      a.correction[c] = slope;
      a.correction[channels + c] = -factor * sum - slope * a.mean[c]!;
    }
  },
});

/** dx = scale dz + correction. */
export const batchNormBackwardApply = kernel({
  name: 'batchNormBackwardApply',
  args: {
    x: 'in',
    dy: 'in',
    scale: 'in',
    shift: 'in',
    correction: 'in',
    dx: 'out',
    pixels: 'i32',
    channels: 'i32',
    activation: 'i32',
    parameter: 'f32',
  },
  unit: 'image',
  plain({ x, dy, scale, shift, correction, dx, pixels, channels, ...a }, begin, end) {
    for (let i = begin * pixels * channels; i < end * pixels * channels; i++) {
      const c = i % channels;
      const dz = dy[i]! * derivative(x[i]! * scale[c]! + shift[c]!, a.activation, a.parameter);
      dx[i] = scale[c]! * dz + correction[c]! * x[i]! + correction[channels + c]!;
    }
  },
});
