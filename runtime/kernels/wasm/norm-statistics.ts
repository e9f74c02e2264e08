/** Statistics of a batch and the sums of its gradient, as runtime/kernels/plain/norm.ts says. */
import { loadPartial, madd } from './simd';
import { flushSums, pixelsOfBlock } from './sums';

/**
 * One pass over the image: the sums are of what differs from the first pixel, which keeps the variance from cancelling.
 * Sums of a block of pixels are made in registers and then added to the totals, so that long sums stay exact.
 */
export function normStatistics(
  input: usize,
  partials: usize,
  pixels: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const block = pixelsOfBlock(channels);
  for (let n = begin; n < end; n++) {
    const image = input + (n as usize) * (pixels as usize) * row;
    const sums = partials + ((n as usize) << 1) * row;
    memory.fill(sums, 0, row << 1);
    for (let first = 0; first < pixels; first += block) {
      const last = min(first + block, pixels);
      for (let c = 0; c < channels; c += 4) {
        differenceSums(image + ((c as usize) << 2), sums, row, c, channels, first, last);
      }
    }
    finishStatistics(image, sums, pixels, channels);
  }
}

function differenceSums(
  column: usize,
  sums: usize,
  row: usize,
  c: i32,
  channels: i32,
  first: i32,
  last: i32,
): void {
  const lanes = min(4, channels - c);
  const shift = loadPartial(column, lanes);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let q0 = f32x4.splat(0);
  let q1 = f32x4.splat(0);
  let at = column + (first as usize) * row;
  let p = first;
  if (lanes === 4) {
    for (; p + 1 < last; p += 2, at += row << 1) {
      const a = f32x4.sub(v128.load(at), shift);
      const b = f32x4.sub(v128.load(at + row), shift);
      s0 = f32x4.add(s0, a);
      s1 = f32x4.add(s1, b);
      q0 = madd(a, a, q0);
      q1 = madd(b, b, q1);
    }
  }
  for (; p < last; p++, at += row) {
    const a = f32x4.sub(loadPartial(at, lanes), shift);
    s0 = f32x4.add(s0, a);
    q0 = madd(a, a, q0);
  }
  flushSums(sums, row, c, lanes, f32x4.add(s0, s1), f32x4.add(q0, q1));
}

/** From sums of differences to the mean and the sum of squares around it. */
function finishStatistics(image: usize, sums: usize, pixels: i32, channels: i32): void {
  const count = pixels as f64;
  for (let c = 0; c < channels; c++) {
    const at = sums + ((c as usize) << 2);
    const squaresAt = at + ((channels as usize) << 2);
    const sum = load<f32>(at) as f64;
    const squares = (load<f32>(squaresAt) as f64) - (sum * sum) / count;
    store<f32>(at, ((load<f32>(image + ((c as usize) << 2)) as f64) + sum / count) as f32);
    store<f32>(squaresAt, max<f64>(squares, 0) as f32);
  }
}

export function normFinish(
  partials: usize,
  gamma: usize,
  beta: usize,
  runningMean: usize,
  runningVariance: usize,
  coefficients: usize,
  images: i32,
  pixels: i32,
  channels: i32,
  affine: i32,
  epsilon: f32,
  momentum: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const count = (images as f64) * (pixels as f64);
  for (let c = begin; c < end; c++) {
    const offset = (c as usize) << 2;
    const column = partials + offset;
    let sum: f64 = 0;
    for (let n = 0; n < images; n++) sum += load<f32>(column + ((n as usize) << 1) * row) as f64;
    const mean = sum / (images as f64);
    let squares: f64 = 0;
    for (let n = 0; n < images; n++) {
      const at = column + ((n as usize) << 1) * row;
      const apart = (load<f32>(at) as f64) - mean;
      squares += (load<f32>(at + row) as f64) + (pixels as f64) * apart * apart;
    }
    const variance = squares / count;
    const unbiased = count > 1 ? squares / (count - 1) : variance;
    blend(runningMean + offset, mean, momentum);
    blend(runningVariance + offset, unbiased, momentum);
    const inverse = 1 / sqrt<f64>(variance + (epsilon as f64));
    const scale = (affine ? (load<f32>(gamma + offset) as f64) : 1) * inverse;
    const start = affine ? (load<f32>(beta + offset) as f64) : 0;
    store<f32>(coefficients + offset, scale as f32);
    store<f32>(coefficients + row + offset, (start - mean * scale) as f32);
    store<f32>(coefficients + 2 * row + offset, mean as f32);
    store<f32>(coefficients + 3 * row + offset, inverse as f32);
  }
}

function blend(at: usize, value: f64, momentum: f32): void {
  const before = load<f32>(at) as f64;
  store<f32>(at, (before + (momentum as f64) * (value - before)) as f32);
}

export function normGradientFinish(
  partials: usize,
  coefficients: usize,
  gammaGradient: usize,
  betaGradient: usize,
  gradientCoefficients: usize,
  images: i32,
  pixels: i32,
  channels: i32,
  store_: i32,
  accumulate: i32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const count = (images as f64) * (pixels as f64);
  for (let c = begin; c < end; c++) {
    const offset = (c as usize) << 2;
    let sum: f64 = 0;
    let product: f64 = 0;
    for (let n = 0; n < images; n++) {
      const at = partials + offset + ((n as usize) << 1) * row;
      sum += load<f32>(at) as f64;
      product += load<f32>(at + row) as f64;
    }
    if (store_) {
      const beta = accumulate ? (load<f32>(betaGradient + offset) as f64) : 0;
      const gamma = accumulate ? (load<f32>(gammaGradient + offset) as f64) : 0;
      store<f32>(betaGradient + offset, (beta + sum) as f32);
      store<f32>(gammaGradient + offset, (gamma + product) as f32);
    }
    const scale = load<f32>(coefficients + offset) as f64;
    const mean = load<f32>(coefficients + 2 * row + offset) as f64;
    const inverse = load<f32>(coefficients + 3 * row + offset) as f64;
    const slope = (-scale * inverse * product) / count;
    store<f32>(gradientCoefficients + offset, scale as f32);
    store<f32>(gradientCoefficients + row + offset, slope as f32);
    store<f32>(
      gradientCoefficients + 2 * row + offset,
      ((-scale * sum) / count - slope * mean) as f32,
    );
  }
}

export function normCoefficients(
  gamma: usize,
  beta: usize,
  mean: usize,
  variance: usize,
  coefficients: usize,
  channels: i32,
  affine: i32,
  epsilon: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  for (let c = begin; c < end; c++) {
    const offset = (c as usize) << 2;
    const m = load<f32>(mean + offset);
    const inverse: f32 = 1 / sqrt<f32>(load<f32>(variance + offset) + epsilon);
    const scale: f32 = (affine ? load<f32>(gamma + offset) : 1) * inverse;
    const start: f32 = affine ? load<f32>(beta + offset) : 0;
    store<f32>(coefficients + offset, scale);
    store<f32>(coefficients + row + offset, start - m * scale);
    store<f32>(coefficients + 2 * row + offset, m);
    store<f32>(coefficients + 3 * row + offset, inverse);
  }
}
