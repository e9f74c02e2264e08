import fc from 'fast-check';
import { describe, it } from 'vitest';
import * as k from '../../runtime/kernels/index.ts';
import type { Floats } from '../../runtime/kernels/kernel.ts';
import { checkDerivative, checkLinear, RUNS, runPlain } from './harness.ts';
import {
  type ConvolutionCase,
  convolutionCase,
  convolutionShapes,
  fewChannelShapes,
  packedBoth,
  smallGroupShapes,
} from './shapes.ts';

const parameters = { numRuns: RUNS, seed: 1 };

function checkForward({ batch, shape }: ConvolutionCase): void {
  const { input, weights, bias } = convolutionCase(batch, shape);
  const depth = (shape.kernelHeight * shape.kernelWidth * shape.inChannels) / shape.groups;
  const packed = packedBoth(k.packWeights, k.packedPanels, {
    ...{ weights, bias, depth, outChannels: shape.outChannels, groups: shape.groups },
    ...{ channels: shape.outChannels / shape.groups, hasBias: 1 },
  });
  const output = new Float32Array(batch * shape.outHeight * shape.outWidth * shape.outChannels);
  const scratchSize = k.convolutionScratch(shape);
  const scratch = new Float32Array(2 * scratchSize);
  const values = { input, packed, output, scratch, ...shape, scratchSize, slot: 1 };
  checkLinear({ kernel: k.convolution, values, units: batch, output: 'output', depth });
}

function checkInputGradient({ batch, shape }: ConvolutionCase): void {
  const { input, weights, gradient } = convolutionCase(batch, shape);
  const depth = (shape.kernelHeight * shape.kernelWidth * shape.outChannels) / shape.groups;
  const channels = shape.inChannels / shape.groups;
  const packed = packedBoth(k.packWeightsTransposed, k.packedPanels, {
    ...{ ...shape, weights, depth, channels },
  });
  const scratchSize = k.convolutionInputGradientScratch(shape);
  const scratch = new Float32Array(2 * scratchSize);
  const inputGradient = new Float32Array(input.length).fill(7);
  const values = { gradient, packed, inputGradient, scratch, ...shape, scratchSize, slot: 1 };
  const kernel = k.convolutionInputGradient;
  checkLinear({ kernel, values, units: batch, output: 'inputGradient', depth });
}

function checkWeightGradient({ batch, shape }: ConvolutionCase, wanted: number): void {
  const { input, weights, gradient } = convolutionCase(batch, shape);
  const chunks = Math.min(wanted, batch);
  const scratchSize = k.convolutionWeightGradientScratch(shape);
  const scratch = new Float32Array(2 * scratchSize);
  const partials = new Float32Array(chunks * weights.length).fill(7);
  const kernelRows = k.gradientKernelRows(shape);
  const sizes = { batch, ...shape, chunks, kernelRows, scratchSize, slot: 1 };
  const values = { input, gradient, partials, scratch, ...sizes };
  checkLinear({
    kernel: k.convolutionWeightGradient,
    values,
    units: k.convolutionWeightGradientUnits(shape, chunks),
    output: 'partials',
    depth: batch * shape.outHeight * shape.outWidth,
  });
}

/** Any shape, and shapes that kernels of their own compute. */
const KINDS = [
  ['any shape', convolutionShapes],
  ['small groups', smallGroupShapes],
  ['few channels', fewChannelShapes],
] as const;

describe('convolution', () => {
  it.each(KINDS)('agrees with its twin: %s', (_kind, shapes) => {
    fc.assert(fc.property(shapes, checkForward), parameters);
  });

  it.each(KINDS)('agrees with its twin in the gradient to the input: %s', (_kind, shapes) => {
    fc.assert(fc.property(shapes, checkInputGradient), parameters);
  });

  it.each(KINDS)('agrees with its twin in the gradient to the weights: %s', (_kind, shapes) => {
    fc.assert(fc.property(shapes, fc.integer({ min: 1, max: 3 }), checkWeightGradient), parameters);
  });

  it('has twins whose gradients are derivatives', () => {
    const small = convolutionShapes.filter(({ batch, shape }) => {
      const input = batch * shape.inHeight * shape.inWidth * shape.inChannels;
      const output = batch * shape.outHeight * shape.outWidth * shape.outChannels;
      return input * output < 40_000;
    });
    fc.assert(
      fc.property(small, ({ batch, shape }) => {
        const { input, weights, bias, gradient } = convolutionCase(batch, shape);
        const { kernelHeight, kernelWidth, groups, outChannels, inChannels } = shape;
        const taps = kernelHeight * kernelWidth;
        const unused = { scratch: new Float32Array(0), scratchSize: 0, slot: 0 };
        const forward = (x: Floats, w: Floats): Floats => {
          const depth = (taps * inChannels) / groups;
          const packing = { depth, channels: outChannels / groups, groups };
          const packed = runPlain(
            k.packWeights,
            {
              ...{ weights: w, bias, packed: new Float64Array(k.packedSize(packing)) },
              ...{ depth, outChannels, groups, hasBias: 1 },
            },
            k.packedPanels(packing),
          ).packed!;
          const output = new Float64Array(gradient.length);
          const values = { input: x, packed, output, ...shape, ...unused };
          return runPlain(k.convolution, values, batch).output!;
        };
        const depth = (taps * outChannels) / groups;
        const packing = { depth, channels: inChannels / groups, groups };
        const packed = runPlain(
          k.packWeightsTransposed,
          { weights, packed: new Float64Array(k.packedSize(packing)), ...shape },
          k.packedPanels(packing),
        ).packed!;
        const toInput = runPlain(
          k.convolutionInputGradient,
          { gradient, packed, inputGradient: new Float64Array(input.length), ...shape, ...unused },
          batch,
        ).inputGradient!;
        const x = Float64Array.from(input);
        const w = Float64Array.from(weights);
        checkDerivative((at) => forward(at, w), x, gradient, toInput);
        const partials = new Float64Array(weights.length);
        const toWeights = runPlain(
          k.convolutionWeightGradient,
          { input, gradient, partials, batch, ...shape, chunks: 1, kernelRows: 1, ...unused },
          kernelHeight,
        ).partials!;
        checkDerivative((at) => forward(x, at), w, gradient, toWeights);
      }),
      { numRuns: RUNS, seed: 2 },
    );
  });
});
