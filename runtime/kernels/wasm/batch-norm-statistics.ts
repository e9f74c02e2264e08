/**
 * Batch statistics. An image is walked in blocks that stay in the first-level cache. In a block the mean comes first and
 * the squared deviations from it second, so nothing cancels; blocks and images are merged as in Chan, Golub and LeVeque
 * (1979).
 */
import { Partial, Whole } from './lanes';
import { madd } from './simd';

const BLOCK_FLOATS: i32 = 4096;
const MIN_BLOCK_ROWS: i32 = 8;

/** Merges `rows` pixels of four channels into the mean and M2 of the `before` pixels above them. */
function mergeColumn<V>(
  x: usize,
  stride: usize,
  rows: i32,
  lanes: i32,
  mean: usize,
  m2: usize,
  before: i32,
): void {
  const access = changetype<V>(0);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let at = x;
  let r = 0;
  for (; r + 4 <= rows; r += 4, at += stride * 4) {
    s0 = f32x4.add(s0, access.load(at, lanes));
    s1 = f32x4.add(s1, access.load(at + stride, lanes));
    s2 = f32x4.add(s2, access.load(at + stride * 2, lanes));
    s3 = f32x4.add(s3, access.load(at + stride * 3, lanes));
  }
  for (; r < rows; r++, at += stride) s0 = f32x4.add(s0, access.load(at, lanes));
  const sum = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  const center = f32x4.mul(sum, f32x4.splat(f32(1.0 / f64(rows))));
  s0 = s1 = s2 = s3 = f32x4.splat(0);
  at = x;
  r = 0;
  for (; r + 4 <= rows; r += 4, at += stride * 4) {
    const d0 = f32x4.sub(access.load(at, lanes), center);
    const d1 = f32x4.sub(access.load(at + stride, lanes), center);
    const d2 = f32x4.sub(access.load(at + stride * 2, lanes), center);
    const d3 = f32x4.sub(access.load(at + stride * 3, lanes), center);
    s0 = madd(d0, d0, s0);
    s1 = madd(d1, d1, s1);
    s2 = madd(d2, d2, s2);
    s3 = madd(d3, d3, s3);
  }
  for (; r < rows; r++, at += stride) {
    const d = f32x4.sub(access.load(at, lanes), center);
    s0 = madd(d, d, s0);
  }
  const squares = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  if (before == 0) {
    access.store(mean, center, lanes);
    access.store(m2, squares, lanes);
    return;
  }
  const share = f64(rows) / f64(before + rows);
  const old = access.load(mean, lanes);
  const delta = f32x4.sub(center, old);
  const between = f32x4.mul(f32x4.mul(delta, delta), f32x4.splat(f32(share * f64(before))));
  access.store(mean, madd(delta, f32x4.splat(f32(share)), old), lanes);
  access.store(m2, f32x4.add(access.load(m2, lanes), f32x4.add(squares, between)), lanes);
}

export function batchNormStatistics(
  x: usize,
  partials: usize,
  pixels: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const stride = (channels as usize) << 2;
  const blockRows = max(MIN_BLOCK_ROWS, BLOCK_FLOATS / channels);
  for (let image = begin; image < end; image++) {
    const mean = partials + (image as usize) * stride * 2;
    const m2 = mean + stride;
    for (let row = 0; row < pixels; row += blockRows) {
      const rows = min(blockRows, pixels - row);
      const from = x + ((image * pixels + row) as usize) * stride;
      let c = 0;
      for (; c + 4 <= channels; c += 4) {
        const at = (c as usize) << 2;
        mergeColumn<Whole>(from + at, stride, rows, 4, mean + at, m2 + at, row);
      }
      const at = (c as usize) << 2;
      const left = channels - c;
      if (left) mergeColumn<Partial>(from + at, stride, rows, left, mean + at, m2 + at, row);
    }
  }
}

