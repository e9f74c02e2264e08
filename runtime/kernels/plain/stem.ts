/**
 * A network's first convolution (3x3 over photos, no stride), with a batch norm, an activation and a 2x2 max pool behind
 * it, in training. Nobody needs the gradient to the photos, and what the norm's gradient adds
 * to each pixel is linear in the convolution's own output x, which is linear in the patches of the photo:
 *
 *   dx = scale * dz + slope * x + offset,  x = patch * W + bias
 *   dW = sum of patch * dx = scale * sum of patch * dz + slope * (sum of patch * patch) * (W, bias) + offset * sum of patch
 *
 * So dx is never made. dz is zero but at the winner of each window, and the products of patches among themselves depend
 * on the photo alone, and mostly on how far apart two of its pixels are. They tell mean and variance of x as well, before
 * there is any x: so it goes straight on to the pool, and is not kept either.
 */
import { type KernelArgs, kernel } from '../kernel.ts';
import { derivative } from './activation.ts';
import { type ConvolutionShape, convolution, convolutionScratch } from './convolution.ts';
import { normStatistics } from './norm.ts';
import { poolNumbered } from './norm-pool.ts';

export const STEM_KERNEL = 3;
export const STEM_CHANNELS = 3;
/** Floats of a patch: [row, column, channel]. */
export const STEM_TAPS = STEM_KERNEL * STEM_KERNEL * STEM_CHANNELS;
/** A patch with a 1 behind it, for the bias. */
const WITH_ONE = STEM_TAPS + 1;
export const STEM_PRODUCTS = STEM_TAPS * WITH_ONE;

/** Sizes of the photo and of the convolution's output, not of the pool's. */
const GEOMETRY = {
  inHeight: 'i32',
  inWidth: 'i32',
  outHeight: 'i32',
  outWidth: 'i32',
  padTop: 'i32',
  padLeft: 'i32',
} as const satisfies KernelArgs;

export type StemShape = { readonly [K in keyof typeof GEOMETRY]: number };

/** Where in the photos the value of a tap lies; undefined in the padding. */
function tapAt(s: StemShape, n: number, y: number, x: number, tap: number): number | undefined {
  const channel = tap % STEM_CHANNELS;
  const column = Math.floor(tap / STEM_CHANNELS) % STEM_KERNEL;
  const row = Math.floor(tap / (STEM_CHANNELS * STEM_KERNEL));
  const [iy, ix] = [y + row - s.padTop, x + column - s.padLeft];
  if (iy < 0 || iy >= s.inHeight || ix < 0 || ix >= s.inWidth) return undefined;
  return ((n * s.inHeight + iy) * s.inWidth + ix) * STEM_CHANNELS + channel;
}

const inLines = (floats: number): number => Math.ceil(floats / 16) * 16;

/** Floats of scratch that stemGradientSums needs for each slot: its argument `scratchSize`. */
export function stemGradientSumsScratch({ outWidth }: StemShape, channels: number): number {
  const line = inLines((outWidth + 2) * STEM_CHANNELS);
  return 4 * line + inLines((outWidth / 2) * channels) + inLines(28 * channels);
}

/**
 * The sums of normPoolGradientSums, and patches[image, tap, channel] = sum over the windows of the winner's patch times
 * dz. `numbers` says which pixel of its window won: 0 and 1 in the upper line, 2 and 3 in the lower one.
 */
export const stemGradientSums = kernel({
  name: 'stemGradientSums',
  args: {
    image: 'in',
    winners: 'in',
    numbers: 'u8',
    gradient: 'in',
    coefficients: 'in',
    partials: 'out',
    patches: 'out',
    scratch: 'inout',
    ...GEOMETRY,
    channels: 'i32',
    activation: 'i32',
    parameter: 'f32',
    scratchSize: 'i32',
    slot: 'i32',
  },
  unit: 'image',
  plain(
    { image, winners, numbers, gradient, coefficients: k, partials, patches, ...a },
    begin,
    end,
  ) {
    const { channels, outHeight, outWidth } = a;
    const windows = (outHeight / 2) * (outWidth / 2);
    partials.fill(0, begin * 2 * channels, end * 2 * channels);
    patches.fill(0, begin * STEM_TAPS * channels, end * STEM_TAPS * channels);
    for (let at = begin * windows * channels; at < end * windows * channels; at++) {
      const c = at % channels;
      const window = Math.floor(at / channels);
      const n = Math.floor(window / windows);
      const won = winners[at]!;
      const z = won * k[c]! + k[channels + c]!;
      const dz = gradient[at]! * derivative(z, a.activation, a.parameter);
      const sums = n * 2 * channels + c;
      partials[sums] = partials[sums]! + dz;
      const normalised = (won - k[2 * channels + c]!) * k[3 * channels + c]!;
      partials[sums + channels] = partials[sums + channels]! + dz * normalised;
      const line = Math.floor((window % windows) / (outWidth / 2));
      const y = 2 * line + (numbers[at]! >> 1);
      const x = 2 * (window % (outWidth / 2)) + (numbers[at]! & 1);
      for (let tap = 0; tap < STEM_TAPS; tap++) {
        const from = tapAt(a, n, y, x, tap);
        if (from === undefined) continue;
        const to = (n * STEM_TAPS + tap) * channels + c;
        patches[to] = patches[to]! + image[from]! * dz;
      }
    }
  },
});

