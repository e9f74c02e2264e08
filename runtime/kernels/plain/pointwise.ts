/**
 * 1x1 convolutions with stride 1. A dense layer is one over images of a single pixel. The gradient to the input is
 * `pointwise` again, with the roles of the channels swapped and weights from packWeightsTransposed.
 */
import { kernel } from '../kernel.ts';
import { PANEL, packedIndex } from './pack.ts';
import { chunkRange } from './partials.ts';
import { blockRow } from './scratch.ts';

/** output[p, j] = bias[j] + sum over k of input[p, k] * weights[k, j], bias and weights from packWeights. */
export const pointwise = kernel({
  name: 'pointwise',
  args: {
    input: 'in',
    packed: 'in',
    output: 'out',
    pixels: 'i32',
    inChannels: 'i32',
    outChannels: 'i32',
  },
  unit: 'image',
  plain({ input, packed, output, pixels, inChannels, outChannels }, begin, end) {
    const layout = { depth: inChannels, channels: outChannels };
    for (let p = begin * pixels; p < end * pixels; p++) {
      for (let j = 0; j < outChannels; j++) {
        let sum = packed[packedIndex(layout, 0, -1, j)]!;
        for (let k = 0; k < inChannels; k++) {
          sum += input[p * inChannels + k]! * packed[packedIndex(layout, 0, k, j)]!;
        }
        output[p * outChannels + j] = sum;
      }
    }
  },
});

/** Half a megabyte. */
const BLOCK_FLOATS = 1 << 17;

/**
 * Rows of a block, of `row` floats each: every tile of the sums is loaded and stored once a block, which many columns of
 * the input make worth a long block, as far as it fits the second-level cache.
 */
function gradientRows(inChannels: number, row: number): number {
  const wanted = Math.min(256, Math.max(64, 4 * inChannels));
  return Math.max(16, Math.min(wanted, Math.floor(BLOCK_FLOATS / row) & ~3));
}

/** Floats of scratch that pointwiseWeightGradient needs for each slot: its argument `scratchSize`. */
export function pointwiseWeightGradientScratch(inChannels: number, outChannels: number): number {
  const row = blockRow(inChannels) + Math.ceil(outChannels / PANEL) * PANEL;
  return gradientRows(inChannels, row) * row;
}

/** partials[chunk, k, j] = sum over the chunk's pixels of input[p, k] * gradient[p, j], for sumPartials. */
export const pointwiseWeightGradient = kernel({
  name: 'pointwiseWeightGradient',
  args: {
    input: 'in',
    gradient: 'in',
    partials: 'out',
    scratch: 'inout',
    batch: 'i32',
    pixels: 'i32',
    inChannels: 'i32',
    outChannels: 'i32',
    chunks: 'i32',
    scratchSize: 'i32',
    slot: 'i32',
  },
  unit: 'chunk of the batch',
  plain({ input, gradient, partials, ...sizes }, begin, end) {
    const { batch, pixels, inChannels, outChannels, chunks } = sizes;
    for (let chunk = begin; chunk < end; chunk++) {
      const [first, last] = chunkRange(batch, chunks, chunk);
      for (let k = 0; k < inChannels; k++) {
        for (let j = 0; j < outChannels; j++) {
          let sum = 0;
          for (let p = first * pixels; p < last * pixels; p++) {
            sum += input[p * inChannels + k]! * gradient[p * outChannels + j]!;
          }
          partials[(chunk * inChannels + k) * outChannels + j] = sum;
        }
      }
    }
  },
});
