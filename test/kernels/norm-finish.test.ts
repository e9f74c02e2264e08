/** The small kernels around batch norm against closed forms, and the whole gradient against central differences. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTIVATION_CODES } from '../../runtime/kernels/activation-codes.ts';
import * as k from '../../runtime/kernels/index.ts';
import type { Floats } from '../../runtime/kernels/kernel.ts';
import { checkAgreement } from './agree.ts';
import { BUILDS, checkDerivative, RUNS, randomFloats, runPlain, runWasm } from './harness.ts';

const parameters = { numRuns: RUNS, seed: 6 };
const int = (min: number, max: number) => fc.integer({ min, max });
const flag = fc.constantFrom(0, 1);
const epsilon = 1e-5;

/** The channel c of [n, channels], as a list. */
function column(values: Floats, c: number, channels: number): number[] {
  return Array.from({ length: values.length / channels }, (_, i) => values[i * channels + c]!);
}

const mean = (x: readonly number[]) => x.reduce((sum, v) => sum + v, 0) / x.length;

describe('normFinish', () => {
  it('gives the statistics of the whole batch, and running ones as PyTorch', () => {
    const shapes = fc.record({ images: int(1, 6), pixels: int(1, 30), channels: int(1, 21) });
    fc.assert(
      fc.property(shapes, flag, ({ images, pixels, channels }, affine) => {
        const input = randomFloats(images * pixels * channels, 1).map((x, i) => x + (i % channels));
        const [gamma, beta] = [randomFloats(channels, 2), randomFloats(channels, 3)];
        for (const build of BUILDS) {
          const found = new Float32Array(images * 2 * channels);
          const statistics = { input, partials: found, pixels, channels };
          const { partials } = runWasm(build, k.normStatistics, statistics, images);
          const values = {
            ...{ partials: partials!, gamma, beta, images, pixels, channels, affine, epsilon },
            runningMean: new Float32Array(channels).fill(1),
            runningVariance: new Float32Array(channels).fill(2),
            coefficients: new Float32Array(4 * channels),
            momentum: 0.1,
          };
          checkAgreement(k.normFinish, values, channels, 2e-6);
          const got = runWasm(build, k.normFinish, values, channels);
          for (let c = 0; c < channels; c++) {
            const x = column(input, c, channels);
            const squares = x.reduce((sum, v) => sum + (v - mean(x)) ** 2, 0);
            const inverse = 1 / Math.sqrt(squares / x.length + epsilon);
            const unbiased = x.length > 1 ? squares / (x.length - 1) : 0;
            expect(got.runningMean![c]).toBeCloseTo(0.9 + 0.1 * mean(x), 5);
            expect(got.runningVariance![c]).toBeCloseTo(1.8 + 0.1 * unbiased, 5);
            const scale = (affine ? gamma[c]! : 1) * inverse;
            expect(got.coefficients![c]! / scale).toBeCloseTo(1, 3);
            expect(got.coefficients![2 * channels + c]).toBeCloseTo(mean(x), 5);
            expect(got.coefficients![3 * channels + c]! / inverse).toBeCloseTo(1, 3);
          }
        }
      }),
      parameters,
    );
  });

  it.each(BUILDS)('takes a channel of one value, in the %s build', (build) => {
    const partials = Float32Array.of(5, 0);
    const values = {
      ...{ partials, gamma: Float32Array.of(2), beta: Float32Array.of(3), images: 1, pixels: 1 },
      ...{ runningMean: new Float32Array(1), runningVariance: new Float32Array(1) },
      ...{ coefficients: new Float32Array(4), channels: 1, affine: 1, epsilon, momentum: 1 },
    };
    const got = runWasm(build, k.normFinish, values, 1);
    // A variance of 0: everything stays finite, and the norm of 5 is beta.
    expect([got.runningMean![0], got.runningVariance![0]]).toEqual([5, 0]);
    expect(5 * got.coefficients![0]! + got.coefficients![1]!).toBeCloseTo(3, 3);
  });
});

