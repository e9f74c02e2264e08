/** Gathering what a convolution multiplies into rows that a matrix product can read. */
import { PANEL, panelCount } from './gemm';
import { loadPartial } from './simd';

function copyFloats(to: usize, from: usize, count: i32): void {
  if (count >= 4) {
    // The last vector overlaps the one before it, instead of up to three single floats.
    const end = to + (((count - 4) << 2) as usize);
    for (; to < end; to += 16, from += 16) v128.store(to, v128.load(from));
    v128.store(end, v128.load(from + (end - to)));
  } else {
    for (; count > 0; count--, to += 4, from += 4) f32.store(to, f32.load(from));
  }
}

function zeroFloats(to: usize, count: i32): void {
  for (; count >= 4; count -= 4, to += 16) v128.store(to, f32x4.splat(0));
  for (; count > 0; count--, to += 4) f32.store(to, 0);
}

/** A loop, because memory.fill calls out of the module, which costs more than the few pixels beside a line. */
export function zeroPixels(to: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, f32x4.splat(0));
  for (; i < bytes; i += 4) f32.store(to + i, 0);
}

/**
 * Bytes between rows of a block: whole cache lines and an odd number of them, so that a column of rows spreads over all
 * sets of the cache.
 */
export function rowBytes(floats: i32): usize {
  return ((((floats + 15) >> 4) | 1) << 6) as usize;
}

/**
 * One row per pixel of a grid over each image: the pixels under its taps, all channels, row after row, zeros outside.
 * Pixel (y, x) has its tap (i, j) at (y * stepY + originY + i * tapStepY, and likewise in x). `first` counts the
 * grid's pixels through the whole batch.
 */
export function gatherPatches(
  images: usize,
  patches: usize,
  stride: usize,
  height: i32,
  width: i32,
  channels: i32,
  gridHeight: i32,
  gridWidth: i32,
  stepY: i32,
  stepX: i32,
  tapsY: i32,
  tapsX: i32,
  tapStepY: i32,
  tapStepX: i32,
  originY: i32,
  originX: i32,
  first: i32,
  count: i32,
): void {
  let gx = first % gridWidth;
  let gy = (first / gridWidth) % gridHeight;
  const lineBytes = ((width * channels) << 2) as usize;
  let image =
    images + ((first / (gridWidth * gridHeight)) as usize) * (height as usize) * lineBytes;
  for (let i = 0; i < count; i++) {
    let to = patches + (i as usize) * stride;
    const x0 = gx * stepX + originX;
    let y = gy * stepY + originY;
    for (let ty = 0; ty < tapsY; ty++, y += tapStepY) {
      if ((y as u32) >= (height as u32)) {
        zeroFloats(to, tapsX * channels);
        to += ((tapsX * channels) << 2) as usize;
        continue;
      }
      const line = image + (y as usize) * lineBytes;
      if (tapStepX === 1) {
        const low = min(max(0, -x0), tapsX);
        const high = max(min(tapsX, width - x0), low);
        if (low > 0) {
          zeroFloats(to, low * channels);
          to += ((low * channels) << 2) as usize;
        }
        copyFloats(to, line + (((x0 + low) * channels) << 2), (high - low) * channels);
        to += (((high - low) * channels) << 2) as usize;
        if (high < tapsX) {
          zeroFloats(to, (tapsX - high) * channels);
          to += (((tapsX - high) * channels) << 2) as usize;
        }
      } else {
        for (let tx = 0, x = x0; tx < tapsX; tx++, x += tapStepX) {
          if ((x as u32) < (width as u32)) {
            copyFloats(to, line + ((x * channels) << 2), channels);
          } else {
            zeroFloats(to, channels);
          }
          to += (channels << 2) as usize;
        }
      }
    }
    if (++gx === gridWidth) {
      gx = 0;
      if (++gy === gridHeight) {
        gy = 0;
        image += (height as usize) * lineBytes;
      }
    }
  }
}

/** Rows of `groups * channels` floats into panels of `count` rows of eight, each group's last one padded with zeros. */
export function packColumns(
  rows: usize,
  packed: usize,
  count: i32,
  channels: i32,
  groups: i32,
): void {
  const stride = ((channels * groups) << 2) as usize;
  const panels = panelCount(channels);
  for (let panel = 0; panel < panels * groups; panel++) {
    const first = (panel % panels) * PANEL;
    const cols = min(PANEL, channels - first);
    let from = rows + ((((panel / panels) * channels + first) << 2) as usize);
    for (let i = 0; i < count; i++, from += stride, packed += 32) {
      if (cols === PANEL) {
        v128.store(packed, v128.load(from));
        v128.store(packed, v128.load(from, 16), 16);
      } else {
        v128.store(packed, loadPartial(from, cols));
        v128.store(packed, cols > 4 ? loadPartial(from + 16, cols - 4) : f32x4.splat(0), 16);
      }
    }
  }
}
