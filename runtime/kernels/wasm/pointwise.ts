import { multiplyPanels, panelBytes, panelCount } from './gemm';
import { accumulateOuter } from './outer';
import { gatherPatches, packColumns, rowBytes } from './patches';

/** Floats of the input in a block: it stays in the first-level cache while every panel passes over it. */
const BLOCK_FLOATS: i32 = 4096;

/** Rows of the input up to this long are read where they lie: so few sets of the cache collide. */
const DIRECT_CHANNELS: i32 = 64;

export function pointwise(
  input: usize,
  packed: usize,
  output: usize,
  pixels: i32,
  inChannels: i32,
  outChannels: i32,
  begin: i32,
  end: i32,
): void {
  const lda = (inChannels << 2) as usize;
  const ldc = (outChannels << 2) as usize;
  const block = max(16, (BLOCK_FLOATS / inChannels) & ~3);
  const last = end * pixels;
  for (let row = begin * pixels; row < last; row += block) {
    multiplyPanels(
      input + (row as usize) * lda,
      lda,
      1,
      0,
      1,
      0,
      1,
      inChannels,
      0,
      packed,
      panelBytes(inChannels),
      0,
      output + (row as usize) * ldc,
      ldc,
      min(block, last - row),
      outChannels,
    );
  }
}

export function pointwiseWeightGradient(
  input: usize,
  gradient: usize,
  partials: usize,
  scratch: usize,
  batch: i32,
  pixels: i32,
  inChannels: i32,
  outChannels: i32,
  chunks: i32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const inBytes = (inChannels << 2) as usize;
  const outBytes = (outChannels << 2) as usize;
  const direct = inChannels % 4 === 0 && inChannels <= DIRECT_CHANNELS;
  const copyBytes = rowBytes(inChannels);
  const columnBytes = (panelCount(outChannels) << 5) as usize;
  const copy = scratch + (((slot * scratchSize) << 2) as usize);
  const block = ((scratchSize << 2) / ((copyBytes + columnBytes) as i32)) as i32;
  const columns = copy + (block as usize) * copyBytes;
  for (let chunk = begin; chunk < end; chunk++) {
    const partial = partials + (chunk as usize) * (inChannels as usize) * outBytes;
    memory.fill(partial, 0, (inChannels as usize) * outBytes);
    const last = (((chunk + 1) * batch) / chunks) * pixels;
    for (let row = ((chunk * batch) / chunks) * pixels; row < last; row += block) {
      const count = min(block, last - row);
      let a = input + (row as usize) * inBytes;
      if (!direct) {
        // A patch of one tap is a copy.
        gatherPatches(
          a,
          copy,
          copyBytes,
          1,
          count,
          inChannels,
          1,
          count,
          1,
          1,
          1,
          1,
          1,
          1,
          0,
          0,
          0,
          count,
        );
        a = copy;
      }
      packColumns(gradient + (row as usize) * outBytes, columns, count, outChannels, 1);
      accumulateOuter(
        a,
        direct ? inBytes : copyBytes,
        1,
        0,
        1,
        0,
        1,
        inChannels,
        0,
        columns,
        (count << 5) as usize,
        partial,
        outBytes,
        count,
        outChannels,
      );
    }
  }
}
