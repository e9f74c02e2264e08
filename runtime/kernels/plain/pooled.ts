/**
 * A 1x1 convolution with a 2x2 max pool with stride 2 behind it, over an even image. The pool keeps the number of the
 * winner of each window (0 and 1 in its upper line, 2 and 3 in its lower one; the first of equals wins), so that the
 * backward pass needs neither the convolution's output nor the gradient to it: that has one value a window and channel.
 * `outHeight` and `outWidth` are those of the pooled image; inputs are twice as high and wide.
 */
import { kernel } from '../kernel.ts';
import { packedIndex } from './pack.ts';
import { chunkRange } from './partials.ts';

interface Sizes {
  readonly outHeight: number;
  readonly outWidth: number;
}

/** The pixel, counted through the batch, of each of a window's numbers. */
function pixelOf({ outHeight, outWidth }: Sizes, window: number, number: number): number {
  const line = Math.floor(window / outWidth);
  const n = Math.floor(line / outHeight);
  const y = 2 * (line % outHeight) + (number >> 1);
  const x = 2 * (window % outWidth) + (number & 1);
  return (n * 2 * outHeight + y) * 2 * outWidth + x;
}

export const maxPoolWinners = kernel({
  name: 'maxPoolWinners',
  args: {
    input: 'in',
    output: 'out',
    winners: 'u8out',
    outHeight: 'i32',
    outWidth: 'i32',
    channels: 'i32',
  },
  unit: 'image',
  plain({ input, output, winners, channels, ...sizes }, begin, end) {
    const windows = sizes.outHeight * sizes.outWidth;
    for (let w = begin * windows; w < end * windows; w++) {
      for (let c = 0; c < channels; c++) {
        const value = (number: number): number => input[pixelOf(sizes, w, number) * channels + c]!;
        const winner = [1, 2, 3].reduce((best, n) => (value(n) > value(best) ? n : best), 0);
        output[w * channels + c] = value(winner);
        winners[w * channels + c] = winner;
      }
    }
  },
});

/** Floats of scratch that pooledWeightGradient needs for each slot: its argument `scratchSize`. */
export function pooledWeightGradientScratch(inChannels: number, outChannels: number): number {
  return Math.ceil(inChannels / 4) * 4 * outChannels;
}

/** partials[chunk, k, j] = sum over the chunk's windows of input[winner of j, k] * gradient[window, j]. */
export const pooledWeightGradient = kernel({
  name: 'pooledWeightGradient',
  args: {
    input: 'in',
    gradient: 'in',
    winners: 'u8',
    partials: 'out',
    scratch: 'inout',
    batch: 'i32',
    outHeight: 'i32',
    outWidth: 'i32',
    inChannels: 'i32',
    outChannels: 'i32',
    chunks: 'i32',
    scratchSize: 'i32',
    slot: 'i32',
  },
  unit: 'chunk of the batch',
  plain({ input, gradient, winners, partials, ...sizes }, begin, end) {
    const { batch, outHeight, outWidth, inChannels, outChannels, chunks } = sizes;
    const windows = outHeight * outWidth;
    for (let chunk = begin; chunk < end; chunk++) {
      const [first, last] = chunkRange(batch, chunks, chunk);
      for (let k = 0; k < inChannels; k++) {
        for (let j = 0; j < outChannels; j++) {
          let sum = 0;
          for (let w = first * windows; w < last * windows; w++) {
            const at = w * outChannels + j;
            sum += input[pixelOf(sizes, w, winners[at]!) * inChannels + k]! * gradient[at]!;
          }
          partials[(chunk * inChannels + k) * outChannels + j] = sum;
        }
      }
    }
  },
});

/** inputGradient[p, k] = sum over the output channels j that p won of gradient[window, j] * weights[k, j], transposed. */
export const pooledInputGradient = kernel({
  name: 'pooledInputGradient',
  args: {
    gradient: 'in',
    winners: 'u8',
    packed: 'in',
    inputGradient: 'out',
    outHeight: 'i32',
    outWidth: 'i32',
    inChannels: 'i32',
    outChannels: 'i32',
  },
  unit: 'image',
  plain({ gradient, winners, packed, inputGradient, ...sizes }, begin, end) {
    const { inChannels, outChannels } = sizes;
    const layout = { depth: outChannels, channels: inChannels };
    const windows = sizes.outHeight * sizes.outWidth;
    for (let w = begin * windows; w < end * windows; w++) {
      for (let number = 0; number < 4; number++) {
        for (let k = 0; k < inChannels; k++) {
          let sum = packed[packedIndex(layout, 0, -1, k)]!;
          for (let j = 0; j < outChannels; j++) {
            if (winners[w * outChannels + j] !== number) continue;
            sum += gradient[w * outChannels + j]! * packed[packedIndex(layout, 0, j, k)]!;
          }
          inputGradient[pixelOf(sizes, w, number) * inChannels + k] = sum;
        }
      }
    }
  },
});