/** Floats of scratch that stemProducts needs for each slot: lines of a photo, and sums in float64. */
export function stemProductsScratch({ inWidth }: StemShape): number {
  const plane = Math.ceil(inWidth / 4) * 4 + 8;
  const lines = inLines(3 * STEM_CHANNELS * plane);
  return lines + inLines(2 * STEM_PRODUCTS) + inLines(4 * (15 * 9 + 3)) + inLines(2 * (27 * 9 + 9));
}

/**
 * products[image, tap, other] = sum over the patches of one tap times another, or times 1 for the last of `other`. And
 * what normStatistics would say of the convolution's output, which follows from the products.
 */
export const stemProducts = kernel({
  name: 'stemProducts',
  args: {
    image: 'in',
    weights: 'in',
    bias: 'in',
    products: 'out',
    partials: 'out',
    scratch: 'inout',
    ...GEOMETRY,
    channels: 'i32',
    hasBias: 'i32',
    scratchSize: 'i32',
    slot: 'i32',
  },
  unit: 'image',
  plain({ image, weights, bias, products, partials, channels, hasBias, ...a }, begin, end) {
    products.fill(0, begin * STEM_PRODUCTS, end * STEM_PRODUCTS);
    const patch = new Float64Array(WITH_ONE).fill(1);
    const pixels = a.outHeight * a.outWidth;
    const output = new Float64Array(end * pixels * channels);
    for (let i = begin * pixels; i < end * pixels; i++) {
      const n = Math.floor(i / pixels);
      const y = Math.floor((i % pixels) / a.outWidth);
      for (let tap = 0; tap < STEM_TAPS; tap++) {
        const from = tapAt(a, n, y, i % a.outWidth, tap);
        patch[tap] = from === undefined ? 0 : image[from]!;
      }
      for (let j = 0; j < STEM_PRODUCTS; j++) {
        const product = patch[Math.floor(j / WITH_ONE)]! * patch[j % WITH_ONE]!;
        products[n * STEM_PRODUCTS + j] = products[n * STEM_PRODUCTS + j]! + product;
      }
      for (let c = 0; c < channels; c++) {
        let sum = hasBias ? bias[c]! : 0;
        for (let tap = 0; tap < STEM_TAPS; tap++) sum += patch[tap]! * weights[tap * channels + c]!;
        output[i * channels + c] = sum;
      }
    }
    normStatistics.plain({ input: output, partials, pixels, channels }, begin, end);
  },
});

function convolutionOf(s: StemShape, outChannels: number): ConvolutionShape {
  return {
    ...{ inHeight: s.inHeight, inWidth: s.inWidth, outHeight: s.outHeight, outWidth: s.outWidth },
    ...{ padTop: s.padTop, padLeft: s.padLeft, inChannels: STEM_CHANNELS, outChannels, groups: 1 },
    ...{ kernelHeight: STEM_KERNEL, kernelWidth: STEM_KERNEL },
    ...{ strideY: 1, strideX: 1, dilationY: 1, dilationX: 1 },
  };
}

/** Floats of scratch that stemForward needs for each slot: two lines, and what their convolution needs. */
export function stemForwardScratch(shape: StemShape, channels: number): number {
  return (
    inLines(2 * shape.outWidth * channels) + convolutionScratch(convolutionOf(shape, channels))
  );
}

/** The convolution, and behind it what normActivatePool does, with the number of each winner; see stemGradientSums. */
export const stemForward = kernel({
  name: 'stemForward',
  args: {
    image: 'in',
    packed: 'in',
    coefficients: 'in',
    output: 'out',
    winners: 'out',
    numbers: 'u8out',
    scratch: 'inout',
    ...GEOMETRY,
    channels: 'i32',
    activation: 'i32',
    parameter: 'f32',
    scratchSize: 'i32',
    slot: 'i32',
  },
  unit: 'image',
  plain({ image, packed, scratch, scratchSize, slot, ...a }, begin, end) {
    const { outHeight: height, outWidth: width, channels } = a;
    const input = new Float64Array(end * height * width * channels);
    const place = { scratch, scratchSize, slot };
    convolution.plain(
      { ...convolutionOf(a, channels), input: image, packed, output: input, ...place },
      begin,
      end,
    );
    poolNumbered({ ...a, input, height, width }, begin, end);
  },
});

/** The gradient to the weights from `patches` of each image, `products` of all, and normGradientFinish's three rows. */
export const stemWeightGradient = kernel({
  name: 'stemWeightGradient',
  args: {
    patches: 'in',
    products: 'in',
    weights: 'in',
    bias: 'in',
    gradientCoefficients: 'in',
    gradient: 'inout',
    images: 'i32',
    channels: 'i32',
    hasBias: 'i32',
    accumulate: 'i32',
  },
  unit: 'channel',
  plain({ patches, products, weights, bias, gradient, images, channels, ...a }, begin, end) {
    const { gradientCoefficients: g } = a;
    for (let c = begin; c < end; c++) {
      for (let tap = 0; tap < STEM_TAPS; tap++) {
        let sparse = 0;
        for (let n = 0; n < images; n++) sparse += patches[(n * STEM_TAPS + tap) * channels + c]!;
        const row = tap * WITH_ONE;
        let linear = a.hasBias ? products[row + STEM_TAPS]! * bias[c]! : 0;
        for (let other = 0; other < STEM_TAPS; other++) {
          linear += products[row + other]! * weights[other * channels + c]!;
        }
        const offset = products[row + STEM_TAPS]! * g[2 * channels + c]!;
        const sum = sparse * g[c]! + linear * g[channels + c]! + offset;
        const at = tap * channels + c;
        gradient[at] = a.accumulate ? gradient[at]! + sum : sum;
      }
    }
  },
});
