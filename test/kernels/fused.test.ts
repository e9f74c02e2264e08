import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTIVATION_CODES } from '../../runtime/kernels/activation-codes.ts';
import * as k from '../../runtime/kernels/index.ts';
import { checkAgreement } from './agree.ts';
import { BUILDS, RUNS, randomFloats, runWasm, sameBytes } from './harness.ts';
import {
  axes,
  channelCounts,
  convolutionCase,
  convolutionShapes,
  packedBoth,
  spatialShape,
} from './shapes.ts';

const parameters = { numRuns: RUNS, seed: 1 };

/** What a value may be off by: sums of up to some hundred products, through functions of slope about 1. */
const tolerance = 2e-5;

const codes = fc.constantFrom(...Object.values(ACTIVATION_CODES));
const finishes = fc.record({ activation: codes, pool: fc.constantFrom(0, 1) });

/** Pools need an even output: the bottom and right get a line more of padding where it is odd. */
function even<S extends { readonly outHeight: number; readonly outWidth: number }>(
  s: S,
  pool: number,
) {
  const up = (n: number) => n + (pool ? n % 2 : 0);
  return { ...s, outHeight: up(s.outHeight), outWidth: up(s.outWidth) };
}

function packed(weights: Float32Array, bias: Float32Array, depth: number, out: number, groups = 1) {
  return packedBoth(k.packWeights, k.packedPanels, {
    ...{ weights, bias, depth, outChannels: out, groups, channels: out / groups, hasBias: 1 },
  });
}

function outputOf(
  batch: number,
  s: { outHeight: number; outWidth: number },
  channels: number,
  pool: number,
) {
  return new Float32Array((batch * s.outHeight * s.outWidth * channels) >> (2 * pool)).fill(7);
}

describe('fused products', () => {
  it('convolve, activate and pool as their twin', () => {
    fc.assert(
      fc.property(convolutionShapes, finishes, ({ batch, shape: odd }, { activation, pool }) => {
        const shape = even(odd, pool);
        const { input, weights, bias } = convolutionCase(batch, shape);
        const depth = (shape.kernelHeight * shape.kernelWidth * shape.inChannels) / shape.groups;
        const scratchSize = k.convolveActivateScratch(shape, pool === 1);
        const values = {
          ...{ input, packed: packed(weights, bias, depth, shape.outChannels, shape.groups) },
          ...{ output: outputOf(batch, shape, shape.outChannels, pool) },
          ...{ scratch: new Float32Array(2 * scratchSize), scratchSize, slot: 1 },
          ...{ ...shape, activation, parameter: 0.25, pool },
        };
        checkAgreement(k.convolveActivate, values, batch, tolerance);
      }),
      parameters,
    );
  });

  const sizes = fc.record({
    ...{ batch: fc.integer({ min: 1, max: 3 }), height: fc.integer({ min: 1, max: 9 }) },
    ...{
      width: fc.integer({ min: 1, max: 70 }),
      inChannels: channelCounts,
      outChannels: channelCounts,
    },
  });

  it('multiply, activate and pool as their twin', () => {
    fc.assert(
      fc.property(sizes, finishes, ({ batch, ...sizes }, { activation, pool }) => {
        const { inChannels, outChannels } = sizes;
        const { outHeight: height, outWidth: width } = even(
          { outHeight: sizes.height, outWidth: sizes.width },
          pool,
        );
        const weights = randomFloats(inChannels * outChannels, 3);
        const scratchSize = k.pointwiseActivateScratch(
          { width, inChannels, channels: outChannels },
          pool === 1,
        );
        const values = {
          input: randomFloats(batch * height * width * inChannels, 1),
          packed: packed(weights, randomFloats(outChannels, 4), inChannels, outChannels),
          output: outputOf(batch, { outHeight: height, outWidth: width }, outChannels, pool),
          ...{ scratch: new Float32Array(2 * scratchSize), scratchSize, slot: 1 },
          ...{ height, width, inChannels, outChannels, activation, parameter: 0.25, pool },
        };
        checkAgreement(k.pointwiseActivate, values, batch, tolerance);
      }),
      parameters,
    );
  });

  const depthwiseShapes = fc
    .record({
      ...{ batch: fc.integer({ min: 1, max: 3 }), y: axes, x: axes, inChannels: channelCounts },
      ...{ multiplier: fc.constantFrom(1, 1, 1, 2, 3), outChannels: channelCounts },
    })
    .map(({ y, x, ...rest }) => ({ ...rest, shape: spatialShape(y, x) }));

  function depthwiseCase(batch: number, shape: k.DepthwiseShape, hasBias: number) {
    const channels = shape.inChannels * shape.multiplier;
    const { kernelHeight, kernelWidth } = shape;
    return {
      input: randomFloats(batch * shape.inHeight * shape.inWidth * shape.inChannels, 1),
      weights: randomFloats(kernelHeight * kernelWidth * channels, 3),
      bias: randomFloats(channels, 4),
      ...{ ...shape, hasBias },
    };
  }

  it('convolve depthwise and activate as their twin', () => {
    fc.assert(
      fc.property(depthwiseShapes, codes, ({ batch, shape, ...rest }, activation) => {
        const { inChannels, multiplier } = rest;
        const whole = { ...shape, inChannels, multiplier };
        const output = outputOf(batch, shape, inChannels * multiplier, 0);
        const values = { ...depthwiseCase(batch, whole, 1), output, activation, parameter: 0.25 };
        checkAgreement(k.depthwiseActivate, values, batch, tolerance);
      }),
      parameters,
    );
  });

  it('feed a pointwise product by a depthwise one, with the bits of one after the other', () => {
    fc.assert(
      fc.property(depthwiseShapes, codes, finishes, ({ batch, ...rest }, inner, finish) => {
        const { inChannels, multiplier, outChannels } = rest;
        const { activation, pool } = finish;
        const shape = { ...even(rest.shape, pool), inChannels, multiplier };
        const channels = inChannels * multiplier;
        const scratchSize = k.depthwisePointwiseScratch(shape, outChannels, pool === 1);
        const weights = randomFloats(channels * outChannels, 5);
        const depthwise = depthwiseCase(batch, shape, 1);
        const second = {
          packed: packed(weights, randomFloats(outChannels, 6), channels, outChannels),
          output: outputOf(batch, shape, outChannels, pool),
          ...{ scratch: new Float32Array(2 * scratchSize), scratchSize, slot: 1 },
          ...{ outChannels, activation, parameter: 0.25, pool },
        };
        const between = { innerActivation: inner, innerParameter: 0.5 };
        const values = { ...depthwise, ...between, ...second };
        checkAgreement(k.depthwisePointwise, values, batch, tolerance);
        for (const build of BUILDS) {
          const apart = runWasm(
            build,
            k.depthwiseActivate,
            {
              ...{ ...depthwise, activation: inner, parameter: 0.5 },
              output: outputOf(batch, shape, channels, 0),
            },
            batch,
          );
          const { outHeight: height, outWidth: width } = shape;
          const sizes = { width, inChannels: channels, channels: outChannels };
          const strip = k.pointwiseActivateScratch(sizes, pool === 1);
          const whole = runWasm(
            build,
            k.pointwiseActivate,
            {
              ...{ ...second, scratch: new Float32Array(strip), scratchSize: strip, slot: 0 },
              ...{ input: apart.output!, height, width, inChannels: channels },
            },
            batch,
          );
          const fused = runWasm(build, k.depthwisePointwise, values, batch);
          expect(sameBytes(whole.output!, fused.output!)).toBe(true);
        }
      }),
      parameters,
    );
  });
});
