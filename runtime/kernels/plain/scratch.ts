/** Floats of a cache line. */
const LINE = 16;

/** Floats between rows of a gathered block, as `rowBytes` in wasm/patches.ts: an odd number of cache lines. */
export function blockRow(floats: number): number {
  return (Math.ceil(floats / LINE) | 1) * LINE;
}

/** Rows that a gradient to weights gathers at once: each tile of it is loaded and stored once a block. */
export const GRADIENT_BLOCK = 64;

/** How many rows of `floats` each to gather at once: a block of about 128 KiB, 16 to 64 rows. */
export function blockRows(floats: number): number {
  return Math.min(64, Math.max(16, Math.floor(32768 / floats) & ~3));
}
