import fc from 'fast-check';
import { describe, it } from 'vitest';
import * as k from '../../runtime/kernels/index.ts';
import type { Floats } from '../../runtime/kernels/kernel.ts';
import { checkDerivative, checkLinear, RUNS, randomFloats, runPlain } from './harness.ts';
import { packedBoth } from './shapes.ts';

/** A dense layer is the case of one pixel. Up to 80 channels, so that rows are also copied to be transposed. */
const shapes = fc.record({
  batch: fc.integer({ min: 1, max: 5 }),
  pixels: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 50 })),
  inChannels: fc.oneof(fc.integer({ min: 1, max: 80 }), fc.constantFrom(4, 8, 16, 64, 72)),
  outChannels: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(4, 8, 16, 32)),
});

const parameters = { numRuns: RUNS, seed: 1 };
const ONE_TAP = {
  ...{ kernelHeight: 1, kernelWidth: 1, strideY: 1, strideX: 1, dilationY: 1, dilationX: 1 },
  groups: 1,
};

describe('pointwise', () => {
  it('agrees with its twin', () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom(0, 1), ({ batch, ...shape }, hasBias) => {
        const { pixels, inChannels, outChannels } = shape;
        const weights = randomFloats(inChannels * outChannels, 3);
        const bias = randomFloats(outChannels, 4);
        const packed = packedBoth(k.packWeights, k.packedPanels, {
          ...{ weights, bias, depth: inChannels, outChannels, groups: 1, hasBias },
          channels: outChannels,
        });
        const input = randomFloats(batch * pixels * inChannels, 1);
        const output = new Float32Array(batch * pixels * outChannels).fill(7);
        const values = { input, packed, output, ...shape };
        const depth = inChannels;
        checkLinear({ kernel: k.pointwise, values, units: batch, output: 'output', depth });
      }),
      parameters,
    );
  });

  it('agrees with its twin in the gradient to the weights', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 3 }), ({ batch, ...shape }, wanted) => {
        const { pixels, inChannels, outChannels } = shape;
        const chunks = Math.min(wanted, batch);
        const scratchSize = k.pointwiseWeightGradientScratch(inChannels, outChannels);
        const values = {
          input: randomFloats(batch * pixels * inChannels, 1),
          gradient: randomFloats(batch * pixels * outChannels, 2),
          partials: new Float32Array(chunks * inChannels * outChannels).fill(7),
          scratch: new Float32Array(2 * scratchSize),
          ...{ batch, ...shape, chunks, scratchSize, slot: 1 },
        };
        const depth = batch * pixels;
        const kernel = k.pointwiseWeightGradient;
        checkLinear({ kernel, values, units: chunks, output: 'partials', depth });
      }),
      parameters,
    );
  });

  it('has twins whose gradients are derivatives', () => {
    const small = shapes.filter(
      ({ batch, pixels, inChannels, outChannels }) =>
        (batch * pixels) ** 2 * inChannels * outChannels < 20_000,
    );
    fc.assert(
      fc.property(small, ({ batch, ...shape }) => {
        const { pixels, inChannels, outChannels } = shape;
        const input = Float64Array.from(randomFloats(batch * pixels * inChannels, 1));
        const gradient = randomFloats(batch * pixels * outChannels, 2);
        const weights = Float64Array.from(randomFloats(inChannels * outChannels, 3));
        const bias = randomFloats(outChannels, 4);
        const layout = { depth: inChannels, channels: outChannels, groups: 1 };
        const forward = (x: Floats, w: Floats): Floats => {
          const blank = new Float64Array(k.packedSize(layout));
          const packing = { ...{ weights: w, bias, packed: blank }, ...layout, outChannels };
          const units = k.packedPanels(layout);
          const { packed } = runPlain(k.packWeights, { ...packing, hasBias: 1 }, units);
          const output = new Float64Array(gradient.length);
          return runPlain(k.pointwise, { input: x, packed: packed!, output, ...shape }, batch)
            .output!;
        };
        const transposed = { depth: outChannels, channels: inChannels, groups: 1 };
        const blank = new Float64Array(k.packedSize(transposed));
        const { packed } = runPlain(
          k.packWeightsTransposed,
          { weights, packed: blank, ...ONE_TAP, inChannels, outChannels },
          k.packedPanels(transposed),
        );
        const swapped = { pixels, inChannels: outChannels, outChannels: inChannels };
        const toInput = runPlain(
          k.pointwise,
          { input: gradient, packed: packed!, output: new Float64Array(input.length), ...swapped },
          batch,
        );
        checkDerivative((x) => forward(x, weights), input, gradient, toInput.output!);
        const partials = new Float64Array(weights.length);
        const unused = { scratch: new Float64Array(0), scratchSize: 0, slot: 0 };
        const toWeights = runPlain(
          k.pointwiseWeightGradient,
          { input, gradient, partials, batch, ...shape, chunks: 1, ...unused },
          1,
        );
        checkDerivative((w) => forward(input, w), weights, gradient, toWeights.partials!);
      }),
      { numRuns: RUNS, seed: 2 },
    );
  });
});

describe('sums over the batch', () => {
  it('add the partial sums of chunks, onto what was there if asked to', () => {
    const cases = fc.tuple(
      fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 4090, max: 9000 })),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(0, 1),
    );
    fc.assert(
      fc.property(cases, ([size, chunks, accumulate]) => {
        const partials = randomFloats(chunks * size, 1);
        const values = { partials, sum: randomFloats(size, 2), size, chunks, accumulate };
        const units = k.sumPartialsUnits(size);
        checkLinear({ kernel: k.sumPartials, values, units, output: 'sum', depth: chunks + 1 });
      }),
      parameters,
    );
  });

  it('sum each channel of a gradient for the bias', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 3 }), ({ batch, pixels, inChannels }, want) => {
        const chunks = Math.min(want, batch);
        const gradient = randomFloats(batch * pixels * inChannels, 1);
        const partials = new Float32Array(chunks * inChannels).fill(7);
        const values = { gradient, partials, batch, pixels, channels: inChannels, chunks };
        const depth = batch * pixels;
        checkLinear({ kernel: k.biasGradient, values, units: chunks, output: 'partials', depth });
      }),
      parameters,
    );
  });
});
