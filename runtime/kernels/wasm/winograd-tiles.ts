/** Rows of Winograd tiles, between images and what the matrix products read and write. */
import { rowBytes } from './patches';
import { madd, storePartial } from './simd';
import {
  gradientPoints,
  inputPoints,
  POINTS,
  pointsToOutputs,
  ROOT_HALF,
  ROOT_TWO,
  TILE,
} from './winograd-points';

export const POINTS_2D: i32 = POINTS * POINTS;
/** What outputTiles keeps of a tile between its two directions. */
export const TEMPORARY_BYTES: i32 = TILE * POINTS * 16;

export function tilesAlong(size: i32): i32 {
  return (size + TILE - 1) / TILE;
}

/** The matrix products take four tiles at once; those past the last are room only. */
export function wholeTiles(tiles: i32): i32 {
  return (tiles + 3) & ~3;
}

/** Bytes of a pixel's channels, whole vectors. */
export function vectorBytes(channels: i32): usize {
  return (((channels + 3) & ~3) << 2) as usize;
}

/** Bytes from tile to tile: many channels lie apart, so that a column of tiles spreads over the cache. */
export function tileBytes(channels: i32): usize {
  return channels <= 64 ? vectorBytes(channels) : rowBytes(channels);
}

/** The same for the products of a tile, which come in panels of eight channels. */
export function productBytes(channels: i32): usize {
  return tileBytes((channels + 7) & ~7);
}

/** Bytes from point to point: an odd number of cache lines, as the values of a tile go to all points in turn. */
export function pointBytes(bytes: usize): usize {
  return (((bytes + 63) >> 6) | 1) << 6;
}

/** Bytes of a panel of weights at a point: an odd number of cache lines too, two rows of eight each. */
export function panelRows(depth: i32): usize {
  return ((depth + ((6 - (depth & 3)) & 3)) << 5) as usize;
}

/**
 * Where line y of an image is, if it has `channels` whole vectors of channels; else a copy of them at `staged`, pixel by
 * pixel. Pixels lie `step` bytes apart.
 */
function lineOf(
  image: usize,
  y: i32,
  height: i32,
  width: i32,
  step: usize,
  channels: i32,
  zeros: usize,
  staged: usize,
): usize {
  if ((y as u32) >= (height as u32)) return zeros;
  let from = image + ((y * width) as usize) * step;
  const vectors = vectorBytes(channels);
  const bytes = (channels << 2) as usize;
  if (vectors === bytes) return from;
  let to = staged;
  for (let x = 0; x < width; x++, to += vectors, from += step) {
    let i: usize = 0;
    for (; i < bytes; i += 4) f32.store(to + i, f32.load(from + i));
    for (; i < vectors; i += 4) f32.store(to + i, 0);
  }
  return staged;
}

/**
 * A row of tiles, its first input at line `top`, to its points at `target`: `channels` channels of pixels that lie `step`
 * bytes apart. `lines` is room for six lines of all columns that the tiles reach, those outside the image zero; `zeros`
 * is a line of the image, `staged` has room for six.
 */
export function inputTiles(
  image: usize,
  target: usize,
  lines: usize,
  zeros: usize,
  staged: usize,
  height: i32,
  width: i32,
  step: usize,
  channels: i32,
  tiles: i32,
  top: i32,
  padLeft: i32,
  pointStep: usize,
): void {
  const pixel = vectorBytes(channels);
  const columns = tiles * TILE + 2;
  const lineBytes = (columns as usize) * pixel;
  const stagedBytes = (width as usize) * pixel;
  const low = min(max(0, padLeft), columns);
  const high = max(low, min(columns, padLeft + width));
  const from = pixel === ((channels << 2) as usize) ? step : pixel;
  const skip = ((low - padLeft) as usize) * from;
  if (high > low) {
    const whole = from === pixel;
    inputPoints(
      lineOf(image, top, height, width, step, channels, zeros, staged) + skip,
      lineOf(image, top + 1, height, width, step, channels, zeros, staged + stagedBytes) + skip,
      lineOf(image, top + 2, height, width, step, channels, zeros, staged + 2 * stagedBytes) + skip,
      lineOf(image, top + 3, height, width, step, channels, zeros, staged + 3 * stagedBytes) + skip,
      lineOf(image, top + 4, height, width, step, channels, zeros, staged + 4 * stagedBytes) + skip,
      lineOf(image, top + 5, height, width, step, channels, zeros, staged + 5 * stagedBytes) + skip,
      from,
      lines + (low as usize) * pixel,
      pixel,
      lineBytes,
      whole ? 1 : high - low,
      whole ? ((high - low) as usize) * pixel : pixel,
    );
  }
  for (let point = 0; point < POINTS; point++, lines += lineBytes) {
    inputPoints(
      lines,
      lines + pixel,
      lines + 2 * pixel,
      lines + 3 * pixel,
      lines + 4 * pixel,
      lines + 5 * pixel,
      4 * pixel,
      target + ((point * POINTS) as usize) * pointStep,
      tileBytes(channels),
      pointStep,
      tiles,
      pixel,
    );
  }
}

