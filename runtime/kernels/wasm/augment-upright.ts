/**
 * Sampling of a crop that is not turned, where a sample's column does not depend on its line: lines of the photo are
 * interpolated across once each, and two of them at a time down, all lanes of a vector in use. The same products and
 * sums in the same order as in augment-turned.ts, hence the same bits.
 *
 * Scratch: a table of columns, two lines of so many planes as there are samples, a plane of sums. In a plane pixels lie
 * close, three floats each, with room for a whole vector behind the last.
 */
import { bound, luma, number, sampleCount } from './augment-row';
import { loadPartial, madd, storePartial } from './simd';

const MOST_SAMPLES: i32 = 4;
/** Bytes of an entry of the table: where the left pixel is in its line, -1 for beyond the photo; the right one's weight. */
const COLUMN: usize = 8;
const RGB: usize = 12;

/** Bytes of a plane. */
function planeBytes(width: i32): usize {
  return ((((width as usize) * RGB + 15) >> 4) + 1) << 4;
}

/** Column i of output x is entry i * width + x. */
function fillColumns(table: usize, row: usize, width: i32, samples: i32): void {
  const photoWidth = number(row, 1) as i32;
  const scale = number(row, 5) / (width as f32);
  const part: f32 = 1 / (samples as f32);
  const mirror: f32 = number(row, 7) !== 0 ? -1 : 1;
  const centre = number(row, 3) + number(row, 5) * 0.5 - 0.5;
  for (let i = 0; i < samples; i++) {
    for (let x = 0; x < width; x++, table += COLUMN) {
      const dx = ((x as f32) + ((i as f32) + 0.5) * part - (width as f32) * 0.5) * mirror;
      const sx = centre + dx * scale;
      if (sx < -0.5 || sx > (photoWidth as f32) - 0.5) {
        store<i32>(table, -1);
        continue;
      }
      const cx = min<f32>(max<f32>(sx, 0), (photoWidth - 1) as f32);
      const left = cx as i32;
      store<i32>(table, left * 3);
      store<f32>(table, cx - (left as f32), 4);
    }
  }
}

/**
 * A line of the photo, interpolated across. Right of the last pixel lies another line or the slack: its weight is 0.
 * Each store writes a fourth float, which the next one replaces.
 */
function fillLine(line: usize, table: usize, to: usize, width: i32, samples: i32): void {
  const plane = planeBytes(width);
  const leftBytes = i8x16(0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, -1, -1, -1, -1);
  const rightBytes = i8x16(3, -1, -1, -1, 4, -1, -1, -1, 5, -1, -1, -1, -1, -1, -1, -1);
  for (; samples > 0; samples--, to += plane) {
    let at = to;
    for (const last = at + (width as usize) * RGB; at < last; at += RGB, table += COLUMN) {
      const column = load<i32>(table);
      if (column < 0) {
        v128.store(at, f32x4.splat(0));
        continue;
      }
      const bytes = v128.load64_zero(line + (column as usize));
      const left = f32x4.convert_i32x4_s(i8x16.swizzle(bytes, leftBytes));
      const right = f32x4.convert_i32x4_s(i8x16.swizzle(bytes, rightBytes));
      v128.store(at, madd(f32x4.sub(right, left), v128.load32_splat(table, 4), left));
    }
  }
}

/** Adds the samples between two lines, plane by plane, to what `sums` holds, or puts them there. */
function addLines(
  top: usize,
  bottom: usize,
  weight: f32,
  sums: usize,
  width: i32,
  samples: i32,
  isFirst: bool,
): void {
  const plane = planeBytes(width);
  const end = (width as usize) * RGB;
  const down = f32x4.splat(weight);
  for (; samples > 0; samples--, top += plane, bottom += plane) {
    for (let at: usize = 0; at < end; at += 16) {
      const a = v128.load(top + at);
      const value = madd(f32x4.sub(v128.load(bottom + at), a), down, a);
      v128.store(sums + at, isFirst ? value : f32x4.add(v128.load(sums + at), value));
    }
    isFirst = false;
  }
}

/** Sums to a line of the image, brightened. */
function writeLine(sums: usize, line: usize, share: v128, width: i32, channels: i32): void {
  if (channels === 1) {
    for (const end = line + ((width as usize) << 2); line < end; line += 4, sums += RGB) {
      store<f32>(line, luma(bound(f32x4.mul(loadPartial(sums, 3), share))));
    }
    return;
  }
  const end = line + (width as usize) * RGB;
  for (; line + 16 <= end; line += 16, sums += 16) {
    v128.store(line, bound(f32x4.mul(v128.load(sums), share)));
  }
  const rest = ((end - line) >> 2) as i32;
  if (rest > 0) storePartial(line, bound(f32x4.mul(v128.load(sums), share)), rest);
}

/** As sampleTurned, for a cosine of 1. */
export function sampleUpright(
  photo: usize,
  row: usize,
  image: usize,
  scratch: usize,
  height: i32,
  width: i32,
  channels: i32,
): void {
  const lineBytes = (number(row, 1) as usize) * 3;
  const lines = number(row, 2) as i32;
  const scale = number(row, 6) / (height as f32);
  const samples = sampleCount(row, height, width);
  const part: f32 = 1 / (samples as f32);
  const centre = number(row, 4) + number(row, 6) * 0.5 - 0.5;
  const share = f32x4.splat(number(row, 10) * part * part);
  const planes = planeBytes(width) * (MOST_SAMPLES as usize);
  let top = scratch + (width as usize) * (MOST_SAMPLES as usize) * COLUMN;
  let bottom = top + planes;
  const sums = bottom + planes;
  let topLine = -1;
  let bottomLine = -1;
  fillColumns(scratch, row, width, samples);
  for (let y = 0; y < height; y++, image += ((width * channels) as usize) << 2) {
    let isFirst = true;
    for (let j = 0; j < samples; j++) {
      const sy = centre + ((y as f32) + ((j as f32) + 0.5) * part - (height as f32) * 0.5) * scale;
      if (sy < -0.5 || sy > (lines as f32) - 0.5) continue;
      const cy = min<f32>(max<f32>(sy, 0), (lines - 1) as f32);
      const above = cy as i32;
      const weight = cy - (above as f32);
      if (above === bottomLine) {
        const held = top;
        top = bottom;
        bottom = held;
        bottomLine = topLine;
        topLine = above;
      } else if (above !== topLine) {
        fillLine(photo + (above as usize) * lineBytes, scratch, top, width, samples);
        topLine = above;
      }
      // On a line of the photo, the last of them always, the one below it counts for nothing.
      if (weight !== 0 && bottomLine !== above + 1) {
        bottomLine = above + 1;
        fillLine(photo + (bottomLine as usize) * lineBytes, scratch, bottom, width, samples);
      }
      const below = weight === 0 ? top : bottom;
      addLines(top, below, weight, sums, width, samples, isFirst);
      isFirst = false;
    }
    if (isFirst) memory.fill(sums, 0, planeBytes(width));
    writeLine(sums, image, share, width, channels);
  }
}