describe('the gradient of batch norm', () => {
  const small = fc.record({ images: int(1, 3), pixels: int(2, 4), channels: int(1, 3) });
  // Smooth everywhere, so that a difference across a kink cannot mislead.
  const smooth = fc.constantFrom(
    ...(['identity', 'sigmoid', 'tanh', 'silu', 'gelu', 'geluTanh'] as const),
  );

  it('is the derivative of norm and activation over the batch', () => {
    fc.assert(
      fc.property(small, smooth, ({ images, pixels, channels }, name) => {
        const size = images * pixels * channels;
        const x = Float64Array.from(randomFloats(size, 1), (v, i) => 2 * v + i / size);
        const gamma = Float64Array.from(randomFloats(channels, 2), (v) => 1.5 + v);
        const beta = Float64Array.from(randomFloats(channels, 3));
        const gradient = randomFloats(size, 4);
        const activation = { activation: ACTIVATION_CODES[name], parameter: 0, pixels, channels };
        const normed = (at: Float64Array, g: Float64Array, b: Float64Array) => {
          const blank = new Float64Array(images * 2 * channels);
          const first = { input: at, partials: blank, pixels, channels };
          const { partials } = runPlain(k.normStatistics, first, images);
          const second = {
            ...{ partials: partials!, gamma: g, beta: b, images, pixels, channels, affine: 1 },
            ...{
              runningMean: new Float64Array(channels),
              coefficients: new Float64Array(4 * channels),
            },
            ...{ runningVariance: new Float64Array(channels), epsilon: 1e-3, momentum: 0.1 },
          };
          return runPlain(k.normFinish, second, channels).coefficients!;
        };
        const forward = (at: Float64Array, g: Float64Array, b: Float64Array) => {
          const coefficients = normed(at, g, b);
          const values = { input: at, coefficients, output: new Float64Array(size), ...activation };
          return runPlain(k.normActivate, values, images).output!;
        };
        const coefficients = normed(x, gamma, beta);
        const common = { input: x, gradient, coefficients, ...activation };
        const blank = new Float64Array(images * 2 * channels);
        const sums = runPlain(k.normGradientSums, { ...common, partials: blank }, images).partials!;
        const finished = runPlain(
          k.normGradientFinish,
          {
            ...{ partials: sums, coefficients, images, pixels, channels, store: 1, accumulate: 0 },
            gammaGradient: new Float64Array(channels),
            betaGradient: new Float64Array(channels),
            gradientCoefficients: new Float64Array(3 * channels),
          },
          channels,
        );
        const inputGradient = new Float64Array(size);
        const last = {
          ...common,
          gradientCoefficients: finished.gradientCoefficients!,
          inputGradient,
        };
        const found = runPlain(k.normInputGradient, last, images).inputGradient!;
        checkDerivative((at) => forward(at, gamma, beta), x, gradient, found, 1e-5);
        checkDerivative((g) => forward(x, g, beta), gamma, gradient, finished.gammaGradient!, 1e-5);
        checkDerivative((b) => forward(x, gamma, b), beta, gradient, finished.betaGradient!, 1e-5);
      }),
      parameters,
    );
  });

  it('finishes as its twin does, adding or not', () => {
    fc.assert(
      fc.property(
        int(1, 5),
        int(1, 30),
        int(1, 21),
        flag,
        flag,
        (images, pixels, channels, store, accumulate) => {
          const values = {
            partials: randomFloats(images * 2 * channels, 1),
            coefficients: randomFloats(4 * channels, 2),
            gammaGradient: randomFloats(channels, 3),
            betaGradient: randomFloats(channels, 4),
            gradientCoefficients: new Float32Array(3 * channels).fill(7),
            ...{ images, pixels, channels, store, accumulate },
          };
          checkAgreement(k.normGradientFinish, values, channels, 2e-6);
        },
      ),
      parameters,
    );
  });
});

/** Norms with fixed statistics, as they come from training. */
const fixed = (channels: number) => ({
  gamma: randomFloats(channels, 11),
  beta: randomFloats(channels, 12),
  mean: randomFloats(channels, 13).map((x) => 3 * x),
  variance: randomFloats(channels, 14).map((x) => Math.abs(x) + 1e-3),
});

describe('fixed statistics', () => {
  it('become coefficients', () => {
    fc.assert(
      fc.property(int(1, 40), flag, (channels, affine) => {
        const coefficients = new Float32Array(4 * channels).fill(7);
        const values = { ...fixed(channels), coefficients, channels, affine, epsilon };
        checkAgreement(k.normCoefficients, values, channels, 2e-6);
        for (const build of BUILDS) {
          const got = runWasm(build, k.normCoefficients, values, channels).coefficients!;
          for (let c = 0; c < channels; c++) {
            const root = Math.sqrt(values.variance[c]! + epsilon);
            const [g, b] = affine ? [values.gamma[c]!, values.beta[c]!] : [1, 0];
            const expected = (g * (2 - values.mean[c]!)) / root + b;
            const found = 2 * got[c]! + got[channels + c]!;
            expect(Math.abs(found - expected)).toBeLessThan(1e-5 * (1 + (6 * Math.abs(g)) / root));
          }
        }
      }),
      parameters,
    );
  });

  it('fold into the weights before them: folded(x) = norm(convolution(x))', () => {
    fc.assert(
      fc.property(int(1, 20), int(1, 20), flag, flag, (rows, channels, hasBias, affine) => {
        const weights = randomFloats(rows * channels, 1);
        const bias = randomFloats(channels, 2);
        const values = {
          ...{ weights, bias, ...fixed(channels), rows, channels, hasBias, affine, epsilon },
          folded: new Float32Array(rows * channels).fill(7),
          foldedBias: new Float32Array(channels).fill(7),
        };
        checkAgreement(k.foldNorm, values, 1, 4e-6);
        const { folded, foldedBias } = runPlain(k.foldNorm, values, 1);
        const x = randomFloats(rows, 3);
        const product = (w: Floats, c: number) =>
          x.reduce((sum, v, r) => sum + v * w[r * channels + c]!, 0);
        for (let c = 0; c < channels; c++) {
          const z = product(weights, c) + (hasBias ? bias[c]! : 0);
          const [g, b] = affine ? [values.gamma[c]!, values.beta[c]!] : [1, 0];
          const normed = (g * (z - values.mean[c]!)) / Math.sqrt(values.variance[c]! + epsilon) + b;
          const found = product(folded!, c) + foldedBias![c]!;
          expect(Math.abs(found - normed)).toBeLessThan(1e-9 * (1 + Math.abs(normed)));
        }
      }),
      parameters,
    );
  });
});
