import fc from 'fast-check';
import { describe, it } from 'vitest';
import * as k from '../../runtime/kernels/index.ts';
import type { Floats } from '../../runtime/kernels/kernel.ts';
import { checkDerivative, checkLinear, RUNS, randomFloats, runPlain } from './harness.ts';
import { axes, channelCounts, spatialShape } from './shapes.ts';

interface DepthwiseCase {
  readonly batch: number;
  readonly shape: k.DepthwiseShape;
}

const shapes: fc.Arbitrary<DepthwiseCase> = fc
  .record({
    ...{ batch: fc.integer({ min: 1, max: 4 }), y: axes, x: axes },
    ...{ inChannels: channelCounts, multiplier: fc.constantFrom(1, 1, 1, 2, 3) },
  })
  .map(({ batch, y, x, ...channels }) => ({
    batch,
    shape: { ...spatialShape(y, x), ...channels },
  }));

function depthwiseCase({ batch, shape }: DepthwiseCase) {
  const channels = shape.inChannels * shape.multiplier;
  return {
    input: randomFloats(batch * shape.inHeight * shape.inWidth * shape.inChannels, 1),
    gradient: randomFloats(batch * shape.outHeight * shape.outWidth * channels, 2),
    weights: randomFloats(shape.kernelHeight * shape.kernelWidth * channels, 3),
    bias: randomFloats(channels, 4),
  };
}

const parameters = { numRuns: 2 * RUNS, seed: 1 };

describe('depthwise', () => {
  it('agrees with its twin', () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom(0, 1), ({ batch, shape }, hasBias) => {
        const { input, weights, bias, gradient } = depthwiseCase({ batch, shape });
        const output = new Float32Array(gradient.length).fill(7);
        const values = { input, weights, bias, output, ...shape, hasBias };
        const depth = shape.kernelHeight * shape.kernelWidth;
        checkLinear({ kernel: k.depthwise, values, units: batch, output: 'output', depth });
      }),
      parameters,
    );
  });

  it('agrees with its twin in the gradient to the input', () => {
    fc.assert(
      fc.property(shapes, ({ batch, shape }) => {
        const { input, weights, gradient } = depthwiseCase({ batch, shape });
        const inputGradient = new Float32Array(input.length).fill(7);
        const values = { gradient, weights, inputGradient, ...shape };
        const depth = shape.kernelHeight * shape.kernelWidth * shape.multiplier;
        const kernel = k.depthwiseInputGradient;
        checkLinear({ kernel, values, units: batch, output: 'inputGradient', depth });
      }),
      parameters,
    );
  });

  it('agrees with its twin in the gradient to the weights', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 3 }), ({ batch, shape }, wanted) => {
        const { input, weights, gradient } = depthwiseCase({ batch, shape });
        const chunks = Math.min(wanted, batch);
        const partials = new Float32Array(chunks * weights.length).fill(7);
        const values = { input, gradient, partials, batch, ...shape, chunks };
        const depth = batch * shape.outHeight * shape.outWidth;
        const kernel = k.depthwiseWeightGradient;
        checkLinear({ kernel, values, units: chunks, output: 'partials', depth });
      }),
      parameters,
    );
  });

  it('has twins whose gradients are derivatives', () => {
    const small = shapes.filter(({ batch, shape }) => {
      const { inChannels, inHeight, inWidth, outHeight, outWidth, multiplier } = shape;
      const size = batch * inChannels;
      return size * inHeight * inWidth * (size * outHeight * outWidth * multiplier) < 40_000;
    });
    fc.assert(
      fc.property(small, ({ batch, shape }) => {
        const { input, weights, bias, gradient } = depthwiseCase({ batch, shape });
        const forward = (x: Floats, w: Floats): Floats => {
          const output = new Float64Array(gradient.length);
          const values = { input: x, weights: w, bias, output, ...shape, hasBias: 1 };
          return runPlain(k.depthwise, values, batch).output!;
        };
        const inputGradient = new Float64Array(input.length);
        const toInput = { gradient, weights, inputGradient, ...shape };
        const partials = new Float64Array(weights.length);
        const toWeights = { input, gradient, partials, batch, ...shape, chunks: 1 };
        const x = Float64Array.from(input);
        const w = Float64Array.from(weights);
        const dx = runPlain(k.depthwiseInputGradient, toInput, batch).inputGradient!;
        const dw = runPlain(k.depthwiseWeightGradient, toWeights, 1).partials!;
        checkDerivative((at) => forward(at, w), x, gradient, dx);
        checkDerivative((at) => forward(x, at), w, gradient, dw);
      }),
      { numRuns: RUNS, seed: 2 },
    );
  });
});
