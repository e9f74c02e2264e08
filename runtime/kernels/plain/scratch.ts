/** Floats of a cache line. */
const LINE = 16;

/** Floats between rows of a gathered block, as `rowBytes` in wasm/patches.ts: an odd number of cache lines. */
export function blockRow(floats: number): number {
  return (Math.ceil(floats / LINE) | 1) * LINE;
}

/** Pixels of a strip in wasm/padded.ts, at least a line. */
const STRIP_PIXELS = 128;

export interface PaddedShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly tapsY: number;
  readonly tapsX: number;
}

/** Whether wasm/padded.ts computes it: without strides, where tiles of four pixels fill most of a line. */
export function isPadded(
  width: number,
  shape: Readonly<Record<'strideY' | 'strideX' | 'dilationY' | 'dilationX', number>>,
): boolean {
  const steps = [shape.strideY, shape.strideX, shape.dilationY, shape.dilationX];
  return steps.every((n) => n === 1) && (width % 4 === 0 || width > 12);
}

/** Pixels of a strip of lines of the target. */
export function stripPixels({ height, width }: PaddedShape): number {
  return Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width))) * width;
}

/** Floats of a strip with what its taps reach, as `paddedBytes` in wasm/padded.ts. */
export function paddedFloats(shape: PaddedShape): number {
  const lines = stripPixels(shape) / shape.width + shape.tapsY - 1;
  const pixel = shape.channels <= 64 ? shape.channels : blockRow(shape.channels);
  return lines * (shape.width + shape.tapsX - 1) * pixel + 8 * LINE;
}

/** Rows that a gradient to weights gathers at once: each tile of it is loaded and stored once a block. */
export const GRADIENT_BLOCK = 64;

/** How many rows of `floats` each to gather at once: a block of about 128 KiB, 16 to 64 rows. */
export function blockRows(floats: number): number {
  return Math.min(64, Math.max(16, Math.floor(32768 / floats) & ~3));
}

/** Lines of a strip of about so many pixels, an even number where they are pooled; as in wasm/strip.ts. */
function fusedLines(width: number, height: number, pixels: number, pool: boolean): number {
  const lines = Math.min(height, Math.max(1, Math.floor(pixels / width)));
  return pool ? lines + (lines % 2) : lines;
}

function fusedPixels(channels: number): number {
  return Math.max(16, Math.floor(4096 / channels) & ~3);
}

const inLines = (floats: number): number => Math.ceil(floats / LINE) * LINE;

/** Floats that hold a strip of a convolution before it is pooled. */
export function convolutionStrip(
  { height, width }: Readonly<Record<'height' | 'width', number>>,
  channels: number,
): number {
  return inLines(fusedLines(width, height, STRIP_PIXELS, true) * width * channels);
}

/** Floats that hold a strip of a pointwise product, by the channels that go into it. */
export function productStrip(width: number, inChannels: number, channels: number, pool: boolean) {
  const lines = fusedLines(width, Number.POSITIVE_INFINITY, fusedPixels(inChannels), pool);
  return inLines(lines * width * channels);
}

/** Lines of a strip of bytes that wasm/byte-products.ts copies with their padding. */
export function byteStrip(width: number, height: number): number {
  return fusedLines(width, height, 256, false);
}
