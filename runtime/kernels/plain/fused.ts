/**
 * What inference runs: products with the activation behind them, and where `pool` is 1 the 2x2 max pool with stride 2
 * behind that, over an even output; a depthwise convolution that feeds a pointwise one. The sizes are those before the
 * pool. What lies between exists a strip at a time. `scratchSize` floats of scratch belong to each slot.
 */
import { type Floats, type KernelArgs, kernel } from '../kernel.ts';
import { activate } from './activation.ts';
import {
  CONVOLUTION_GEOMETRY,
  type ConvolutionShape,
  convolution,
  convolutionScratch,
} from './convolution.ts';
import { DEPTHWISE_GEOMETRY, type DepthwiseShape, depthwise } from './depthwise.ts';
import { pointwise } from './pointwise.ts';
import { maxPool } from './pooling.ts';
import { convolutionStrip, productStrip } from './scratch.ts';

const FINISH = { activation: 'i32', parameter: 'f32', pool: 'i32' } as const satisfies KernelArgs;
const SCRATCH = { scratchSize: 'i32', slot: 'i32' } as const satisfies KernelArgs;

interface Finish {
  readonly activation: number;
  readonly parameter: number;
  readonly pool: number;
}

interface Extent {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Runs `product` into `output`, or into a place of its own and from there through the pool. */
function finished(
  output: Floats,
  extent: Extent,
  { activation, parameter, pool }: Finish,
  [begin, end]: readonly [number, number],
  product: (target: Floats) => void,
): void {
  const { height, width, channels } = extent;
  const size = height * width * channels;
  const target = pool ? new Float64Array(end * size) : output;
  product(target);
  for (let i = begin * size; i < end * size; i++) {
    target[i] = activate(target[i]!, activation, parameter);
  }
  if (!pool) return;
  const input = { inHeight: height, inWidth: width, channels };
  const windows = {
    windowHeight: 2,
    windowWidth: 2,
    strideY: 2,
    strideX: 2,
    padTop: 0,
    padLeft: 0,
  };
  const half = { outHeight: height / 2, outWidth: width / 2 };
  maxPool.plain({ input: target, output, ...input, ...half, ...windows }, begin, end);
}

/** As `convolution`. */
export const convolveActivate = kernel({
  name: 'convolveActivate',
  args: {
    input: 'in',
    packed: 'in',
    output: 'out',
    scratch: 'inout',
    ...CONVOLUTION_GEOMETRY,
    ...FINISH,
    ...SCRATCH,
  },
  unit: 'image',
  plain({ output, activation, parameter, pool, ...rest }, begin, end) {
    const { outHeight: height, outWidth: width, outChannels: channels } = rest;
    const finish = { activation, parameter, pool };
    finished(output, { height, width, channels }, finish, [begin, end], (target) =>
      convolution.plain({ ...rest, output: target }, begin, end),
    );
  },
});

export function convolveActivateScratch(shape: ConvolutionShape, pool: boolean): number {
  const { outHeight: height, outWidth: width, outChannels } = shape;
  const strip = pool ? convolutionStrip({ height, width }, outChannels) : 0;
  return convolutionScratch(shape) + strip;
}

/** As `pointwise`. */
export const pointwiseActivate = kernel({
  name: 'pointwiseActivate',
  args: {
    input: 'in',
    packed: 'in',
    output: 'out',
    scratch: 'inout',
    height: 'i32',
    width: 'i32',
    inChannels: 'i32',
    outChannels: 'i32',
    ...FINISH,
    ...SCRATCH,
  },
  unit: 'image',
  plain({ input, packed, output, height, width, inChannels, outChannels, ...rest }, begin, end) {
    const pixels = height * width;
    const extent = { height, width, channels: outChannels };
    finished(output, extent, rest, [begin, end], (target) =>
      pointwise.plain(
        { input, packed, output: target, pixels, inChannels, outChannels },
        begin,
        end,
      ),
    );
  },
});

export function pointwiseActivateScratch(
  { width, channels, inChannels }: Pick<Extent, 'width' | 'channels'> & { inChannels: number },
  pool: boolean,
): number {
  return pool ? productStrip(width, inChannels, channels, true) : 0;
}

/** As `depthwise`. */
export const depthwiseActivate = kernel({
  name: 'depthwiseActivate',
  args: {
    input: 'in',
    weights: 'in',
    bias: 'in',
    output: 'out',
    ...DEPTHWISE_GEOMETRY,
    hasBias: 'i32',
    activation: 'i32',
    parameter: 'f32',
  },
  unit: 'image',
  plain({ output, activation, parameter, ...rest }, begin, end) {
    const { outHeight: height, outWidth: width, inChannels, multiplier } = rest;
    const extent = { height, width, channels: inChannels * multiplier };
    const finish = { activation, parameter, pool: 0 };
    finished(output, extent, finish, [begin, end], (target) =>
      depthwise.plain({ ...rest, output: target }, begin, end),
    );
  },
});

/** `depthwiseActivate`, and `pointwiseActivate` on what it gives. */
export const depthwisePointwise = kernel({
  name: 'depthwisePointwise',
  args: {
    input: 'in',
    weights: 'in',
    bias: 'in',
    packed: 'in',
    output: 'out',
    scratch: 'inout',
    ...DEPTHWISE_GEOMETRY,
    hasBias: 'i32',
    innerActivation: 'i32',
    innerParameter: 'f32',
    outChannels: 'i32',
    ...FINISH,
    ...SCRATCH,
  },
  unit: 'image',
  plain({ packed, output, innerActivation, innerParameter, ...rest }, begin, end) {
    const { outHeight: height, outWidth: width, inChannels, multiplier, outChannels } = rest;
    const channels = inChannels * multiplier;
    const inner = new Float64Array(end * height * width * channels);
    const activation = { activation: innerActivation, parameter: innerParameter };
    depthwiseActivate.plain({ ...rest, ...activation, output: inner }, begin, end);
    const product = { input: inner, packed, output, height, width, inChannels: channels };
    pointwiseActivate.plain({ ...rest, ...product, outChannels }, begin, end);
  },
});

export function depthwisePointwiseScratch(
  shape: DepthwiseShape,
  outChannels: number,
  pool: boolean,
): number {
  const channels = shape.inChannels * shape.multiplier;
  const inner = productStrip(shape.outWidth, channels, channels, pool);
  return inner + (pool ? productStrip(shape.outWidth, channels, outChannels, true) : 0);
}
