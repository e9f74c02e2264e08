import { kernel } from '../kernel.ts';

/** Elements of one work unit of sumPartials. */
export const SUM_UNIT = 4096;

export function sumPartialsUnits(size: number): number {
  return Math.ceil(size / SUM_UNIT);
}

/** The images [first, last) of one chunk of a batch. */
export function chunkRange(batch: number, chunks: number, chunk: number): [number, number] {
  return [Math.floor((chunk * batch) / chunks), Math.floor(((chunk + 1) * batch) / chunks)];
}

/** Floats of partial sums that a step should not exceed by cutting the batch finer. */
const PARTIALS_FLOATS = 1 << 20;

/**
 * Into how many chunks to cut a batch whose partial sums are `size` floats each: up to 32 if cheap, and 8 at least, for
 * blocks that fit the cache and work for many threads. Chunks of whole images, if the batch can be cut so.
 */
export function gradientChunks(batch: number, size: number): number {
  const most = Math.min(batch, Math.max(8, Math.min(32, Math.floor(PARTIALS_FLOATS / size))));
  for (let chunks = most; chunks >= Math.min(8, batch); chunks--) {
    if (batch % chunks === 0) return chunks;
  }
  return most;
}

/** sum = (accumulate ? sum : 0) + the partial sums [chunks, size], in chunk order. */
export const sumPartials = kernel({
  name: 'sumPartials',
  args: { partials: 'in', sum: 'inout', size: 'i32', chunks: 'i32', accumulate: 'i32' },
  unit: 'chunk of 4096 elements',
  plain({ partials, sum, size, chunks, accumulate }, begin, end) {
    for (let i = begin * SUM_UNIT; i < Math.min(end * SUM_UNIT, size); i++) {
      let total = 0;
      for (let chunk = 0; chunk < chunks; chunk++) total += partials[chunk * size + i]!;
      sum[i] = accumulate ? sum[i]! + total : total;
    }
  },
});

/** The gradient to a bias: partials [chunks, channels], for sumPartials. */
export const biasGradient = kernel({
  name: 'biasGradient',
  args: {
    gradient: 'in',
    partials: 'out',
    batch: 'i32',
    pixels: 'i32',
    channels: 'i32',
    chunks: 'i32',
  },
  unit: 'chunk of the batch',
  plain({ gradient, partials, batch, pixels, channels, chunks }, begin, end) {
    for (let chunk = begin; chunk < end; chunk++) {
      const [first, last] = chunkRange(batch, chunks, chunk);
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let p = first * pixels; p < last * pixels; p++) sum += gradient[p * channels + c]!;
        partials[chunk * channels + c] = sum;
      }
    }
  },
});
