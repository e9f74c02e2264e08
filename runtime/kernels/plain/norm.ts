/**
 * Batch norm in training (Ioffe and Szegedy 2015), with the activation behind it. `coefficients` holds four rows of
 * [channels]: scale, shift, mean and 1 / standard deviation, so that the norm is x * scale + shift.
 */
import { type KernelArgs, kernel } from '../kernel.ts';
import { activate, derivative } from './activation.ts';

/** Rows of `coefficients`, and of `gradientCoefficients`. */
export const COEFFICIENT_ROWS = 4;
export const GRADIENT_ROWS = 3;

/** partials[image] = the mean of each channel, then the sum of squares of what differs from it. */
export const normStatistics = kernel({
  name: 'normStatistics',
  args: { input: 'in', partials: 'out', pixels: 'i32', channels: 'i32' },
  unit: 'image',
  plain({ input, partials, pixels, channels }, begin, end) {
    for (let n = begin; n < end; n++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let p = 0; p < pixels; p++) sum += input[(n * pixels + p) * channels + c]!;
        const mean = sum / pixels;
        let squares = 0;
        for (let p = 0; p < pixels; p++)
          squares += (input[(n * pixels + p) * channels + c]! - mean) ** 2;
        partials[n * 2 * channels + c] = mean;
        partials[(n * 2 + 1) * channels + c] = squares;
      }
    }
  },
});

/**
 * Statistics of the batch from those of its images (Chan, Golub and LeVeque 1983), and the running ones:
 * running = (1 - momentum) * running + momentum * batch, with the unbiased variance, as PyTorch does.
 */
export const normFinish = kernel({
  name: 'normFinish',
  args: {
    partials: 'in',
    gamma: 'in',
    beta: 'in',
    runningMean: 'inout',
    runningVariance: 'inout',
    coefficients: 'out',
    images: 'i32',
    pixels: 'i32',
    channels: 'i32',
    affine: 'i32',
    epsilon: 'f32',
    momentum: 'f32',
  },
  unit: 'channel',
  plain(a, begin, end) {
    const { images, channels, coefficients } = a;
    const count = images * a.pixels;
    for (let c = begin; c < end; c++) {
      let sum = 0;
      for (let n = 0; n < images; n++) sum += a.partials[n * 2 * channels + c]!;
      const mean = sum / images;
      let squares = 0;
      for (let n = 0; n < images; n++) {
        const apart = a.partials[n * 2 * channels + c]! - mean;
        squares += a.partials[(n * 2 + 1) * channels + c]! + a.pixels * apart * apart;
      }
      const variance = squares / count;
      const unbiased = count > 1 ? squares / (count - 1) : variance;
      a.runningMean[c] = a.runningMean[c]! + a.momentum * (mean - a.runningMean[c]!);
      a.runningVariance[c] =
        a.runningVariance[c]! + a.momentum * (unbiased - a.runningVariance[c]!);
      const inverse = 1 / Math.sqrt(variance + a.epsilon);
      const scale = (a.affine ? a.gamma[c]! : 1) * inverse;
      coefficients[c] = scale;
      coefficients[channels + c] = (a.affine ? a.beta[c]! : 0) - mean * scale;
      coefficients[2 * channels + c] = mean;
      coefficients[3 * channels + c] = inverse;
    }
  },
});

const PASS = {
  pixels: 'i32',
  channels: 'i32',
  activation: 'i32',
  parameter: 'f32',
} as const satisfies KernelArgs;

/** output = activation(input * scale + shift) */
export const normActivate = kernel({
  name: 'normActivate',
  args: { input: 'in', coefficients: 'in', output: 'out', ...PASS },
  unit: 'image',
  plain({ input, coefficients, output, pixels, channels, activation, parameter }, begin, end) {
    for (let i = begin * pixels * channels; i < end * pixels * channels; i++) {
      const c = i % channels;
      const z = input[i]! * coefficients[c]! + coefficients[channels + c]!;
      output[i] = activate(z, activation, parameter);
    }
  },
});

