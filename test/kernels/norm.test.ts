import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTIVATION_CODES } from '../../runtime/kernels/activation-codes.ts';
import * as k from '../../runtime/kernels/index.ts';
import type { Floats } from '../../runtime/kernels/kernel.ts';
import {
  BUILDS,
  RUNS,
  randomFloats,
  runPlain,
  runWasm,
  sameBytes,
  type Values,
} from './harness.ts';

const shapes = fc.record({
  batch: fc.integer({ min: 1, max: 4 }),
  height: fc.integer({ min: 1, max: 5 }).map((n) => n * 2),
  width: fc.integer({ min: 1, max: 5 }).map((n) => n * 2),
  channels: fc.integer({ min: 1, max: 21 }),
  activation: fc.constantFrom(...Object.values(ACTIVATION_CODES)),
});
const parameters = { numRuns: RUNS, seed: 2 };
const parameter = 0.3;

function close(actual: Floats, expected: Floats, scale: number): void {
  const wrong = expected.findIndex(
    (x, i) => !(Math.abs(actual[i]! - x) <= scale * (1 + Math.abs(x))),
  );
  if (wrong >= 0) throw new Error(`[${wrong}] is ${actual[wrong]}, not ${expected[wrong]}`);
}

/** Coefficients as normFinish gives them, for inputs of mean 2 and deviation 3 or so. */
function coefficients(channels: number): Float32Array {
  const result = new Float32Array(4 * channels);
  const random = randomFloats(2 * channels, 5);
  for (let c = 0; c < channels; c++) {
    const inverse = 1 / (1 + Math.abs(random[c]!));
    const scale = inverse * (1 + random[channels + c]!);
    result.set([scale], c);
    result.set([random[c]! - 0.2 * scale], channels + c);
    result.set([0.2], 2 * channels + c);
    result.set([inverse], 3 * channels + c);
  }
  return result;
}

function agree(
  kernel: (typeof k)['normStatistics'] | unknown,
  values: Values,
  units: number,
  names: readonly string[],
  scale = 2e-5,
): void {
  const record = kernel as Parameters<typeof runPlain>[0];
  const exact = runPlain(record, values, units);
  for (const build of BUILDS) {
    const whole = runWasm(build, record, values, units);
    for (const name of names) close(whole[name]!, exact[name]!, scale);
    for (const cuts of [2, 3]) {
      const again = runWasm(build, record, values, units, cuts);
      for (const [name, view] of Object.entries(whole)) {
        expect(sameBytes(again[name]!, view), `${name} depends on the cut`).toBe(true);
      }
    }
  }
}

describe('batch norm', () => {
  it('finds the statistics of images and of the batch', () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom(0, 1), ({ batch, height, width, channels }, affine) => {
        const pixels = height * width;
        const input = randomFloats(batch * pixels * channels, 1).map((x) => 2 + 3 * x);
        const partials = new Float32Array(batch * 2 * channels);
        agree(k.normStatistics, { input, partials, pixels, channels }, batch, ['partials'], 1e-5);
        const exact = runPlain(k.normStatistics, { input, partials, pixels, channels }, batch);
        const values = {
          partials: Float32Array.from(exact.partials!),
          gamma: randomFloats(channels, 2),
          beta: randomFloats(channels, 3),
          runningMean: new Float32Array(channels),
          runningVariance: new Float32Array(channels).fill(1),
          coefficients: new Float32Array(4 * channels),
          ...{ images: batch, pixels, channels, affine, epsilon: 1e-5, momentum: 0.1 },
        };
        agree(k.normFinish, values, channels, ['coefficients', 'runningMean', 'runningVariance']);
      }),
      parameters,
    );
  });

  it('keeps the variance of values far from zero', () => {
    const pixels = 4096;
    const input = randomFloats(pixels, 1).map((x) => 1000 + x);
    const values = { input, partials: new Float32Array(2), pixels, channels: 1 };
    const exact = runPlain(k.normStatistics, values, 1).partials!;
    const found = runWasm('strict', k.normStatistics, values, 1).partials!;
    expect(found[1]! / exact[1]!).toBeCloseTo(1, 4);
  });

  it.each([
    ['normActivate', k.normActivate, ['output']],
    ['normGradientSums', k.normGradientSums, ['partials']],
    ['normInputGradient', k.normInputGradient, ['inputGradient']],
  ] as const)('agrees with its twin: %s', (_name, kernel, names) => {
    fc.assert(
      fc.property(shapes, ({ batch, height, width, channels, activation }) => {
        const pixels = height * width;
        const size = batch * pixels * channels;
        const values = {
          input: randomFloats(size, 1).map((x) => x * 3),
          gradient: randomFloats(size, 2),
          coefficients: coefficients(channels),
          gradientCoefficients: randomFloats(3 * channels, 4),
          partials: new Float32Array(batch * 2 * channels),
          output: new Float32Array(size),
          inputGradient: new Float32Array(size),
          ...{ pixels, channels, activation, parameter },
        };
        agree(kernel, values, batch, names, 1e-4);
      }),
      parameters,
    );
  });

  it.each([
    ['normActivatePool', k.normActivatePool, ['output']],
    ['normPoolGradientSums', k.normPoolGradientSums, ['partials']],
    ['normPoolInputGradient', k.normPoolInputGradient, ['inputGradient']],
  ] as const)('agrees with its twin: %s', (_name, kernel, names) => {
    fc.assert(
      fc.property(shapes, ({ batch, height, width, channels, activation }) => {
        const size = batch * height * width * channels;
        const forward = {
          // A coarse grid, so that windows often hold their largest input twice.
          input: randomFloats(size, 1).map((x) => Math.round(x * 24) / 8),
          coefficients: coefficients(channels),
          output: new Float32Array(size / 4),
          winners: new Float32Array(size / 4),
          ...{ height, width, channels, activation, parameter },
        };
        const { winners } = runPlain(k.normActivatePool, forward, batch);
        const values = {
          ...forward,
          winners: Float32Array.from(winners!),
          gradient: randomFloats(size / 4, 2),
          gradientCoefficients: randomFloats(3 * channels, 4),
          partials: new Float32Array(batch * 2 * channels),
          inputGradient: new Float32Array(size),
        };
        agree(kernel, values, batch, names, 1e-4);
        if (kernel === k.normActivatePool) checkWinners(forward, batch);
      }),
      parameters,
    );
  });
});

/**
 * Each winner is an input of its window, and its value is the window's. It may be another than the twin's: where an
 * activation is flat, two inputs can have the same value but for its rounding.
 */
function checkWinners(
  forward: Values & { readonly input: Floats; readonly height: number; readonly width: number },
  batch: number,
): void {
  const { input, height, width } = forward;
  const channels = Number(forward.channels);
  const expected = runPlain(k.normActivatePool, forward, batch).output!;
  for (const build of BUILDS) {
    const winners = runWasm(build, k.normActivatePool, forward, batch).winners!;
    const own = { ...forward, input: winners, pixels: (height * width) / 4 };
    close(runPlain(k.normActivate, own, batch).output!, expected, 1e-4);
    for (const [i, winner] of winners.entries()) {
      const window = Math.floor(i / channels);
      const line = Math.floor(window / (width / 2));
      const at = (2 * line * width + 2 * (window % (width / 2))) * channels + (i % channels);
      const pixels = [0, 1, width, width + 1].map((pixel) => input[at + pixel * channels]);
      if (!pixels.includes(winner)) throw new Error(`${winner} is no input of window ${i}`);
    }
  }
}
