/** As runtime/kernels/plain/augment.ts says. A pixel is one vector: red, green, blue and whatever byte follows. */
import { loadPartial, madd, storePartial } from './simd';

const ROW: usize = 20 << 2;
const GREY: f32 = 127.5;

function number(row: usize, index: i32): f32 {
  return load<f32>(row + ((index as usize) << 2));
}

/** Three bytes (and one more) as floats. */
function pixel(at: usize): v128 {
  const bytes = v128.load32_zero(at);
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes)));
}

function bound(v: v128): v128 {
  return f32x4.pmin(f32x4.pmax(v, f32x4.splat(0)), f32x4.splat(255));
}

function luma(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) * 0.299 +
    f32x4.extract_lane(v, 1) * 0.587 +
    f32x4.extract_lane(v, 2) * 0.114
  );
}

function bilinear(photo: usize, width: i32, height: i32, x: f32, y: f32): v128 {
  if (x < -0.5 || y < -0.5 || x > (width as f32) - 0.5 || y > (height as f32) - 0.5) {
    return f32x4.splat(0);
  }
  const cx = min<f32>(max<f32>(x, 0), (width - 1) as f32);
  const cy = min<f32>(max<f32>(y, 0), (height - 1) as f32);
  const x0 = cx as i32;
  const y0 = cy as i32;
  const right: usize = x0 + 1 < width ? 3 : 0;
  const line: usize = y0 + 1 < height ? (width as usize) * 3 : 0;
  const at = photo + ((y0 * width + x0) as usize) * 3;
  const fx = f32x4.splat(cx - (x0 as f32));
  const a = pixel(at);
  const c = pixel(at + line);
  const top = madd(f32x4.sub(pixel(at + right), a), fx, a);
  const bottom = madd(f32x4.sub(pixel(at + line + right), c), fx, c);
  return madd(f32x4.sub(bottom, top), f32x4.splat(cy - (y0 as f32)), top);
}

export function augment(
  photos: usize,
  rows: usize,
  norms: usize,
  output: usize,
  height: i32,
  width: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const size = ((height * width * channels) as usize) << 2;
  for (let n = begin; n < end; n++) {
    const row = rows + (n as usize) * ROW;
    const image = output + (n as usize) * size;
    const mean = sampleImage(photos, row, image, height, width, channels);
    finishImage(row, norms, image, height, width, channels, mean);
  }
}

/** Samples and brightens into the output; gives the mean grey. */
function sampleImage(
  photos: usize,
  row: usize,
  image: usize,
  height: i32,
  width: i32,
  channels: i32,
): f32 {
  const photo = photos + ((number(row, 0) as usize) << 6);
  const photoWidth = number(row, 1) as i32;
  const photoHeight = number(row, 2) as i32;
  const scaleX = number(row, 5) / (width as f32);
  const scaleY = number(row, 6) / (height as f32);
  const samples = min(4, max(1, ceil<f32>(max(scaleX, scaleY) - 0.01) as i32));
  const part: f32 = 1 / (samples as f32);
  const mirror: f32 = number(row, 7) !== 0 ? -1 : 1;
  const cosine = number(row, 8);
  const sine = number(row, 9);
  const centreX = number(row, 3) + number(row, 5) * 0.5 - 0.5;
  const centreY = number(row, 4) + number(row, 6) * 0.5 - 0.5;
  const share = f32x4.splat(number(row, 10) * part * part);
  const step = (channels as usize) << 2;
  let at = image;
  let total: f64 = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += step) {
      let sum = f32x4.splat(0);
      for (let j = 0; j < samples; j++) {
        const dy = (y as f32) + ((j as f32) + 0.5) * part - (height as f32) * 0.5;
        for (let i = 0; i < samples; i++) {
          const dx = ((x as f32) + ((i as f32) + 0.5) * part - (width as f32) * 0.5) * mirror;
          const sx = centreX + (cosine * dx - sine * dy) * scaleX;
          const sy = centreY + (sine * dx + cosine * dy) * scaleY;
          sum = f32x4.add(sum, bilinear(photo, photoWidth, photoHeight, sx, sy));
        }
      }
      const value = bound(f32x4.mul(sum, share));
      const grey = luma(value);
      total += grey as f64;
      if (channels === 1) store<f32>(at, grey);
      else storePartial(at, value, 3);
    }
  }
  return (total / ((height * width) as f64)) as f32;
}

/** Contrast, saturation, erasing and normalisation, in place. */
function finishImage(
  row: usize,
  norms: usize,
  image: usize,
  height: i32,
  width: i32,
  channels: i32,
  mean: f32,
): void {
  const contrast = f32x4.splat(number(row, 11));
  const base = f32x4.splat((1 - number(row, 11)) * mean);
  const saturation = number(row, 12);
  const left = number(row, 13) as i32;
  const top = number(row, 14) as i32;
  const right = left + (number(row, 15) as i32);
  const bottom = top + (number(row, 16) as i32);
  const step = (channels as usize) << 2;
  const scale = loadPartial(norms, channels);
  const shift = loadPartial(norms + step, channels);
  let at = image;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += step) {
      let v = bound(madd(loadPartial(at, channels), contrast, base));
      const grey = channels === 1 ? f32x4.extract_lane(v, 0) : luma(v);
      v = bound(madd(v, f32x4.splat(saturation), f32x4.splat((1 - saturation) * grey)));
      if (x >= left && x < right && y >= top && y < bottom) v = f32x4.splat(GREY);
      storePartial(at, madd(v, scale, shift), channels);
    }
  }
}