/** The same for a row of tiles of the output's gradient, into panels of eight channels that lie `panelStep` apart. */
export function gradientTiles(
  image: usize,
  target: usize,
  lines: usize,
  zeros: usize,
  staged: usize,
  height: i32,
  width: i32,
  step: usize,
  channels: i32,
  tiles: i32,
  top: i32,
  panelStep: usize,
  pointStep: usize,
): void {
  const pixel = vectorBytes(channels);
  const lineBytes = ((tiles * TILE) as usize) * pixel;
  const stagedBytes = (width as usize) * pixel;
  const from = pixel === ((channels << 2) as usize) ? step : pixel;
  const whole = from === pixel;
  gradientPoints(
    lineOf(image, top, height, width, step, channels, zeros, staged),
    lineOf(image, top + 1, height, width, step, channels, zeros, staged + stagedBytes),
    lineOf(image, top + 2, height, width, step, channels, zeros, staged + 2 * stagedBytes),
    lineOf(image, top + 3, height, width, step, channels, zeros, staged + 3 * stagedBytes),
    from,
    lines,
    pixel,
    32,
    lineBytes,
    whole ? 1 : width,
    whole ? stagedBytes : pixel,
  );
  for (let point = 0; point < POINTS; point++, lines += lineBytes) {
    gradientPoints(
      lines,
      lines + pixel,
      lines + 2 * pixel,
      lines + 3 * pixel,
      4 * pixel,
      target + ((point * POINTS) as usize) * pointStep,
      32,
      panelStep,
      pointStep,
      tiles,
      pixel,
    );
  }
}

/**
 * A row of tiles from its points to `lines` lines of `width` output pixels, `bias` (whole vectors) added: `channels`
 * channels of pixels that lie `pixel` bytes apart.
 */
export function outputTiles(
  source: usize,
  output: usize,
  temporary: usize,
  bias: usize,
  lines: i32,
  width: i32,
  pixel: usize,
  channels: i32,
  pointStep: usize,
): void {
  const down = (POINTS as usize) * pointStep;
  const step = productBytes(channels);
  for (let x = 0; x < width; x += TILE, source += step, output += 4 * pixel) {
    const columns = min(TILE, width - x);
    for (let channel = 0; channel < channels; channel += 4) {
      const at = (channel << 2) as usize;
      const from = source + at;
      pointsToOutputs(from, down, pointStep, temporary, POINTS * 16, 16, POINTS);
      const left = channels - channel;
      storeTile(
        temporary,
        output + at,
        v128.load(bias + at),
        lines,
        columns,
        left,
        pixel,
        (width as usize) * pixel,
      );
    }
  }
}

/** The other direction: lines of six points to lines of outputs, four channels, `left` of which there are. */
function storeTile(
  from: usize,
  output: usize,
  bias: v128,
  lines: i32,
  columns: i32,
  left: i32,
  pixel: usize,
  line: usize,
): void {
  const rootHalf = f32x4.splat(ROOT_HALF);
  const rootTwo = f32x4.splat(ROOT_TWO);
  const half = f32x4.splat(0.5);
  const two = f32x4.splat(2);
  for (; lines > 0; lines--, output += line, from += POINTS * 16) {
    let m = v128.load(from, 16);
    let n = v128.load(from, 32);
    const evenHalf = f32x4.add(m, n);
    const oddHalf = f32x4.mul(rootHalf, f32x4.sub(m, n));
    m = v128.load(from, 48);
    n = v128.load(from, 64);
    const evenTwo = f32x4.add(m, n);
    const oddTwo = f32x4.mul(rootTwo, f32x4.sub(m, n));
    const y0 = f32x4.add(f32x4.add(v128.load(from), bias), f32x4.add(evenHalf, evenTwo));
    const y1 = f32x4.add(bias, f32x4.add(oddHalf, oddTwo));
    const y2 = madd(two, evenTwo, madd(half, evenHalf, bias));
    const y3 = madd(two, oddTwo, madd(half, oddHalf, f32x4.add(v128.load(from, 80), bias)));
    let to = output;
    if (columns === TILE && left >= 4) {
      v128.store(to, y0);
      to += pixel;
      v128.store(to, y1);
      to += pixel;
      v128.store(to, y2);
      to += pixel;
      v128.store(to, y3);
      continue;
    }
    storePartial(to, y0, left);
    if (columns > 1) storePartial(to + pixel, y1, left);
    if (columns > 2) storePartial(to + 2 * pixel, y2, left);
    if (columns > 3) storePartial(to + 3 * pixel, y3, left);
  }
}
