/** The gradient of a first convolution behind which a norm, an activation and a pool stand. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTIVATION_CODES } from '../../runtime/kernels/activation-codes.ts';
import * as k from '../../runtime/kernels/index.ts';
import type { Floats } from '../../runtime/kernels/kernel.ts';
import { checkAgreement } from './agree.ts';
import {
  BUILDS,
  checkLinear,
  RUNS,
  randomFloats,
  runPlain,
  runWasm,
  sameBytes,
} from './harness.ts';

const int = (min: number, max: number) => fc.integer({ min, max });
const parameters = { numRuns: RUNS, seed: 1 };
const parameter = 0.3;

/** Sizes whose convolution gives even ones, with any padding. */
const axes = fc
  .record({ input: int(1, 14), before: int(0, 3), after: int(0, 3) })
  .map((axis) => ({ ...axis, output: axis.input + axis.before + axis.after - 2 }))
  .filter(({ output }) => output > 0 && output % 2 === 0);

const geometries: fc.Arbitrary<k.StemShape> = fc.record({ y: axes, x: axes }).map(({ y, x }) => ({
  ...{ inHeight: y.input, inWidth: x.input, outHeight: y.output, outWidth: x.output },
  ...{ padTop: y.before, padLeft: x.before },
}));

const cases = fc.record({
  batch: int(1, 4),
  geometry: geometries,
  channels: int(1, 17),
  activation: fc.constantFrom(...Object.values(ACTIVATION_CODES)),
});

const photosOf = (batch: number, { inHeight, inWidth }: k.StemShape) =>
  randomFloats(batch * inHeight * inWidth * 3, 1);

/** As normFinish gives them: scale, shift, mean and 1 / deviation. */
function coefficientsOf(channels: number): Float32Array {
  return randomFloats(4 * channels, 5).map((x, i) => (i < 3 * channels ? x : 1 + Math.abs(x)));
}

describe('a first convolution that goes straight on to the pool', () => {
  it('gives the bits of the convolution, and then of the norm and the pool', () => {
    fc.assert(
      fc.property(cases, fc.boolean(), ({ batch, geometry, channels, activation }, tied) => {
        const { outHeight: height, outWidth: width } = geometry;
        const pixels = height * width;
        const count = (batch * pixels * channels) / 4;
        const round = (x: number): number => (tied ? Math.round(x) : x);
        const image = photosOf(batch, geometry).map(round);
        const { packed } = packedWeights(channels, 1, round);
        const shape = convolutionOf(geometry, channels);
        const scratchSize = k.stemForwardScratch(geometry, channels);
        const scratch = new Float32Array(2 * scratchSize).fill(7);
        const direct = { input: image, packed, output: new Float32Array(4 * count) };
        const place = { scratch, scratchSize, slot: 1 };
        const pass = { coefficients: coefficientsOf(channels), channels, activation, parameter };
        const target = () => new Float32Array(count).fill(7);
        const numbers = new Uint8Array(count);
        const values = { image, packed, ...pass, ...geometry, ...place };
        for (const build of BUILDS) {
          const x = runWasm(build, k.convolution, { ...direct, ...shape, ...place }, batch).output!;
          const pooled = { input: x, output: target(), winners: target(), height, width };
          const expected = runWasm(build, k.normActivatePool, { ...pooled, ...pass }, batch);
          for (const cuts of [1, 2, 3]) {
            const all = {
              ...values,
              output: target(),
              winners: target(),
              numbers: numbers.fill(9),
            };
            const got = runWasm(build, k.stemForward, all, batch, cuts);
            expect(sameBytes(got.output!, expected.output!)).toBe(true);
            expect(sameBytes(got.winners!, expected.winners!)).toBe(true);
            for (const [i, number] of numbers.entries()) {
              const at = pixelOf(geometry, channels, i, number);
              if (x[at] !== got.winners![i]) throw new Error(`${i} won at ${number}`);
            }
          }
        }
        const plain = { output: target(), winners: target(), numbers: new Uint8Array(count) };
        const twin = runPlain(k.stemForward, { ...values, ...plain }, batch);
        const exact = runPlain(k.convolution, { ...direct, ...shape, ...place }, batch).output!;
        const pooled = { input: exact, output: target(), winners: target(), height, width };
        const expected = runPlain(k.normActivatePool, { ...pooled, ...pass }, batch);
        expect(sameBytes(twin.output!, expected.output!)).toBe(true);
        expect(sameBytes(twin.winners!, expected.winners!)).toBe(true);
        // Sums of whole numbers are exact, so that the first of equals is the same one.
        if (tied) expect(Buffer.compare(plain.numbers, numbers)).toBe(0);
      }),
      parameters,
    );
  });
});

/** Where in the convolution's output the pixel with a number lies in the window of the pool's output i. */
function pixelOf({ outWidth }: k.StemShape, channels: number, i: number, number: number): number {
  const window = Math.floor(i / channels);
  const line = Math.floor(window / (outWidth / 2));
  const pixel = (2 * line + (number >> 1)) * outWidth + 2 * (window % (outWidth / 2));
  return (pixel + (number & 1)) * channels + (i % channels);
}

