/** Where loss and pooling are at their limits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as k from '../../runtime/kernels/index.ts';
import { checkAgreement } from './agree.ts';
import { BUILDS, RUNS, randomFloats, runWasm } from './harness.ts';

const parameters = { numRuns: RUNS, seed: 7 };
const int = (min: number, max: number) => fc.integer({ min, max });

function entropy(build: (typeof BUILDS)[number], logits: number[], targets: number[], scale = 1) {
  const classes = logits.length;
  const blank = () => new Float32Array(classes);
  const values = {
    ...{ logits: Float32Array.from(logits), targets: Float32Array.from(targets), classes, scale },
    ...{ probabilities: blank(), losses: new Float32Array(1), gradient: blank() },
  };
  const { probabilities, losses, gradient } = runWasm(build, k.softmaxCrossEntropy, values, 1);
  const list = (x: ArrayLike<number> | undefined) => Array.from(x ?? []);
  return { probabilities: list(probabilities), loss: losses![0]!, gradient: list(gradient) };
}

describe.each(BUILDS)('softmax cross-entropy, %s', (build) => {
  it.each([1e4, 1e30, 3e38])('takes logits of %d', (large) => {
    const right = entropy(build, [large, 0, -large], [1, 0, 0]);
    expect(right).toEqual({ probabilities: [1, 0, 0], loss: 0, gradient: [0, 0, 0].map((x) => x) });
  });

  it('has the loss of a class whose probability is too small for a float', () => {
    const wrong = entropy(build, [0, -1000], [0, 1], 0.5);
    expect(wrong.probabilities).toEqual([1, 0]);
    expect(wrong.loss).toBe(1000);
    expect(wrong.gradient).toEqual([0.5, -0.5]);
  });

  it('does not change when every logit moves alike', () => {
    const [near, far] = [
      [0, 1, 2],
      [512, 513, 514],
    ].map((x) => entropy(build, x, [0.2, 0.3, 0.5]));
    expect(near).toEqual(far);
  });

  it('has nothing to learn from a single class or from a class of weight 0', () => {
    expect(entropy(build, [5], [1])).toEqual({ probabilities: [1], loss: 0, gradient: [0] });
    const unweighted = entropy(build, [1, 2, 3], [0, 0, 0]);
    expect(unweighted.loss).toBe(0);
    expect(unweighted.gradient.map(Math.abs)).toEqual([0, 0, 0]);
  });

  it('counts a class of weight 3 three times', () => {
    const [one, three] = [1, 3].map((w) => entropy(build, [0.5, -1, 2], [0, w, 0]));
    expect(three!.loss).toBeCloseTo(3 * one!.loss, 6);
    three!.gradient.forEach((g, i) => {
      expect(g).toBeCloseTo(3 * one!.gradient[i]!, 6);
    });
  });

  it('has a gradient that sums to 0 and probabilities that sum to 1', () => {
    fc.assert(
      fc.property(int(1, 200), int(0, 2 ** 30), int(0, 60), (classes, seed, spread) => {
        const logits = Array.from(randomFloats(classes, seed), (x) => spread * x);
        const targets = Array.from(randomFloats(classes, seed + 1), Math.abs);
        const { probabilities, gradient, loss } = entropy(build, logits, targets);
        const sum = (x: number[]) => x.reduce((total, v) => total + v, 0);
        expect(sum(probabilities)).toBeCloseTo(1, 5);
        expect(Math.abs(sum(gradient))).toBeLessThan(1e-5 * (1 + sum(targets)));
        expect(loss).toBeGreaterThanOrEqual(0);
      }),
      parameters,
    );
  });

  it.each([Number.NaN, Infinity])('lets a logit of %d be seen', (bad) => {
    expect(entropy(build, [0, bad, 1], [1, 0, 0]).loss).toBeNaN();
  });
});

/** One image, one channel. */
function pool(
  build: (typeof BUILDS)[number],
  kernel: typeof k.maxPool | typeof k.avgPool,
  rows: number[][],
  options: { window: number; stride: number; pad: number; countPadding?: number },
): number[] {
  const { window, stride, pad, countPadding = 0 } = options;
  const [inHeight, inWidth] = [rows.length, rows[0]!.length];
  const out = (size: number) => Math.floor((size + 2 * pad - window) / stride) + 1;
  const [outHeight, outWidth] = [out(inHeight), out(inWidth)];
  const values = {
    input: Float32Array.from(rows.flat()),
    output: new Float32Array(outHeight * outWidth),
    ...{ inHeight, inWidth, channels: 1, outHeight, outWidth, countPadding },
    ...{ windowHeight: window, windowWidth: window, strideY: stride, strideX: stride },
    ...{ padTop: pad, padLeft: pad },
  };
  return Array.from(runWasm(build, kernel, values, 1).output!);
}

