/**
 * Convolution of any kernel, stride, dilation and number of groups. Padding is given at the top and left; what the
 * output's size asks for beyond the bottom and right is zeros too.
 */
import { type KernelArgs, kernel } from '../kernel.ts';
import { PANEL, packedIndex, transposedTaps } from './pack.ts';
import { chunkRange } from './partials.ts';
import {
  blockRow,
  blockRows,
  GRADIENT_BLOCK,
  isPadded,
  paddedFloats,
  stripPixels,
} from './scratch.ts';

export const CONVOLUTION_GEOMETRY = {
  inHeight: 'i32',
  inWidth: 'i32',
  inChannels: 'i32',
  outHeight: 'i32',
  outWidth: 'i32',
  outChannels: 'i32',
  kernelHeight: 'i32',
  kernelWidth: 'i32',
  strideY: 'i32',
  strideX: 'i32',
  dilationY: 'i32',
  dilationX: 'i32',
  padTop: 'i32',
  padLeft: 'i32',
  groups: 'i32',
} as const satisfies KernelArgs;

export type ConvolutionShape = { readonly [K in keyof typeof CONVOLUTION_GEOMETRY]: number };

/** Floats of scratch that `convolution` needs for each slot: its argument `scratchSize`. */
export function convolutionScratch(shape: ConvolutionShape): number {
  if (isPadded(shape.outWidth, shape)) return paddedFloats(targetOf(shape));
  const row = blockRow(shape.kernelHeight * shape.kernelWidth * shape.inChannels);
  return blockRows(row) * row;
}

/** The output as what wasm/padded.ts computes. */
function targetOf(shape: ConvolutionShape) {
  return {
    height: shape.outHeight,
    width: shape.outWidth,
    channels: shape.inChannels,
    tapsY: shape.kernelHeight,
    tapsX: shape.kernelWidth,
  };
}

export function convolutionInputGradientScratch(shape: ConvolutionShape): number {
  if (isPadded(shape.inWidth, shape)) {
    const { inHeight: height, inWidth: width, outChannels: channels } = shape;
    return paddedFloats({ ...targetOf(shape), height, width, channels });
  }
  const row = blockRow(shape.kernelHeight * shape.kernelWidth * shape.outChannels);
  return blockRows(row) * row;
}

/**
 * How many rows of the kernel one unit of convolutionWeightGradient takes, its argument `kernelRows`: one, for more
 * units, unless so few channels come in that its tiles would not fill, or the image is read from a padded copy. It must divide kernelHeight.
 */
export function gradientKernelRows(shape: ConvolutionShape): number {
  const whole = isPadded(shape.outWidth, shape) || shape.kernelWidth * shape.inChannels < 32;
  return whole ? shape.kernelHeight : 1;
}

/** Units of convolutionWeightGradient. */
export function convolutionWeightGradientUnits(shape: ConvolutionShape, chunks: number): number {
  return (chunks * shape.kernelHeight) / gradientKernelRows(shape);
}

export function convolutionWeightGradientScratch(shape: ConvolutionShape): number {
  const outGroup = shape.outChannels / shape.groups;
  const columns = Math.ceil(outGroup / PANEL) * PANEL * shape.groups;
  if (isPadded(shape.outWidth, shape)) {
    const target = targetOf(shape);
    return paddedFloats(target) + stripPixels(target) * columns;
  }
  const row = blockRow(gradientKernelRows(shape) * shape.kernelWidth * shape.inChannels) + columns;
  return GRADIENT_BLOCK * row;
}

/** Calls `visit` for each tap of the output pixel (oy, ox) that lies in the image. */
function forEachTap(
  shape: ConvolutionShape,
  oy: number,
  ox: number,
  visit: (ky: number, kx: number, iy: number, ix: number) => void,
): void {
  for (let ky = 0; ky < shape.kernelHeight; ky++) {
    const iy = oy * shape.strideY + ky * shape.dilationY - shape.padTop;
    if (iy < 0 || iy >= shape.inHeight) continue;
    for (let kx = 0; kx < shape.kernelWidth; kx++) {
      const ix = ox * shape.strideX + kx * shape.dilationX - shape.padLeft;
      if (ix >= 0 && ix < shape.inWidth) visit(ky, kx, iy, ix);
    }
  }
}