describe('the sums for the gradient of a first convolution', () => {
  it('agree with their twin', () => {
    fc.assert(
      fc.property(cases, ({ batch, geometry, channels, activation }) => {
        const { outHeight, outWidth } = geometry;
        const count = (batch * outHeight * outWidth * channels) / 4;
        const scratchSize = k.stemGradientSumsScratch(geometry, channels);
        const values = {
          image: photosOf(batch, geometry),
          winners: randomFloats(count, 2),
          numbers: Uint8Array.from(randomFloats(count, 3), (x) => Math.floor((x + 1) * 2)),
          gradient: randomFloats(count, 4),
          coefficients: coefficientsOf(channels),
          partials: new Float32Array(batch * 2 * channels).fill(7),
          patches: new Float32Array(batch * k.STEM_TAPS * channels).fill(7),
          scratch: new Float32Array(2 * scratchSize).fill(7),
          ...{ ...geometry, channels, activation, parameter, scratchSize, slot: 1 },
        };
        checkAgreement(k.stemGradientSums, values, batch, 2e-5);
      }),
      parameters,
    );
  });

  it('agree with their twin in the products of patches, and in what these tell of the output', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(0, 1), ({ batch, geometry, channels }, hasBias) => {
        const scratchSize = k.stemProductsScratch(geometry);
        const values = {
          image: photosOf(batch, geometry),
          weights: randomFloats(k.STEM_TAPS * channels, 2),
          bias: randomFloats(channels, 3),
          products: new Float32Array(batch * k.STEM_PRODUCTS).fill(7),
          partials: new Float32Array(batch * 2 * channels).fill(7),
          scratch: new Float32Array(2 * scratchSize).fill(7),
          ...{ ...geometry, channels, hasBias, scratchSize, slot: 1 },
        };
        // A sum over a few pixels is what sums over all of them leave.
        const depth = geometry.inHeight * geometry.inWidth;
        checkAgreement(k.stemProducts, values, batch, 4e-7 * Math.sqrt(depth));
      }),
      parameters,
    );
  });

  it('agree with their twin in what they come to', () => {
    fc.assert(
      fc.property(
        fc.record({ images: int(1, 9), channels: int(1, 17) }),
        fc.constantFrom(0, 1),
        fc.constantFrom(0, 1),
        ({ images, channels }, hasBias, accumulate) => {
          const size = k.STEM_TAPS * channels;
          const values = {
            patches: randomFloats(images * size, 1),
            products: randomFloats(k.STEM_PRODUCTS, 2),
            weights: randomFloats(size, 3),
            bias: randomFloats(channels, 4),
            gradientCoefficients: randomFloats(3 * channels, 5),
            gradient: randomFloats(size, 6),
            ...{ images, channels, hasBias, accumulate },
          };
          const kernel = k.stemWeightGradient;
          checkLinear({ kernel, values, units: channels, output: 'gradient', depth: images + 30 });
        },
      ),
      parameters,
    );
  });
});

describe('the gradient of a first convolution', () => {
  it('is that of its norm and pool, and then of the convolution, on their own', () => {
    const small = cases.map((c) => ({
      ...c,
      batch: Math.min(c.batch, 2),
      channels: 1 + (c.channels % 4),
    }));
    fc.assert(
      fc.property(
        small,
        fc.constantFrom(0, 1),
        ({ batch, geometry, channels, activation }, hasBias) => {
          const units = { batch, geometry, channels, activation, hasBias };
          const actual = fused(units);
          const expected = apart(units);
          const wrong = expected.findIndex(
            (x, i) => !(Math.abs(actual[i]! - x) <= 1e-9 * (1 + Math.abs(x))),
          );
          if (wrong >= 0) throw new Error(`[${wrong}] is ${actual[wrong]}, not ${expected[wrong]}`);
        },
      ),
      parameters,
    );
  });
});

interface Case {
  readonly batch: number;
  readonly geometry: k.StemShape;
  readonly channels: number;
  readonly activation: number;
  readonly hasBias: number;
}

const filled = (size: number) => new Float64Array(size);

function packedWeights(channels: number, hasBias: number, change = (x: number): number => x) {
  const weights = randomFloats(k.STEM_TAPS * channels, 2).map(change);
  const bias = randomFloats(channels, 3).map(change);
  const layout = { depth: k.STEM_TAPS, channels, groups: 1 };
  const packed = new Float32Array(k.packedSize(layout));
  const sizes = { depth: k.STEM_TAPS, outChannels: channels, groups: 1, hasBias };
  const units = k.packedPanels(layout);
  const filled = runPlain(k.packWeights, { weights, bias, packed, ...sizes }, units);
  return { weights, bias, packed: Float32Array.from(filled.packed!) };
}

