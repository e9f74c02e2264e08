/** Awkward shapes for the kernel tests. */
import fc from 'fast-check';
import type { ConvolutionShape } from '../../runtime/kernels/index.ts';
import * as k from '../../runtime/kernels/index.ts';
import type { Kernel } from '../../runtime/kernels/kernel.ts';
import { checkLinear, randomFloats, runPlain, type Values } from './harness.ts';

const int = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });

export interface ConvolutionCase {
  readonly batch: number;
  readonly shape: ConvolutionShape;
}

interface Axis {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
}

/** One axis: `after` is what asymmetric padding adds at the far end, through the output's size. */
export const axes: fc.Arbitrary<Axis> = fc
  .record({
    ...{ input: int(1, 11), kernel: fc.constantFrom(1, 2, 3, 3, 3, 5, 5, 7) },
    ...{ stride: fc.constantFrom(1, 1, 2, 3), dilation: fc.constantFrom(1, 1, 1, 2, 3) },
    ...{ before: int(0, 4), after: int(0, 4) },
  })
  .map(({ after, ...axis }) => {
    const reach = (axis.kernel - 1) * axis.dilation + 1;
    const room = axis.input + axis.before + after - reach;
    return { ...axis, output: Math.floor(room / axis.stride) + 1 };
  })
  .filter((axis) => axis.output > 0);

const channelPairs = fc
  .record({ groups: fc.constantFrom(1, 1, 1, 2, 3, 4), inGroup: int(1, 9), outGroup: int(1, 18) })
  .map(({ groups, inGroup, outGroup }) => {
    return { groups, inChannels: groups * inGroup, outChannels: groups * outGroup };
  });

/** The channel counts that the fast paths take, beside odd ones. */
export const channelCounts = fc.oneof(int(1, 21), fc.constantFrom(4, 8, 12, 16, 20, 32));

export function spatialShape(y: Axis, x: Axis) {
  return {
    ...{ inHeight: y.input, inWidth: x.input, outHeight: y.output, outWidth: x.output },
    ...{ kernelHeight: y.kernel, kernelWidth: x.kernel, strideY: y.stride, strideX: x.stride },
    ...{ dilationY: y.dilation, dilationX: x.dilation, padTop: y.before, padLeft: x.before },
  };
}

export const convolutionShapes: fc.Arbitrary<ConvolutionCase> = fc
  .record({ batch: int(1, 4), y: axes, x: axes, channels: channelPairs })
  .map(({ batch, y, x, channels }) => ({ batch, shape: { ...spatialShape(y, x), ...channels } }));

/** Lines that go in tiles, without stride or dilation. */
const plainAxes = axes
  .map((axis) => ({ ...axis, stride: 1, dilation: 1 }))
  .map((axis) => ({ ...axis, output: axis.input + 2 * axis.before - axis.kernel + 1 }))
  .filter((axis) => axis.output > 0);
const tiledAxes = plainAxes.filter(({ output }) => output % 4 === 0 || output > 12);

const smallGroups = fc
  .record({
    groups: int(2, 4),
    inGroup: fc.constantFrom(4, 8, 16),
    outGroup: fc.oneof(int(1, 18), fc.constantFrom(4, 8, 16)),
  })
  .map(({ groups, inGroup, outGroup }) => {
    return { groups, inChannels: groups * inGroup, outChannels: groups * outGroup };
  });

/** What wasm/groups.ts computes; turned around, as the gradient to the input reads it, half of the time. */
export const smallGroupShapes: fc.Arbitrary<ConvolutionCase> = fc
  .record({
    batch: int(1, 2),
    y: plainAxes,
    x: tiledAxes,
    channels: smallGroups,
    turn: fc.boolean(),
  })
  .map(({ batch, y, x, channels: { groups, ...channels }, turn }) => {
    const turned = { inChannels: channels.outChannels, outChannels: channels.inChannels };
    const shape = { ...spatialShape(y, x), groups, ...(turn ? turned : channels) };
    return { batch, shape };
  });

/** Images of few channels, most of them of three. */
export const fewChannelShapes: fc.Arbitrary<ConvolutionCase> = fc
  .record({
    ...{ batch: int(1, 3), y: plainAxes, x: tiledAxes },
    ...{ inChannels: fc.constantFrom(1, 2, 3, 3, 3, 4), outChannels: int(1, 21) },
  })
  .map(({ batch, y, x, ...channels }) => {
    return { batch, shape: { ...spatialShape(y, x), groups: 1, ...channels } };
  });

export function convolutionCase(batch: number, shape: ConvolutionShape) {
  const { kernelHeight, kernelWidth, inChannels, outChannels, groups } = shape;
  return {
    input: randomFloats(batch * shape.inHeight * shape.inWidth * inChannels, 1),
    gradient: randomFloats(batch * shape.outHeight * shape.outWidth * outChannels, 2),
    weights: randomFloats((kernelHeight * kernelWidth * inChannels * outChannels) / groups, 3),
    bias: randomFloats(outChannels, 4),
  };
}

/** Checks that a packing kernel copies exactly as its twin does, and returns what it packed. */
export function packedBoth(
  kernel: Kernel,
  panels: typeof k.packedPanels,
  values: Values & k.PackedWeights,
): Float32Array {
  const packed = new Float32Array(k.packedSize(values)).fill(7);
  const units = panels(values);
  checkLinear({ kernel, values: { ...values, packed }, units, output: 'packed', depth: 0 });
  return Float32Array.from(runPlain(kernel, { ...values, packed }, units).packed!);
}
