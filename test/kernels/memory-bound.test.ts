/** Activations, pooling, loss and optimizers against their twins and against closed forms. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTIVATION_CODES } from '../../runtime/kernels/activation-codes.ts';
import * as k from '../../runtime/kernels/index.ts';
import { checkAgreement } from './agree.ts';
import { BUILDS, checkDerivative, RUNS, randomFloats, runPlain, runWasm } from './harness.ts';

const parameters = { numRuns: RUNS, seed: 3 };
const parameter = 0.3;
/** Several units of 4096 and a ragged end. */
const sizes = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 4090, max: 9000 }));
const unitsOf = (size: number): number => Math.ceil(size / 4096);
const images = 3;

describe('activations', () => {
  it.each(Object.entries(ACTIVATION_CODES))('%s agrees with its twin', (_name, activation) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99 }), (size) => {
        const x = randomFloats(images * size, 1).map((v) => 8 * v);
        const values = { x, dy: randomFloats(images * size, 2), size, activation, parameter };
        const [y, dx] = [new Float32Array(images * size), new Float32Array(images * size)];
        checkAgreement(k.activationForward, { ...values, y }, images, 2e-6);
        checkAgreement(k.activationBackward, { ...values, dx }, images, 2e-6);
      }),
      parameters,
    );
  });

  it.each(Object.entries(ACTIVATION_CODES))('%s has its derivative', (_name, activation) => {
    const size = 200;
    const x = Float64Array.from({ length: size }, (_, i) => (i - 99.5) / 12.3);
    const dy = randomFloats(size, 2);
    const values = { x, dy, size, activation, parameter };
    const dx = runPlain(k.activationBackward, { ...values, dx: new Float64Array(size) }, 1).dx!;
    const steps = 1e-5;
    for (let i = 0; i < size; i++) {
      const at = (v: number) => {
        const all = { ...values, x: Float64Array.of(v), size: 1, y: new Float64Array(1) };
        return runPlain(k.activationForward, all, 1).y![0]!;
      };
      const slope = (at(x[i]! + steps) - at(x[i]! - steps)) / (2 * steps);
      expect(dx[i]).toBeCloseTo(dy[i]! * slope, 6);
    }
  });
});

const poolShapes = fc
  .record({
    inHeight: fc.integer({ min: 1, max: 9 }),
    inWidth: fc.integer({ min: 1, max: 9 }),
    channels: fc.integer({ min: 1, max: 11 }),
    windowHeight: fc.integer({ min: 1, max: 3 }),
    windowWidth: fc.integer({ min: 1, max: 3 }),
    strideY: fc.integer({ min: 1, max: 3 }),
    strideX: fc.integer({ min: 1, max: 3 }),
    padded: fc.boolean(),
  })
  .filter((s) => s.windowHeight <= s.inHeight && s.windowWidth <= s.inWidth)
  .map(({ padded, ...s }) => {
    // PyTorch's limit, half the window: every window then covers a pixel of the image.
    const padTop = padded ? s.windowHeight >> 1 : 0;
    const padLeft = padded ? s.windowWidth >> 1 : 0;
    const outHeight = Math.floor((s.inHeight + 2 * padTop - s.windowHeight) / s.strideY) + 1;
    const outWidth = Math.floor((s.inWidth + 2 * padLeft - s.windowWidth) / s.strideX) + 1;
    return { ...s, padTop, padLeft, outHeight, outWidth };
  });

describe('pooling', () => {
  it('agrees with its twins, ties included', () => {
    fc.assert(
      fc.property(poolShapes, fc.constantFrom(0, 1), (shape, countPadding) => {
        const batch = 3;
        const size = batch * shape.inHeight * shape.inWidth * shape.channels;
        const pooled = batch * shape.outHeight * shape.outWidth * shape.channels;
        // A coarse grid, so that windows often hold their maximum twice.
        const input = randomFloats(size, 1).map((v) => Math.round(4 * v));
        const gradient = randomFloats(pooled, 2);
        const values = { input, gradient, ...shape, countPadding };
        const output = new Float32Array(pooled);
        const inputGradient = new Float32Array(size).fill(7);
        checkAgreement(k.maxPool, { ...values, output }, batch, 0);
        checkAgreement(k.maxPoolGradient, { ...values, inputGradient }, batch, 1e-6);
        checkAgreement(k.avgPool, { ...values, output }, batch, 1e-6);
        checkAgreement(k.avgPoolGradient, { ...values, inputGradient }, batch, 1e-6);
        const pixels = shape.inHeight * shape.inWidth;
        const whole = { input, gradient, pixels, channels: shape.channels };
        const means = new Float32Array(batch * shape.channels);
        checkAgreement(k.globalAvgPool, { ...whole, output: means }, batch, 1e-6);
        const few = { ...whole, gradient: randomFloats(means.length, 4), inputGradient };
        checkAgreement(k.globalAvgPoolGradient, few, batch, 1e-6);
      }),
      parameters,
    );
  });

  it('has twins whose gradients are derivatives', () => {
    // A difference a pixel takes two runs of the twin, so the images are small.
    const small = poolShapes.filter((s) => s.inHeight * s.inWidth * s.channels <= 60);
    fc.assert(
      fc.property(small, fc.constantFrom(0, 1), (shape, countPadding) => {
        const size = shape.inHeight * shape.inWidth * shape.channels;
        const gradient = randomFloats(shape.outHeight * shape.outWidth * shape.channels, 2);
        // Far enough apart that a step of the difference changes no winner.
        const x = Float64Array.from({ length: size }, (_, i) => ((i * 7919) % 8209) / 50);
        const common = { gradient, ...shape, countPadding };
        for (const [forward, backward] of [
          [k.maxPool, k.maxPoolGradient],
          [k.avgPool, k.avgPoolGradient],
        ] as const) {
          const inputGradient = new Float64Array(size);
          const found = runPlain(backward, { ...common, input: x, inputGradient }, 1);
          const run = (input: Float64Array) => {
            const output = new Float64Array(gradient.length);
            return runPlain(forward, { ...common, input, output }, 1).output!;
          };
          checkDerivative(run, x, gradient, found.inputGradient!);
        }
      }),
      parameters,
    );
  });
});