/** The sums that the gradient needs, an image each: of dz, then of dz * normalised input; dz = gradient * slope(z). */
export const normGradientSums = kernel({
  name: 'normGradientSums',
  args: { input: 'in', gradient: 'in', coefficients: 'in', partials: 'out', ...PASS },
  unit: 'image',
  plain(
    { input, gradient, coefficients, partials, pixels, channels, activation, parameter },
    begin,
    end,
  ) {
    for (let n = begin; n < end; n++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        let product = 0;
        for (let p = 0; p < pixels; p++) {
          const i = (n * pixels + p) * channels + c;
          const x = input[i]!;
          const z = x * coefficients[c]! + coefficients[channels + c]!;
          const dz = gradient[i]! * derivative(z, activation, parameter);
          sum += dz;
          product += dz * (x - coefficients[2 * channels + c]!) * coefficients[3 * channels + c]!;
        }
        partials[n * 2 * channels + c] = sum;
        partials[(n * 2 + 1) * channels + c] = product;
      }
    }
  },
});

/**
 * Gradients to gamma and beta, and the three rows that make the gradient to the input dz * row0 + x * row1 + row2, which
 * is gamma / std * (dz - mean(dz) - xhat * mean(dz * xhat)) written out. `store` 0 leaves gamma and beta's alone.
 */
export const normGradientFinish = kernel({
  name: 'normGradientFinish',
  args: {
    partials: 'in',
    coefficients: 'in',
    gammaGradient: 'inout',
    betaGradient: 'inout',
    gradientCoefficients: 'out',
    images: 'i32',
    pixels: 'i32',
    channels: 'i32',
    store: 'i32',
    accumulate: 'i32',
  },
  unit: 'channel',
  plain(a, begin, end) {
    const { images, channels, coefficients } = a;
    const count = images * a.pixels;
    for (let c = begin; c < end; c++) {
      let sum = 0;
      let product = 0;
      for (let n = 0; n < images; n++) {
        sum += a.partials[n * 2 * channels + c]!;
        product += a.partials[(n * 2 + 1) * channels + c]!;
      }
      if (a.store) {
        a.betaGradient[c] = (a.accumulate ? a.betaGradient[c]! : 0) + sum;
        a.gammaGradient[c] = (a.accumulate ? a.gammaGradient[c]! : 0) + product;
      }
      const scale = coefficients[c]!;
      const slope = (-scale * coefficients[3 * channels + c]! * product) / count;
      a.gradientCoefficients[c] = scale;
      a.gradientCoefficients[channels + c] = slope;
      a.gradientCoefficients[2 * channels + c] =
        (-scale * sum) / count - slope * coefficients[2 * channels + c]!;
    }
  },
});

/** inputGradient = dz * row0 + input * row1 + row2 of normGradientFinish. */
export const normInputGradient = kernel({
  name: 'normInputGradient',
  args: {
    input: 'in',
    gradient: 'in',
    coefficients: 'in',
    gradientCoefficients: 'in',
    inputGradient: 'out',
    ...PASS,
  },
  unit: 'image',
  plain(a, begin, end) {
    const { coefficients, gradientCoefficients: g, pixels, channels } = a;
    for (let i = begin * pixels * channels; i < end * pixels * channels; i++) {
      const c = i % channels;
      const x = a.input[i]!;
      const z = x * coefficients[c]! + coefficients[channels + c]!;
      const dz = a.gradient[i]! * derivative(z, a.activation, a.parameter);
      a.inputGradient[i] = dz * g[c]! + x * g[channels + c]! + g[2 * channels + c]!;
    }
  },
});

/** The coefficients of a norm whose statistics are fixed, as in inference. */
export const normCoefficients = kernel({
  name: 'normCoefficients',
  args: {
    gamma: 'in',
    beta: 'in',
    mean: 'in',
    variance: 'in',
    coefficients: 'out',
    channels: 'i32',
    affine: 'i32',
    epsilon: 'f32',
  },
  unit: 'channel',
  plain({ gamma, beta, mean, variance, coefficients, channels, affine, epsilon }, begin, end) {
    for (let c = begin; c < end; c++) {
      const inverse = 1 / Math.sqrt(variance[c]! + epsilon);
      const scale = (affine ? gamma[c]! : 1) * inverse;
      coefficients[c] = scale;
      coefficients[channels + c] = (affine ? beta[c]! : 0) - mean[c]! * scale;
      coefficients[2 * channels + c] = mean[c]!;
      coefficients[3 * channels + c] = inverse;
    }
  },
});
