/** A network's first convolution straight on to the pool, as runtime/kernels/plain/stem.ts says: two lines at a time. */
import { convolveLines } from './forward';
import { Numbers, poolWinners } from './pool-winners';
import { stripBytes } from './strip';

export function stemForward(
  image: usize,
  packed: usize,
  coefficients: usize,
  output: usize,
  winners: usize,
  numbers: usize,
  scratch: usize,
  inHeight: i32,
  inWidth: i32,
  outHeight: i32,
  outWidth: i32,
  padTop: i32,
  padLeft: i32,
  channels: i32,
  activation: i32,
  parameter: f32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const strip = scratch + (((slot * scratchSize) << 2) as usize);
  const lineBytes = ((outWidth * channels) << 2) as usize;
  const kept = stripBytes(2 * outWidth * channels);
  for (let line = begin * outHeight; line < end * outHeight; line += 2) {
    convolveLines(
      image,
      packed,
      strip - (line as usize) * lineBytes,
      strip + kept,
      scratchSize - ((kept >> 2) as i32),
      inHeight,
      inWidth,
      3,
      outHeight,
      outWidth,
      channels,
      3,
      3,
      1,
      1,
      1,
      1,
      padTop,
      padLeft,
      1,
      line,
      line + 2,
    );
    const at = ((line >> 1) as usize) * (lineBytes >> 1);
    poolWinners<Numbers>(
      strip,
      coefficients,
      output + at,
      winners + at,
      numbers + (at >> 2),
      2,
      outWidth,
      channels,
      activation,
      parameter,
      0,
      1,
    );
  }
}