describe('softmax cross-entropy', () => {
  it('agrees with its twin, whose gradient is a derivative', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 23 }), (n, classes) => {
        const size = n * classes;
        const targets = randomFloats(size, 2).map(Math.abs);
        const values = { targets, classes, scale: 1 / n };
        const outputs = (Floats: Float32ArrayConstructor | Float64ArrayConstructor) => ({
          probabilities: new Floats(size),
          losses: new Floats(n),
          gradient: new Floats(size),
        });
        const logits = randomFloats(size, 1).map((v) => 30 * v);
        const all = { ...values, logits, ...outputs(Float32Array) };
        checkAgreement(k.softmaxCrossEntropy, all, n, 2e-6);
        const x = Float64Array.from(randomFloats(size, 3));
        const run = (at: Float64Array) => {
          const call = { ...values, logits: at, ...outputs(Float64Array) };
          return runPlain(k.softmaxCrossEntropy, call, n);
        };
        const seed = new Float64Array(n).fill(1 / n);
        const gradient = run(x).gradient!;
        const step = 1e-5;
        for (let i = 0; i < size; i++) {
          const at = x[i]!;
          const loss = (v: number) => {
            x[i] = v;
            return Array.from(run(x).losses!).reduce((sum, l, j) => sum + l * seed[j]!, 0);
          };
          const slope = (loss(at + step) - loss(at - step)) / (2 * step);
          x[i] = at;
          expect(gradient[i]).toBeCloseTo(slope, 7);
        }
      }),
      parameters,
    );
  });
});

const STEP = {
  rate: 0.01,
  decay: 0.1,
  momentum: 0.9,
  beta1: 0.9,
  beta2: 0.99,
  smoothing: 0.99,
  epsilon: 1e-8,
  correction1: 1 - 0.9 ** 3,
  correction2: Math.sqrt(1 - 0.99 ** 3),
  gradientScale: 0.5,
};

describe('optimizers', () => {
  it.each([
    ['sgd', k.sgdStep],
    ['adam', k.adamStep],
    ['rmsprop', k.rmspropStep],
    ['average', k.averageStep],
    ['square sums', k.squareSums],
  ] as const)('%s agrees with its twin', (_name, kernel) => {
    fc.assert(
      fc.property(sizes, fc.constantFrom(0, 1), (size, flag) => {
        const values = {
          ...{ ...STEP, size, nesterov: flag, decoupled: flag },
          weights: randomFloats(size, 1),
          gradients: randomFloats(size, 2),
          buffer: randomFloats(size, 3),
          first: randomFloats(size, 3),
          second: randomFloats(size, 4).map(Math.abs),
          square: randomFloats(size, 4).map(Math.abs),
          values: randomFloats(size, 5),
          average: randomFloats(size, 6),
          sums: new Float32Array(unitsOf(size)),
        };
        checkAgreement(kernel, values, unitsOf(size), 1e-5);
      }),
      parameters,
    );
  });

  it.each(BUILDS)('steps as by hand in the %s build', (build) => {
    const one = (x: number) => Float32Array.of(x);
    // The first step of Adam has m / correction1 = g and sqrt(v) / correction2 = |g|: the weight moves by the rate.
    const first = { first: one(0), second: one(0), correction1: 0.1, correction2: 0.1 };
    const common = { ...STEP, size: 1, weights: one(2), gradients: one(-3), gradientScale: 1 };
    const adam = { ...common, ...first, decay: 0, decoupled: 0 };
    expect(runWasm(build, k.adamStep, adam, 1).weights![0]).toBeCloseTo(2.01, 6);
    const adamw = { ...common, ...first, decoupled: 1 };
    expect(runWasm(build, k.adamStep, adamw, 1).weights![0]).toBeCloseTo(2 * 0.999 + 0.01, 6);
    // Decay 0.1 makes g = -2.8; the buffer 0.9 * 1 - 2.8 = -1.9; Nesterov looks ahead to -2.8 - 1.71 = -4.51.
    const sgd = { ...common, buffer: one(1), nesterov: 0 };
    expect(runWasm(build, k.sgdStep, sgd, 1).weights![0]).toBeCloseTo(2.019, 6);
    const nesterov = { ...sgd, nesterov: 1 };
    expect(runWasm(build, k.sgdStep, nesterov, 1).weights![0]).toBeCloseTo(2.0451, 6);
  });
});