/** Weights and bias from packWeights. */
export const convolution = kernel({
  name: 'convolution',
  args: {
    input: 'in',
    packed: 'in',
    output: 'out',
    scratch: 'inout',
    ...CONVOLUTION_GEOMETRY,
    scratchSize: 'i32',
    slot: 'i32',
  },
  unit: 'image',
  plain({ input, packed, output, ...shape }, begin, end) {
    const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, groups } = shape;
    const inGroup = inChannels / groups;
    const channels = outChannels / groups;
    const layout = { depth: shape.kernelHeight * shape.kernelWidth * inGroup, channels };
    for (let n = begin; n < end; n++) {
      for (let oy = 0; oy < outHeight; oy++) {
        for (let ox = 0; ox < outWidth; ox++) {
          for (let co = 0; co < outChannels; co++) {
            const group = Math.floor(co / channels);
            const j = co % channels;
            let sum = packed[packedIndex(layout, group, -1, j)]!;
            forEachTap(shape, oy, ox, (ky, kx, iy, ix) => {
              const pixel = ((n * inHeight + iy) * inWidth + ix) * inChannels + group * inGroup;
              const row = (ky * shape.kernelWidth + kx) * inGroup;
              for (let c = 0; c < inGroup; c++) {
                sum += input[pixel + c]! * packed[packedIndex(layout, group, row + c, j)]!;
              }
            });
            output[((n * outHeight + oy) * outWidth + ox) * outChannels + co] = sum;
          }
        }
      }
    }
  },
});

/** The gradient to the input, weights from packWeightsTransposed. */
export const convolutionInputGradient = kernel({
  name: 'convolutionInputGradient',
  args: {
    gradient: 'in',
    packed: 'in',
    inputGradient: 'out',
    scratch: 'inout',
    ...CONVOLUTION_GEOMETRY,
    scratchSize: 'i32',
    slot: 'i32',
  },
  unit: 'image',
  plain({ gradient, packed, inputGradient, ...shape }, begin, end) {
    const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, groups } = shape;
    const channels = inChannels / groups;
    const outGroup = outChannels / groups;
    const layout = { depth: shape.kernelHeight * shape.kernelWidth * outGroup, channels };
    const order = transposedTaps(shape);
    const rank = new Map(order.map(([y, x], tap) => [y * shape.kernelWidth + x, tap]));
    const imageSize = inHeight * inWidth * inChannels;
    inputGradient.fill(0, begin * imageSize, end * imageSize);
    for (let n = begin; n < end; n++) {
      for (let oy = 0; oy < outHeight; oy++) {
        for (let ox = 0; ox < outWidth; ox++) {
          forEachTap(shape, oy, ox, (ky, kx, iy, ix) => {
            const row = rank.get(ky * shape.kernelWidth + kx)! * outGroup;
            for (let ci = 0; ci < inChannels; ci++) {
              const group = Math.floor(ci / channels);
              const to = ((n * inHeight + iy) * inWidth + ix) * inChannels + ci;
              const from = ((n * outHeight + oy) * outWidth + ox) * outChannels + group * outGroup;
              for (let k = 0; k < outGroup; k++) {
                const weight = packed[packedIndex(layout, group, row + k, ci % channels)]!;
                inputGradient[to] = inputGradient[to]! + gradient[from + k]! * weight;
              }
            }
          });
        }
      }
    }
  },
});

/** The gradient to the weights: partials [chunks, kernelHeight, kernelWidth, inChannels / groups, outChannels]. */
export const convolutionWeightGradient = kernel({
  name: 'convolutionWeightGradient',
  args: {
    input: 'in',
    gradient: 'in',
    partials: 'out',
    scratch: 'inout',
    batch: 'i32',
    ...CONVOLUTION_GEOMETRY,
    chunks: 'i32',
    kernelRows: 'i32',
    scratchSize: 'i32',
    slot: 'i32',
  },
  unit: 'kernelRows rows of the kernel in a chunk of the batch',
  plain({ input, gradient, partials, ...shape }, begin, end) {
    const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, groups } = shape;
    const { kernelHeight, kernelWidth, kernelRows } = shape;
    const inGroup = inChannels / groups;
    const outGroup = outChannels / groups;
    const blocks = kernelHeight / kernelRows;
    const size = kernelRows * kernelWidth * inGroup * outChannels;
    partials.fill(0, begin * size, end * size);
    for (let unit = begin; unit < end; unit++) {
      const firstRow = (unit % blocks) * kernelRows;
      const [first, last] = chunkRange(shape.batch, shape.chunks, Math.floor(unit / blocks));
      for (let n = first; n < last; n++) {
        for (let oy = 0; oy < outHeight; oy++) {
          for (let ox = 0; ox < outWidth; ox++) {
            forEachTap(shape, oy, ox, (ky, kx, iy, ix) => {
              const row = ky - firstRow;
              if (row < 0 || row >= kernelRows) return;
              for (let co = 0; co < outChannels; co++) {
                const group = Math.floor(co / outGroup);
                const dy = gradient[((n * outHeight + oy) * outWidth + ox) * outChannels + co]!;
                for (let c = 0; c < inGroup; c++) {
                  const from = ((n * inHeight + iy) * inWidth + ix) * inChannels;
                  const tap = row * kernelWidth + kx;
                  const to = unit * size + (tap * inGroup + c) * outChannels + co;
                  partials[to] = partials[to]! + input[from + group * inGroup + c]! * dy;
                }
              }
            });
          }
        }
      }
    }
  },
});
