/** Sampling of a crop that is turned: each sample is found on its own. A pixel is one vector. */
import { bound, luma, number, sampleCount } from './augment-row';
import { madd, storePartial } from './simd';

/** Three bytes (and one more) as floats. */
function pixel(at: usize): v128 {
  const bytes = v128.load32_zero(at);
  // Bytes are the same numbers signed and unsigned by now, and the signed conversion is one instruction.
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes)));
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

/** Samples and brightens into the image. */
export function sampleTurned(
  photo: usize,
  row: usize,
  image: usize,
  height: i32,
  width: i32,
  channels: i32,
): void {
  const photoWidth = number(row, 1) as i32;
  const photoHeight = number(row, 2) as i32;
  const scaleX = number(row, 5) / (width as f32);
  const scaleY = number(row, 6) / (height as f32);
  const samples = sampleCount(row, height, width);
  const part: f32 = 1 / (samples as f32);
  const mirror: f32 = number(row, 7) !== 0 ? -1 : 1;
  const cosine = number(row, 8);
  const sine = number(row, 9);
  const centreX = number(row, 3) + number(row, 5) * 0.5 - 0.5;
  const centreY = number(row, 4) + number(row, 6) * 0.5 - 0.5;
  const share = f32x4.splat(number(row, 10) * part * part);
  const step = (channels as usize) << 2;
  let at = image;
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
      if (channels === 1) store<f32>(at, luma(value));
      else storePartial(at, value, 3);
    }
  }
}
