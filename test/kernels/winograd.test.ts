/** Winograd's way against the direct convolution: the same sums, in float64 to the last digits, in float32 as close. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import * as k from '../../runtime/kernels/index.ts';
import type { Floats, Kernel } from '../../runtime/kernels/kernel.ts';
import { absolute, checkSums, RUNS, runPlain, runWasm, type Values } from './harness.ts';
import { type ConvolutionCase, convolutionCase } from './shapes.ts';

const int = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });

const axis = fc
  .record({ input: int(1, 19), before: int(0, 4), after: int(0, 4) })
  .map(({ input, before, after }) => ({ input, before, output: input + before + after - 2 }))
  .filter(({ output }) => output > 0);

const unit = { kernelHeight: 3, kernelWidth: 3, strideY: 1, strideX: 1 };

/** With the most rows of tiles in a block, and the slices of a gradient to weights. */
interface Case extends ConvolutionCase {
  readonly rows: number;
  readonly slices: number;
}

const shapes: fc.Arbitrary<Case> = fc
  .record({
    ...{ batch: int(1, 4), y: axis, x: axis, rows: fc.constantFrom(1, 2, 5, 100) },
    slices: fc.constantFrom(1, 1, 2, 3),
    groups: fc.constantFrom(1, 1, 2, 3),
    inChannels: fc.oneof({ weight: 9, arbitrary: int(1, 12) }, fc.constantFrom(16, 68)),
    outChannels: fc.oneof({ weight: 9, arbitrary: int(1, 12) }, fc.constantFrom(16, 68)),
  })
  .filter(({ inChannels, outChannels }) => inChannels * outChannels <= 1100)
  .map(({ batch, y, x, rows, slices, groups, inChannels, outChannels }) => ({
    ...{ batch, rows, slices },
    shape: {
      ...{ ...unit, dilationY: 1, dilationX: 1, groups },
      ...{ inChannels: groups * inChannels, outChannels: groups * outChannels },
      ...{ inHeight: y.input, inWidth: x.input, outHeight: y.output, outWidth: x.output },
      ...{ padTop: y.before, padLeft: x.before },
    },
  }));

const unused = { scratch: new Float32Array(0), scratchSize: 0, slot: 0 };

/** The direct convolution of any of the three passes, by its twin. */
function direct(pass: Pass, { batch, shape }: ConvolutionCase, values: Values): Floats {
  const { weights, bias, input, gradient } = values as Record<string, Floats>;
  const { inChannels, outChannels, groups } = shape;
  if (pass === 'weights') {
    const partials = new Float32Array((9 * inChannels * outChannels) / groups);
    const args = { input, gradient, partials, batch, ...shape, chunks: 1, kernelRows: 3 } as Values;
    return runPlain(k.convolutionWeightGradient, { ...args, ...unused }, 1).partials!;
  }
  const forward = pass === 'output';
  const kernel: Kernel = forward ? k.packWeights : k.packWeightsTransposed;
  const layout = {
    depth: (9 * (forward ? inChannels : outChannels)) / groups,
    channels: (forward ? outChannels : inChannels) / groups,
    groups,
  };
  const packing = { weights, bias, packed: new Float64Array(k.packedSize(layout)), hasBias: 1 };
  const panels = k.packedPanels(layout);
  const { packed } = runPlain(kernel, { ...packing, ...shape, ...layout } as Values, panels);
  const output = new Float64Array((forward ? gradient : input)!.length);
  const args = { input, gradient, packed, output, inputGradient: output, ...shape, ...unused };
  const run: Kernel = forward ? k.convolution : k.convolutionInputGradient;
  return runPlain(run, args as Values, batch)[forward ? 'output' : 'inputGradient']!;
}

type Pass = 'output' | 'input' | 'weights';

