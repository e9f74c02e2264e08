/**
 * Arithmetic of int8 inference. Activations are bytes, from 0 to 127 where dense products read them, weights from -127 to
 * 127; sums are whole numbers.
 * They become bytes again by single operations in float32, none of them fused, which IEEE 754 defines to the last bit:
 * both builds and plain JavaScript give the same ones (templates/support/kernels/bytes.ts).
 */

/** What a product does to its sums. */
export const CLAMP: i32 = 0;
export const HARD_SWISH: i32 = 1;
export const TABLE: i32 = 2;
export const FLOATS: i32 = 3;

/** 1.5 * 2^23: a float of this size holds whole numbers only, so that adding it rounds, ties to even. */
const MAGIC: f32 = 12582912;

/** The nearest whole number of each lane, as one; for |x| < 2^22. */
function nearest(x: v128): v128 {
  return i32x4.sub(f32x4.add(x, f32x4.splat(MAGIC)), i32x4.splat(0x4b400000));
}

/** The whole number nearest to x, from `low` to `high`. */
export function toRange(x: v128, low: f32, high: f32): v128 {
  return nearest(f32x4.pmin(f32x4.pmax(x, f32x4.splat(low)), f32x4.splat(high)));
}

/** Sums of products to whole numbers from `low` to `high`, through hardSwish if that is the mode. */
export function finish(
  sums: v128,
  scales: v128,
  zeros: v128,
  factors: v128,
  mode: i32,
  low: f32,
  high: f32,
): v128 {
  let x = f32x4.mul(f32x4.convert_i32x4_s(sums), scales);
  if (mode === HARD_SWISH) {
    const gate = f32x4.add(x, f32x4.splat(3));
    x = f32x4.mul(x, f32x4.pmin(f32x4.pmax(gate, f32x4.splat(0)), f32x4.splat(6)));
    x = f32x4.mul(x, factors);
  }
  return toRange(f32x4.add(x, zeros), low, high);
}

/** Two vectors of whole numbers from 0 to 255 as eight bytes in the low half. */
export function narrow(low: v128, high: v128): v128 {
  const words = i16x8.narrow_i32x4_s(low, high);
  return i8x16.narrow_i16x8_u(words, words);
}

/** Stores the first `count` bytes (1 to 8) of the low half. */
export function storeBytes(at: usize, bytes: v128, count: i32): void {
  if (count >= 8) {
    v128.store_lane<i64>(at, bytes, 0);
    return;
  }
  let left = i64x2.extract_lane(bytes, 0);
  if (count & 4) {
    i32.store(at, left as i32);
    left >>= 32;
    at += 4;
  }
  if (count & 2) {
    i32.store16(at, left as i32);
    left >>= 16;
    at += 2;
  }
  if (count & 1) i32.store8(at, left as i32);
}

/** Four bytes as floats; what lies behind a buffer's end may be read, and is not used. */
export function loadBytes(at: usize): v128 {
  const words = i16x8.extend_low_i8x16_u(v128.load32_zero(at));
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(words));
}

/** Stores the first `count` (1 to 4) of whole numbers from 0 to 255. */
export function storeFew(at: usize, numbers: v128, count: i32): void {
  storeBytes(at, narrow(numbers, numbers), min(count, 4));
}

/** Each byte becomes what the table has in its place. */
export function lookUp(at: usize, count: i32, table: usize): void {
  const end = at + (count as usize);
  for (; at + 4 <= end; at += 4) {
    i32.store8(at, i32.load8_u(table + (i32.load8_u(at) as usize)));
    i32.store8(at, i32.load8_u(table + (i32.load8_u(at, 1) as usize)), 1);
    i32.store8(at, i32.load8_u(table + (i32.load8_u(at, 2) as usize)), 2);
    i32.store8(at, i32.load8_u(table + (i32.load8_u(at, 3) as usize)), 3);
  }
  for (; at < end; at++) i32.store8(at, i32.load8_u(table + (i32.load8_u(at) as usize)));
}

/** `count` pixels, each the bytes of `pixel`. */
function fillPixels(to: usize, count: i32, pixel: usize, channels: i32): void {
  for (; count > 0; count--, to += channels as usize) memory.copy(to, pixel, channels as usize);
}

/** Lines [top, top + lines) and columns [left, left + columns) of an image of bytes, the pixel `outside` around it. */
export function copyLines(
  image: usize,
  to: usize,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  lines: i32,
  columns: i32,
  outside: usize,
): void {
  const low = min(max(0, -left), columns);
  const high = max(low, min(columns, width - left));
  const lineBytes = (columns * channels) as usize;
  for (let y = top; y < top + lines; y++, to += lineBytes) {
    if ((y as u32) >= (height as u32)) {
      fillPixels(to, columns, outside, channels);
      continue;
    }
    fillPixels(to, low, outside, channels);
    memory.copy(
      to + ((low * channels) as usize),
      image + (((y * width + left + low) * channels) as usize),
      ((high - low) * channels) as usize,
    );
    fillPixels(to + ((high * channels) as usize), columns - high, outside, channels);
  }
}
