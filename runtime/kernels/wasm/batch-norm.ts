/**
 * Normalise and activate in one pass, and the two passes of the backward, which recompute the normalised value from x
 * rather than store it. Columns of four channels, in blocks of pixels that stay in the first-level cache.
 */
import {
  Any,
  HARD_SWISH,
  HardSwish,
  IDENTITY,
  Identity,
  RELU,
  RELU6,
  Relu,
  Relu6,
} from './activation';
import { Partial, Whole } from './lanes';
import { madd } from './simd';

const BLOCK_FLOATS: i32 = 2048;
const MIN_BLOCK_ROWS: i32 = 8;

function applyColumn<A, V>(
  x: usize,
  y: usize,
  scale: usize,
  shift: usize,
  stride: usize,
  rows: i32,
  lanes: i32,
  code: i32,
  parameter: f32,
): void {
  const access = changetype<V>(0);
  const factor = access.load(scale, lanes);
  const offset = access.load(shift, lanes);
  for (let r = 0; r < rows; r++, x += stride, y += stride) {
    const z = madd(access.load(x, lanes), factor, offset);
    access.store(y, changetype<A>(0).forward(z, code, parameter), lanes);
  }
}

function applyImage<A>(
  x: usize,
  y: usize,
  scale: usize,
  shift: usize,
  pixels: i32,
  channels: i32,
  code: i32,
  parameter: f32,
): void {
  const stride = (channels as usize) << 2;
  const blockRows = max(MIN_BLOCK_ROWS, BLOCK_FLOATS / channels);
  for (let row = 0; row < pixels; row += blockRows) {
    const rows = min(blockRows, pixels - row);
    const at = (row as usize) * stride;
    let c: usize = 0;
    for (; c + 16 <= stride; c += 16) {
      const to = at + c;
      applyColumn<A, Whole>(x + to, y + to, scale + c, shift + c, stride, rows, 4, code, parameter);
    }
    if (c == stride) continue;
    const to = at + c;
    const left = ((stride - c) >> 2) as i32;
    applyColumn<Any, Partial>(
      x + to,
      y + to,
      scale + c,
      shift + c,
      stride,
      rows,
      left,
      code,
      parameter,
    );
  }
}

export function batchNormApply(
  x: usize,
  scale: usize,
  shift: usize,
  y: usize,
  pixels: i32,
  channels: i32,
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  const size = ((pixels * channels) as usize) << 2;
  for (let image = begin; image < end; image++) {
    const from = x + (image as usize) * size;
    const to = y + (image as usize) * size;
    if (activation == IDENTITY) {
      applyImage<Identity>(from, to, scale, shift, pixels, channels, activation, parameter);
    } else if (activation == RELU) {
      applyImage<Relu>(from, to, scale, shift, pixels, channels, activation, parameter);
    } else if (activation == RELU6) {
      applyImage<Relu6>(from, to, scale, shift, pixels, channels, activation, parameter);
    } else if (activation == HARD_SWISH) {
      applyImage<HardSwish>(from, to, scale, shift, pixels, channels, activation, parameter);
    } else applyImage<Any>(from, to, scale, shift, pixels, channels, activation, parameter);
  }
}

/** What the reduction needs of the forward: four buffers of one float a channel. */
function reduceColumn<A, V>(
  x: usize,
  dy: usize,
  mean: usize,
  invStd: usize,
  scale: usize,
  shift: usize,
  partial: usize,
  stride: usize,
  rows: i32,
  lanes: i32,
  first: bool,
  code: i32,
  parameter: f32,
): void {
  const access = changetype<V>(0);
  const center = access.load(mean, lanes);
  const factor = access.load(scale, lanes);
  const offset = access.load(shift, lanes);
  let sum = f32x4.splat(0);
  let sumHat = sum;
  for (let r = 0; r < rows; r++, x += stride, dy += stride) {
    const value = access.load(x, lanes);
    const z = madd(value, factor, offset);
    const dz = changetype<A>(0).backward(z, access.load(dy, lanes), code, parameter);
    sum = f32x4.add(sum, dz);
    sumHat = madd(dz, f32x4.sub(value, center), sumHat);
  }
  sumHat = f32x4.mul(sumHat, access.load(invStd, lanes));
  if (!first) {
    sum = f32x4.add(access.load(partial, lanes), sum);
    sumHat = f32x4.add(access.load(partial + stride, lanes), sumHat);
  }
  access.store(partial, sum, lanes);
  access.store(partial + stride, sumHat, lanes);
}

