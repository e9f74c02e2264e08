/** Sums over many pixels, made block by block so that they stay exact and the block stays in the cache. */
import { loadPartial, storePartial } from './simd';

/** Pixels that are summed in registers before they go to the totals; fixed by the channel count alone. */
export function pixelsOfBlock(channels: i32): i32 {
  return max(16, min(256, 4096 / channels));
}

/** Adds to the totals of channels c to c + lanes: one row of sums, and behind it one of second sums. */
export function flushSums(
  totals: usize,
  row: usize,
  c: i32,
  lanes: i32,
  sum: v128,
  second: v128,
): void {
  const at = totals + ((c as usize) << 2);
  storePartial(at, f32x4.add(loadPartial(at, lanes), sum), lanes);
  storePartial(at + row, f32x4.add(loadPartial(at + row, lanes), second), lanes);
}
