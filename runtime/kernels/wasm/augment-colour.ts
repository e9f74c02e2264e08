/**
 * Contrast, saturation and normalisation of an image that has been sampled. Four pixels of three channels are three
 * whole vectors, whose greys are one: the same products and sums as pixel by pixel.
 */
import { bound, luma, number } from './augment-row';
import { loadPartial, madd, storePartial } from './simd';

const GREY: f32 = 127.5;

/** Of four pixels in three vectors. */
function lumas(a: v128, b: v128, c: v128): v128 {
  const red = i32x4.shuffle(i32x4.shuffle(a, b, 0, 3, 6, 6), c, 0, 1, 2, 5);
  const green = i32x4.shuffle(i32x4.shuffle(a, b, 1, 4, 7, 7), c, 0, 1, 2, 6);
  const blue = i32x4.shuffle(i32x4.shuffle(a, b, 2, 5, 5, 5), c, 0, 1, 4, 7);
  return f32x4.add(
    f32x4.add(f32x4.mul(red, f32x4.splat(0.299)), f32x4.mul(green, f32x4.splat(0.587))),
    f32x4.mul(blue, f32x4.splat(0.114)),
  );
}

/** Added up pixel by pixel, in their order. */
function meanGrey(image: usize, pixels: i32, channels: i32): f32 {
  let total: f64 = 0;
  let left = pixels;
  if (channels === 3) {
    for (; left >= 4; left -= 4, image += 48) {
      const grey = lumas(v128.load(image), v128.load(image, 16), v128.load(image, 32));
      total += f32x4.extract_lane(grey, 0) as f64;
      total += f32x4.extract_lane(grey, 1) as f64;
      total += f32x4.extract_lane(grey, 2) as f64;
      total += f32x4.extract_lane(grey, 3) as f64;
    }
  }
  const step = (channels as usize) << 2;
  for (; left > 0; left--, image += step) {
    total += (channels === 1 ? load<f32>(image) : luma(loadPartial(image, 3))) as f64;
  }
  return (total / (pixels as f64)) as f32;
}

/** In place. Where a factor is 1, what it would do is left out: it would change no bit. */
export function colourImage(
  row: usize,
  norms: usize,
  image: usize,
  height: i32,
  width: i32,
  channels: i32,
): void {
  const pixels = height * width;
  const contrast = number(row, 11);
  const base: f32 = contrast !== 1 ? (1 - contrast) * meanGrey(image, pixels, channels) : 0;
  const done = channels === 3 ? pixels & ~3 : 0;
  if (done > 0) finishFours(row, norms, image, done, base);
  finishPixels(row, norms, image + ((done * 12) as usize), pixels - done, channels, base);
  eraseBox(row, norms, image, height, width, channels);
}

function finishFours(row: usize, norms: usize, image: usize, pixels: i32, base: f32): void {
  const isPlain = number(row, 11) === 1 && number(row, 12) === 1;
  const contrast = f32x4.splat(number(row, 11));
  const shift = f32x4.splat(base);
  const saturation = f32x4.splat(number(row, 12));
  const rest = f32x4.splat(1 - number(row, 12));
  const scales = loadPartial(norms, 3);
  const shifts = loadPartial(norms + 12, 3);
  const scale0 = i32x4.shuffle(scales, scales, 0, 1, 2, 0);
  const scale1 = i32x4.shuffle(scales, scales, 1, 2, 0, 1);
  const scale2 = i32x4.shuffle(scales, scales, 2, 0, 1, 2);
  const shift0 = i32x4.shuffle(shifts, shifts, 0, 1, 2, 0);
  const shift1 = i32x4.shuffle(shifts, shifts, 1, 2, 0, 1);
  const shift2 = i32x4.shuffle(shifts, shifts, 2, 0, 1, 2);
  for (; pixels > 0; pixels -= 4, image += 48) {
    let a = v128.load(image);
    let b = v128.load(image, 16);
    let c = v128.load(image, 32);
    if (!isPlain) {
      a = bound(madd(a, contrast, shift));
      b = bound(madd(b, contrast, shift));
      c = bound(madd(c, contrast, shift));
      const grey = f32x4.mul(rest, lumas(a, b, c));
      a = bound(madd(a, saturation, i32x4.shuffle(grey, grey, 0, 0, 0, 1)));
      b = bound(madd(b, saturation, i32x4.shuffle(grey, grey, 1, 1, 2, 2)));
      c = bound(madd(c, saturation, i32x4.shuffle(grey, grey, 2, 3, 3, 3)));
    }
    v128.store(image, madd(a, scale0, shift0));
    v128.store(image, madd(b, scale1, shift1), 16);
    v128.store(image, madd(c, scale2, shift2), 32);
  }
}

function finishPixels(
  row: usize,
  norms: usize,
  image: usize,
  pixels: i32,
  channels: i32,
  base: f32,
): void {
  const contrast = f32x4.splat(number(row, 11));
  const saturation = number(row, 12);
  const step = (channels as usize) << 2;
  const scale = loadPartial(norms, channels);
  const shift = loadPartial(norms + step, channels);
  for (; pixels > 0; pixels--, image += step) {
    let v = bound(madd(loadPartial(image, channels), contrast, f32x4.splat(base)));
    const grey = channels === 1 ? f32x4.extract_lane(v, 0) : luma(v);
    v = bound(madd(v, f32x4.splat(saturation), f32x4.splat((1 - saturation) * grey)));
    storePartial(image, madd(v, scale, shift), channels);
  }
}

function eraseBox(
  row: usize,
  norms: usize,
  image: usize,
  height: i32,
  width: i32,
  channels: i32,
): void {
  const left = max(0, number(row, 13) as i32);
  const top = max(0, number(row, 14) as i32);
  const right = min(width, (number(row, 13) as i32) + (number(row, 15) as i32));
  const bottom = min(height, (number(row, 14) as i32) + (number(row, 16) as i32));
  const step = (channels as usize) << 2;
  const grey = madd(
    f32x4.splat(GREY),
    loadPartial(norms, channels),
    loadPartial(norms + step, channels),
  );
  for (let y = top; y < bottom; y++) {
    const line = image + ((y * width) as usize) * step;
    for (let x = left; x < right; x++) storePartial(line + (x as usize) * step, grey, channels);
  }
}