describe.each(BUILDS)('pooling at the edge, %s', (build) => {
  const negative = [
    [-4, -3],
    [-2, -1],
  ];

  it('never takes the padding for the maximum', () => {
    const padded = { window: 3, stride: 2, pad: 1 };
    expect(pool(build, k.maxPool, negative, padded)).toEqual([-1]);
    expect(pool(build, k.maxPool, negative, { window: 2, stride: 2, pad: 1 })).toEqual([
      -4, -3, -2, -1,
    ]);
  });

  it('counts the padding in the mean, or not', () => {
    const padded = { window: 2, stride: 2, pad: 1 };
    expect(pool(build, k.avgPool, negative, padded)).toEqual([-4, -3, -2, -1]);
    const counted = { ...padded, countPadding: 1 };
    expect(pool(build, k.avgPool, negative, counted)).toEqual([-1, -0.75, -0.5, -0.25]);
  });

  it('lets NaN and infinity through', () => {
    const whole = { window: 2, stride: 2, pad: 0 };
    expect(
      pool(
        build,
        k.maxPool,
        [
          [1, Number.NaN],
          [2, 3],
        ],
        whole,
      )[0],
    ).toBeNaN();
    expect(
      pool(
        build,
        k.maxPool,
        [
          [1, -Infinity],
          [2, Infinity],
        ],
        whole,
      ),
    ).toEqual([Infinity]);
    expect(
      pool(
        build,
        k.maxPool,
        [
          [-Infinity, -Infinity],
          [-Infinity, -Infinity],
        ],
        whole,
      ),
    ).toEqual([-Infinity]);
  });

  it('gives the gradient of a tie to the first, and of overlapping windows to all', () => {
    const shape = {
      ...{ inHeight: 3, inWidth: 3, channels: 1, outHeight: 2, outWidth: 2, padTop: 0, padLeft: 0 },
      ...{ windowHeight: 2, windowWidth: 2, strideY: 1, strideX: 1 },
    };
    const gradient = Float32Array.of(1, 10, 100, 1000);
    const route = (input: number[]) => {
      const values = {
        input: Float32Array.from(input),
        gradient,
        inputGradient: new Float32Array(9),
      };
      return Array.from(
        runWasm(build, k.maxPoolGradient, { ...values, ...shape }, 1).inputGradient!,
      );
    };
    expect(route([5, 5, 5, 5, 5, 5, 5, 5, 5])).toEqual([1, 10, 0, 100, 1000, 0, 0, 0, 0]);
    expect(route([0, 0, 0, 0, 9, 0, 0, 0, 0])).toEqual([0, 0, 0, 0, 1111, 0, 0, 0, 0]);
  });
});

describe('global average', () => {
  it('agrees with its twin for images of any size, and spreads its gradient evenly', () => {
    fc.assert(
      fc.property(int(1, 3), int(1, 900), int(1, 9), (batch, pixels, channels) => {
        const input = randomFloats(batch * pixels * channels, 1).map((x) => 100 + x);
        const output = new Float32Array(batch * channels).fill(7);
        checkAgreement(k.globalAvgPool, { input, output, pixels, channels }, batch, 1e-6);
        const gradient = randomFloats(batch * channels, 2);
        const inputGradient = new Float32Array(batch * pixels * channels).fill(7);
        const values = { gradient, inputGradient, pixels, channels };
        checkAgreement(k.globalAvgPoolGradient, values, batch, 1e-7);
      }),
      parameters,
    );
  });
});