function storeAffine(
  gamma: usize,
  beta: usize,
  scale: usize,
  shift: usize,
  affine: i32,
  mean: f64,
  invStd: f64,
): void {
  const factor = affine ? f64(f32.load(gamma)) * invStd : invStd;
  const offset = affine ? f64(f32.load(beta)) : 0.0;
  f32.store(scale, f32(factor));
  f32.store(shift, f32(offset - mean * factor));
}

export function batchNormFinalize(
  partials: usize,
  gamma: usize,
  beta: usize,
  runningMean: usize,
  runningVariance: usize,
  mean: usize,
  invStd: usize,
  scale: usize,
  shift: usize,
  images: i32,
  pixels: i32,
  channels: i32,
  affine: i32,
  epsilon: f32,
  momentum: f32,
  begin: i32,
  end: i32,
): void {
  const stride = (channels as usize) << 2;
  const size = f64(pixels);
  const keep = 1.0 - f64(momentum);
  for (let c = begin; c < end; c++) {
    const at = (c as usize) << 2;
    let center: f64 = 0;
    let squares: f64 = 0;
    let count: f64 = 0;
    for (let image = 0; image < images; image++) {
      const from = partials + (image as usize) * stride * 2 + at;
      const delta = f64(f32.load(from)) - center;
      const total = count + size;
      center += (delta * size) / total;
      squares += f64(f32.load(from + stride)) + (delta * delta * count * size) / total;
      count = total;
    }
    const inverse = 1.0 / sqrt(squares / count + f64(epsilon));
    f32.store(mean + at, f32(center));
    f32.store(invStd + at, f32(inverse));
    storeAffine(gamma + at, beta + at, scale + at, shift + at, affine, center, inverse);
    const unbiased = squares / max(count - 1.0, 1.0);
    const oldMean = f64(f32.load(runningMean + at));
    const oldVariance = f64(f32.load(runningVariance + at));
    f32.store(runningMean + at, f32(keep * oldMean + f64(momentum) * center));
    f32.store(runningVariance + at, f32(keep * oldVariance + f64(momentum) * unbiased));
  }
}

export function batchNormFrozen(
  gamma: usize,
  beta: usize,
  runningMean: usize,
  runningVariance: usize,
  mean: usize,
  invStd: usize,
  scale: usize,
  shift: usize,
  affine: i32,
  epsilon: f32,
  begin: i32,
  end: i32,
): void {
  for (let c = begin; c < end; c++) {
    const at = (c as usize) << 2;
    const center = f64(f32.load(runningMean + at));
    const inverse = 1.0 / sqrt(f64(f32.load(runningVariance + at)) + f64(epsilon));
    f32.store(mean + at, f32(center));
    f32.store(invStd + at, f32(inverse));
    storeAffine(gamma + at, beta + at, scale + at, shift + at, affine, center, inverse);
  }
}

export function batchNormBackwardFinalize(
  partials: usize,
  mean: usize,
  invStd: usize,
  scale: usize,
  dgamma: usize,
  dbeta: usize,
  correction: usize,
  images: i32,
  pixels: i32,
  channels: i32,
  frozen: i32,
  begin: i32,
  end: i32,
): void {
  const stride = (channels as usize) << 2;
  const count = f64(images) * f64(pixels);
  for (let c = begin; c < end; c++) {
    const at = (c as usize) << 2;
    let sum: f64 = 0;
    let sumHat: f64 = 0;
    for (let image = 0; image < images; image++) {
      const from = partials + (image as usize) * stride * 2 + at;
      sum += f64(f32.load(from));
      sumHat += f64(f32.load(from + stride));
    }
    f32.store(dbeta + at, f32(sum));
    f32.store(dgamma + at, f32(sumHat));
    const factor = f64(f32.load(scale + at)) / count;
    const slope = frozen ? 0.0 : -factor * sumHat * f64(f32.load(invStd + at));
    const offset = frozen ? 0.0 : -factor * sum - slope * f64(f32.load(mean + at));
    f32.store(correction + at, f32(slope));
    f32.store(correction + stride + at, f32(offset));
  }
}
