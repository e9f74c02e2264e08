/**
 * Kernels of int8 inference. What they compute is written once, in templates/support/kernels/: a twin lays its buffers
 * side by side in a memory of its own and runs that. All results are exact, so that no build may differ in a bit.
 */

import * as forms from '../../../templates/support/kernels/index.ts';
import type { KernelFactory } from '../../../templates/support/types.ts';
import { type BoundArgs, type Kernel, type KernelArgs, kernel } from '../kernel.ts';
import { CONVOLUTION_GEOMETRY, type ConvolutionShape } from './convolution.ts';
import { DEPTHWISE_GEOMETRY, type DepthwiseShape } from './depthwise.ts';
import { POOL_GEOMETRY } from './pooling.ts';
import { byteStrip } from './scratch.ts';

type Bytes = Uint8Array | Float32Array | Float64Array;

/** One image at a time: `begin` and `end` count images, whose buffers are the whole ones of one image. */
function fromForm<const A extends KernelArgs>(
  name: string,
  form: KernelFactory,
  args: A,
): Kernel<A> {
  const entries = Object.entries(args);
  return kernel({
    name,
    args,
    unit: 'image',
    plain(given: BoundArgs<A>, begin: number, end: number) {
      if (begin === end) return;
      if (end - begin > 1) throw new Error(`${name} has no plain form of a batch`);
      const values = given as Readonly<Record<string, number | Bytes>>;
      const buffers = entries.map(([key]) => values[key]).filter((v) => typeof v !== 'number');
      const room = (v: Bytes) =>
        Math.ceil((v.length * (v instanceof Uint8Array ? 1 : 4)) / 64) * 64;
      const memory = new ArrayBuffer(buffers.reduce((sum, v) => sum + room(v as Bytes) + 64, 64));
      let top = 64;
      const back: (() => void)[] = [];
      const call = entries.map(([key, kind]) => {
        const value = values[key] as number | Bytes;
        if (typeof value === 'number') return kind === 'f32' ? Math.fround(value) : value;
        const at = top;
        top += room(value) + 64;
        const view =
          value instanceof Uint8Array
            ? new Uint8Array(memory, at, value.length)
            : new Float32Array(memory, at, value.length);
        view.set(value);
        if (kind === 'out' || kind === 'inout' || kind === 'u8out')
          back.push(() => value.set(view));
        return at;
      });
      form(new Float32Array(memory))(...call, 0, 1);
      for (const copy of back) copy();
    },
  });
}

/**
 * How sums become bytes: the modes are `byteModes`. `table` has a byte for each of 256, or is not read; `outside` is the
 * pixel around the image.
 */
const FINISH = {
  mode: 'i32',
  low: 'f32',
  high: 'f32',
} as const satisfies KernelArgs;
const SCRATCH = { scratchSize: 'i32', slot: 'i32' } as const satisfies KernelArgs;
const PRODUCT = {
  input: 'u8',
  packed: 'u8',
  table: 'u8',
  outside: 'u8',
  output: 'u8out',
  scratch: 'inout',
} as const satisfies KernelArgs;

/** In mode `floats` the output holds float32. */
export const convolveBytes = fromForm('convolveBytes', forms.convolveBytes, {
  ...PRODUCT,
  ...CONVOLUTION_GEOMETRY,
  ...FINISH,
  ...SCRATCH,
});

export const depthwiseBytes = fromForm('depthwiseBytes', forms.depthwiseBytes, {
  ...PRODUCT,
  ...DEPTHWISE_GEOMETRY,
  ...FINISH,
  ...SCRATCH,
});

/** Floats of scratch: lines of the input with their padding. */
export function byteProductScratch(shape: ConvolutionShape | DepthwiseShape): number {
  const { outHeight: height, outWidth: width, inChannels } = shape;
  const columns = (width - 1) * shape.strideX + (shape.kernelWidth - 1) * shape.dilationX + 1;
  const lines =
    (byteStrip(width, height) - 1) * shape.strideY + (shape.kernelHeight - 1) * shape.dilationY + 1;
  // The last row is read by fours and eights.
  return Math.ceil((lines * columns * inChannels + 16) / 4);
}

export const quantize = fromForm('quantize', forms.quantize, {
  input: 'in',
  output: 'u8out',
  size: 'i32',
  scale: 'f32',
  zero: 'f32',
});

export const dequantize = fromForm('dequantize', forms.dequantize, {
  input: 'u8',
  output: 'out',
  size: 'i32',
  scale: 'f32',
  zero: 'f32',
});

export const addBytes = fromForm('addBytes', forms.addBytes, {
  a: 'u8',
  b: 'u8',
  output: 'u8out',
  size: 'i32',
  scaleA: 'f32',
  scaleB: 'f32',
  zero: 'f32',
  low: 'f32',
  high: 'f32',
});

export const multiplyByteTensors = fromForm('multiplyByteTensors', forms.multiplyByteTensors, {
  a: 'u8',
  b: 'u8',
  output: 'u8out',
  pixels: 'i32',
  channels: 'i32',
  perChannel: 'i32',
  zeroA: 'f32',
  zeroB: 'f32',
  scale: 'f32',
  zero: 'f32',
});

export const affineBytes = fromForm('affineBytes', forms.affineBytes, {
  input: 'u8',
  coefficients: 'in',
  output: 'u8out',
  pixels: 'i32',
  channels: 'i32',
  outputChannels: 'i32',
  outputFrom: 'i32',
  low: 'f32',
  high: 'f32',
});

export const tableBytes = fromForm('tableBytes', forms.tableBytes, {
  input: 'u8',
  table: 'u8',
  output: 'u8out',
  size: 'i32',
});

export const copyBytes = fromForm('copyBytes', forms.copyBytes, {
  input: 'u8',
  output: 'u8out',
  pixels: 'i32',
  count: 'i32',
  inputChannels: 'i32',
  inputFrom: 'i32',
});

export const shuffleBytes = fromForm('shuffleBytes', forms.shuffleBytes, {
  input: 'u8',
  output: 'u8out',
  pixels: 'i32',
  channels: 'i32',
  groups: 'i32',
});

export const frameBytes = fromForm('frameBytes', forms.frameBytes, {
  input: 'u8',
  output: 'u8out',
  height: 'i32',
  width: 'i32',
  channels: 'i32',
  top: 'i32',
  bottom: 'i32',
  left: 'i32',
  right: 'i32',
  fill: 'i32',
});

export const maxPoolBytes = fromForm('maxPoolBytes', forms.maxPoolBytes, {
  input: 'u8',
  output: 'u8out',
  ...POOL_GEOMETRY,
});

export const avgPoolBytes = fromForm('avgPoolBytes', forms.avgPoolBytes, {
  input: 'u8',
  output: 'u8out',
  ...POOL_GEOMETRY,
  countPadding: 'i32',
  inputZero: 'i32',
  scale: 'f32',
  zero: 'f32',
});