function reduceImage<A>(
  x: usize,
  dy: usize,
  mean: usize,
  invStd: usize,
  scale: usize,
  shift: usize,
  partial: usize,
  pixels: i32,
  channels: i32,
  code: i32,
  parameter: f32,
): void {
  const stride = (channels as usize) << 2;
  const blockRows = max(MIN_BLOCK_ROWS, BLOCK_FLOATS / channels);
  for (let row = 0; row < pixels; row += blockRows) {
    const rows = min(blockRows, pixels - row);
    const first = row == 0;
    let from = x + (row as usize) * stride;
    let gradient = dy + (row as usize) * stride;
    let c: usize = 0;
    for (; c + 16 <= stride; c += 16, from += 16, gradient += 16) {
      reduceColumn<A, Whole>(
        from,
        gradient,
        mean + c,
        invStd + c,
        scale + c,
        shift + c,
        partial + c,
        stride,
        rows,
        4,
        first,
        code,
        parameter,
      );
    }
    if (c == stride) continue;
    reduceColumn<Any, Partial>(
      from,
      gradient,
      mean + c,
      invStd + c,
      scale + c,
      shift + c,
      partial + c,
      stride,
      rows,
      ((stride - c) >> 2) as i32,
      first,
      code,
      parameter,
    );
  }
}

export function batchNormBackwardReduce(
  x: usize,
  dy: usize,
  mean: usize,
  invStd: usize,
  scale: usize,
  shift: usize,
  partials: usize,
  pixels: i32,
  channels: i32,
  activation: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  const size = ((pixels * channels) as usize) << 2;
  const a = activation;
  const c = channels;
  for (let image = begin; image < end; image++) {
    const from = x + (image as usize) * size;
    const gradient = dy + (image as usize) * size;
    const to = partials + (image as usize) * ((c as usize) << 3);
    if (a == IDENTITY) {
      reduceImage<Identity>(from, gradient, mean, invStd, scale, shift, to, pixels, c, a, p);
    } else if (a == RELU) {
      reduceImage<Relu>(from, gradient, mean, invStd, scale, shift, to, pixels, c, a, p);
    } else if (a == RELU6) {
      reduceImage<Relu6>(from, gradient, mean, invStd, scale, shift, to, pixels, c, a, p);
    } else if (a == HARD_SWISH) {
      reduceImage<HardSwish>(from, gradient, mean, invStd, scale, shift, to, pixels, c, a, p);
    } else reduceImage<Any>(from, gradient, mean, invStd, scale, shift, to, pixels, c, a, p);
  }
}

function gradientColumn<A, V>(
  x: usize,
  dy: usize,
  scale: usize,
  shift: usize,
  correction: usize,
  dx: usize,
  stride: usize,
  rows: i32,
  lanes: i32,
  code: i32,
  parameter: f32,
): void {
  const access = changetype<V>(0);
  const factor = access.load(scale, lanes);
  const offset = access.load(shift, lanes);
  const slope = access.load(correction, lanes);
  const constant = access.load(correction + stride, lanes);
  for (let r = 0; r < rows; r++, x += stride, dy += stride, dx += stride) {
    const value = access.load(x, lanes);
    const z = madd(value, factor, offset);
    const dz = changetype<A>(0).backward(z, access.load(dy, lanes), code, parameter);
    access.store(dx, madd(dz, factor, madd(value, slope, constant)), lanes);
  }
}

function gradientImage<A>(
  x: usize,
  dy: usize,
  scale: usize,
  shift: usize,
  correction: usize,
  dx: usize,
  pixels: i32,
  channels: i32,
  code: i32,
  p: f32,
): void {
  const stride = (channels as usize) << 2;
  const blockRows = max(MIN_BLOCK_ROWS, BLOCK_FLOATS / channels);
  for (let row = 0; row < pixels; row += blockRows) {
    const rows = min(blockRows, pixels - row);
    let at = (row as usize) * stride;
    let c: usize = 0;
    for (; c + 16 <= stride; c += 16, at += 16) {
      gradientColumn<A, Whole>(
        x + at,
        dy + at,
        scale + c,
        shift + c,
        correction + c,
        dx + at,
        stride,
        rows,
        4,
        code,
        p,
      );
    }
    if (c == stride) continue;
    gradientColumn<Any, Partial>(
      x + at,
      dy + at,
      scale + c,
      shift + c,
      correction + c,
      dx + at,
      stride,
      rows,
      ((stride - c) >> 2) as i32,
      code,
      p,
    );
  }
}

export function batchNormBackwardApply(
  x: usize,
  dy: usize,
  scale: usize,
  shift: usize,
  correction: usize,
  dx: usize,
  pixels: i32,
  channels: i32,
  activation: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  const size = ((pixels * channels) as usize) << 2;
  const a = activation;
  const c = channels;
  for (let image = begin; image < end; image++) {
    const at = (image as usize) * size;
    const from = x + at;
    const gradient = dy + at;
    const to = dx + at;
    if (a == IDENTITY) {
      gradientImage<Identity>(from, gradient, scale, shift, correction, to, pixels, c, a, p);
    } else if (a == RELU) {
      gradientImage<Relu>(from, gradient, scale, shift, correction, to, pixels, c, a, p);
    } else if (a == RELU6) {
      gradientImage<Relu6>(from, gradient, scale, shift, correction, to, pixels, c, a, p);
    } else if (a == HARD_SWISH) {
      gradientImage<HardSwish>(from, gradient, scale, shift, correction, to, pixels, c, a, p);
    } else gradientImage<Any>(from, gradient, scale, shift, correction, to, pixels, c, a, p);
  }
}