/** The convolution and its norm, forward, in float64: what both ways start from. */
function forward({ batch, geometry, channels, activation, hasBias }: Case) {
  const { outHeight: height, outWidth: width } = geometry;
  const image = photosOf(batch, geometry);
  const { weights, bias, packed } = packedWeights(channels, hasBias);
  const pixels = height * width;
  const output = filled(batch * pixels * channels);
  const shape = convolutionOf(geometry, channels);
  const scratch = { scratch: filled(0), scratchSize: 0, slot: 0 };
  const x = runPlain(k.convolution, { input: image, packed, output, ...scratch, ...shape }, batch);
  const input = x.output!;
  const statistics = { input, partials: filled(batch * 2 * channels), pixels, channels };
  const { partials } = runPlain(k.normStatistics, statistics, batch);
  const one = filled(channels).fill(1);
  const { coefficients } = runPlain(
    k.normFinish,
    {
      ...{ partials: partials!, gamma: randomFloats(channels, 6), beta: randomFloats(channels, 7) },
      ...{ runningMean: one, runningVariance: one, coefficients: filled(4 * channels) },
      ...{ images: batch, pixels, channels, affine: 1, epsilon: 1e-3, momentum: 0.1 },
    },
    channels,
  );
  const pass = { coefficients: coefficients!, channels, activation, parameter };
  const count = (batch * pixels * channels) / 4;
  const numbers = new Uint8Array(count);
  const pooled = { output: filled(count), winners: filled(count), numbers };
  const straight = { image, packed, ...scratch, ...geometry, ...pass, ...pooled };
  const { winners } = runPlain(k.stemForward, straight, batch);
  const gradient = randomFloats(count, 8);
  return { image, weights, bias, input, shape, pass, winners: winners!, numbers, gradient, pixels };
}

function convolutionOf(geometry: k.StemShape, outChannels: number): k.ConvolutionShape {
  return {
    ...geometry,
    ...{ inChannels: 3, outChannels, groups: 1, kernelHeight: 3, kernelWidth: 3 },
    ...{ strideY: 1, strideX: 1, dilationY: 1, dilationX: 1 },
  };
}

function finish(partials: Floats, coefficients: Floats, { batch, geometry, channels }: Case) {
  const { outHeight, outWidth } = geometry;
  const none = { gammaGradient: filled(channels), betaGradient: filled(channels) };
  const sizes = { images: batch, pixels: outHeight * outWidth, channels, store: 0, accumulate: 0 };
  const all = { partials, coefficients, ...none, gradientCoefficients: filled(3 * channels) };
  return runPlain(k.normGradientFinish, { ...all, ...sizes }, channels).gradientCoefficients!;
}

function fused(all: Case): Floats {
  const { batch, geometry, channels, hasBias } = all;
  const { image, weights, bias, pass, winners, numbers, gradient } = forward(all);
  const scratch = { scratch: filled(0), scratchSize: 0, slot: 0 };
  const sums = runPlain(
    k.stemGradientSums,
    {
      ...{ image, winners, numbers, gradient, ...pass, ...geometry, ...scratch },
      partials: filled(batch * 2 * channels),
      patches: filled(batch * k.STEM_TAPS * channels),
    },
    batch,
  );
  const each = runPlain(
    k.stemProducts,
    {
      ...{ image, weights, bias, products: filled(batch * k.STEM_PRODUCTS), ...scratch },
      ...{ partials: filled(batch * 2 * channels), ...geometry, channels, hasBias },
    },
    batch,
  ).products!;
  const products = runPlain(
    k.sumPartials,
    {
      ...{ partials: each, sum: filled(k.STEM_PRODUCTS), size: k.STEM_PRODUCTS },
      ...{ chunks: batch, accumulate: 0 },
    },
    k.sumPartialsUnits(k.STEM_PRODUCTS),
  ).sum!;
  const gradientCoefficients = finish(sums.partials!, pass.coefficients, all);
  const buffers = { patches: sums.patches!, products, weights, bias, gradientCoefficients };
  const sizes = { images: batch, channels, hasBias, accumulate: 0 };
  const target = filled(k.STEM_TAPS * channels);
  const values = { ...buffers, gradient: target, ...sizes };
  return runPlain(k.stemWeightGradient, values, channels).gradient!;
}

function apart(all: Case): Floats {
  const { batch, geometry, channels } = all;
  const { image, input, shape, pass, winners, gradient } = forward(all);
  const { outHeight: height, outWidth: width } = geometry;
  const common = { winners, gradient, ...pass, height, width };
  const partials = filled(batch * 2 * channels);
  const sums = runPlain(k.normPoolGradientSums, { ...common, partials }, batch).partials!;
  const gradientCoefficients = finish(sums, pass.coefficients, all);
  const target = { input, gradientCoefficients, inputGradient: filled(input.length) };
  const dx = runPlain(k.normPoolInputGradient, { ...common, ...target }, batch).inputGradient!;
  const scratch = { scratch: filled(0), scratchSize: 0, slot: 0 };
  return runPlain(
    k.convolutionWeightGradient,
    {
      ...{ input: image, gradient: dx, partials: filled(k.STEM_TAPS * channels), ...scratch },
      ...{ batch, ...shape, chunks: 1, kernelRows: 3 },
    },
    1,
  ).partials!;
}