/** The Winograd kernel of a pass and its arguments, weights packed by `pack`. */
function call(pass: Pass, c: Case, values: Values, pack: typeof runPlain) {
  const { rows } = c;
  const shape = k.winogradShape(c.shape);
  const chunks = Math.min(3, c.batch);
  const { weights, bias, input, gradient } = values as Record<string, Float32Array>;
  const common = { batch: c.batch, chunks, slot: 1 };
  if (pass === 'weights') {
    const cut = k.winogradCut(shape, c.batch);
    const given = { chunks, slices: c.slices, tileRows: Math.min(rows, cut.tileRows) };
    const scratchSize = k.winogradWeightGradientScratch(shape, c.batch, given);
    const partials = new Float32Array(chunks * weights!.length).fill(7);
    const scratch = new Float32Array(2 * scratchSize).fill(Number.NaN);
    const args = {
      ...{ input, gradient, partials, scratch, ...shape },
      ...{ ...common, ...given, scratchSize },
    };
    const kernel = k.winogradWeightGradient;
    return {
      kernel,
      args: args as Values,
      output: 'partials',
      units: chunks * c.slices * shape.groups,
    };
  }
  const transposed = pass === 'input';
  const turned = transposed ? k.winogradTransposed(shape) : shape;
  const { groups } = shape;
  const layout = { depth: turned.inChannels, channels: turned.outChannels, groups };
  const packing = k.packWinogradScratch(layout.depth);
  const { packed } = pack(
    k.packWinograd,
    {
      ...{ weights: weights!, packed: new Float32Array(k.packedWinogradSize(layout)).fill(7) },
      ...{ inChannels: shape.inChannels, outChannels: shape.outChannels, groups },
      ...{ scratch: new Float32Array(2 * packing).fill(Number.NaN), scratchSize: packing, slot: 1 },
      transposed: transposed ? 1 : 0,
    },
    k.packedWinogradPanels(layout),
  );
  const tileRows = Math.min(rows, k.winogradTileRows(turned));
  const scratchSize = k.winogradScratch(turned, tileRows);
  const args = {
    ...{ input: transposed ? gradient : input, packed, bias, ...turned, ...common },
    output: new Float32Array((transposed ? input : gradient)!.length).fill(7),
    scratch: new Float32Array(2 * scratchSize).fill(Number.NaN),
    ...{ hasBias: transposed ? 0 : 1, scratchSize, tileRows },
  };
  return { kernel: k.winograd, args: args as Values, output: 'output', units: chunks };
}

/** Partial sums added up. */
function total(values: Floats, size: number): Float64Array {
  const sum = new Float64Array(size);
  values.forEach((x, i) => {
    sum[i % size] = sum[i % size]! + x;
  });
  return sum;
}

describe.each(['output', 'input', 'weights'] as const)('winograd, to the %s', (pass) => {
  it('has a twin that computes what the direct convolution does', () => {
    fc.assert(
      fc.property(shapes, (c) => {
        const values = convolutionCase(c.batch, c.shape);
        const exact = direct(pass, c, values);
        const { kernel, args, output, units } = call(pass, c, values, runPlain);
        const got = total(runPlain(kernel, args, units)[output]!, exact.length);
        got.forEach((x, i) => {
          if (Math.abs(x - exact[i]!) < 1e-10) return;
          throw new Error(`${output}[${i}] is ${x}, not ${exact[i]}`);
        });
      }),
      { numRuns: Math.ceil(RUNS / 4), seed: 1 },
    );
  });

  it('is nearly as close to the exact sums as a direct convolution has to be', () => {
    fc.assert(
      fc.property(shapes, (c) => {
        // One image for the weights: a chunk's sums are then the whole gradient.
        const one = pass === 'weights' ? { ...c, batch: 1 } : c;
        const values = convolutionCase(one.batch, one.shape);
        const exact = direct(pass, one, values);
        // A tile's points mix all of its pixels: the error of one sum is that of the largest around it.
        const size = direct(pass, one, absolute(values));
        let largest = 0;
        for (const x of size) largest = Math.max(largest, x);
        size.fill(largest);
        const pack = (kernel: Kernel, of: Values, panels: number) =>
          runWasm('strict', kernel, of, panels);
        const { kernel, args, output, units } = call(pass, one, values, pack);
        const depths = {
          output: (9 * one.shape.inChannels) / one.shape.groups,
          input: (9 * one.shape.outChannels) / one.shape.groups,
          weights: Math.max(9, one.shape.outHeight * one.shape.outWidth),
        };
        const check = { kernel, values: args, units, output, exact, size };
        // Twice the direct bound.
        checkSums({ ...check, depth: 4 * depths[pass] });
      }),
      { numRuns: RUNS, seed: 2 },
    );
  });
});
