/** The gradient to x of normalise, activate and 2x2 max pool: the winner of a window gets all of its gradient. */
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

function gradientColumn<A, V>(
  x: usize,
  dy: usize,
  scale: usize,
  shift: usize,
  correction: usize,
  dx: usize,
  row: usize,
  stride: usize,
  windows: i32,
  lanes: i32,
  code: i32,
  p: f32,
): void {
  const access = changetype<V>(0);
  const act = changetype<A>(0);
  const factor = access.load(scale, lanes);
  const offset = access.load(shift, lanes);
  const slope = access.load(correction, lanes);
  const constant = access.load(correction + stride, lanes);
  for (let w = 0; w < windows; w++, x += stride * 2, dx += stride * 2, dy += stride) {
    const x0 = access.load(x, lanes);
    const x1 = access.load(x + stride, lanes);
    const x2 = access.load(x + row, lanes);
    const x3 = access.load(x + row + stride, lanes);
    let best = act.forward(madd(x0, factor, offset), code, p);
    let value = act.forward(madd(x1, factor, offset), code, p);
    const wins1 = f32x4.gt(value, best);
    best = v128.bitselect(value, best, wins1);
    value = act.forward(madd(x2, factor, offset), code, p);
    const wins2 = f32x4.gt(value, best);
    best = v128.bitselect(value, best, wins2);
    value = act.forward(madd(x3, factor, offset), code, p);
    const wins3 = f32x4.gt(value, best);
    const upper = v128.bitselect(x1, x0, wins1);
    const winner = v128.bitselect(x3, v128.bitselect(x2, upper, wins2), wins3);
    const z = madd(winner, factor, offset);
    const g = f32x4.mul(act.backward(z, access.load(dy, lanes), code, p), factor);
    // A later winner takes the gradient from an earlier one.
    const below = v128.andnot(g, wins3);
    const above = v128.andnot(below, wins2);
    access.store(dx, f32x4.add(v128.andnot(above, wins1), madd(x0, slope, constant)), lanes);
    access.store(dx + stride, f32x4.add(v128.and(above, wins1), madd(x1, slope, constant)), lanes);
    access.store(dx + row, f32x4.add(v128.and(below, wins2), madd(x2, slope, constant)), lanes);
    access.store(
      dx + row + stride,
      f32x4.add(v128.and(g, wins3), madd(x3, slope, constant)),
      lanes,
    );
  }
}

/** Pixels of no window: they changed the statistics, nothing else. */
function correctPixels(x: usize, correction: usize, dx: usize, pixels: i32, channels: i32): void {
  const slope = correction;
  const constant = correction + ((channels as usize) << 2);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let c = 0; c < channels; c += 4) {
      const at = (c as usize) << 2;
      const from = (((pixel * channels) as usize) << 2) + at;
      if (c + 4 <= channels) {
        const value = v128.load(x + from);
        v128.store(dx + from, madd(value, v128.load(slope + at), v128.load(constant + at)));
        continue;
      }
      const access = changetype<Partial>(0);
      const left = channels - c;
      const value = access.load(x + from, left);
      const a = access.load(slope + at, left);
      access.store(dx + from, madd(value, a, access.load(constant + at, left)), left);
    }
  }
}

function gradientImage<A>(
  x: usize,
  dy: usize,
  scale: usize,
  shift: usize,
  correction: usize,
  dx: usize,
  height: i32,
  width: i32,
  channels: i32,
  code: i32,
  p: f32,
): void {
  const stride = (channels as usize) << 2;
  const row = (width as usize) * stride;
  const windows = width >> 1;
  for (let y = 0; y < height; y++) {
    const at = (y as usize) * row;
    // The last row of an odd height, and the last pixel of a row of odd width.
    if (y == (height & ~1)) correctPixels(x + at, correction, dx + at, width, channels);
    else if (width & 1) {
      const last = at + row - stride;
      correctPixels(x + last, correction, dx + last, 1, channels);
    }
  }
  for (let oy = 0; oy < height >> 1; oy++) {
    let at = ((oy * 2) as usize) * row;
    let gradient = dy + ((oy * windows) as usize) * stride;
    let c: usize = 0;
    for (; c + 16 <= stride; c += 16, at += 16, gradient += 16) {
      gradientColumn<A, Whole>(
        x + at,
        gradient,
        scale + c,
        shift + c,
        correction + c,
        dx + at,
        row,
        stride,
        windows,
        4,
        code,
        p,
      );
    }
    if (c == stride) continue;
    gradientColumn<Any, Partial>(
      x + at,
      gradient,
      scale + c,
      shift + c,
      correction + c,
      dx + at,
      row,
      stride,
      windows,
      ((stride - c) >> 2) as i32,
      code,
      p,
    );
  }
}

export function batchNormBackwardApplyPool(
  x: usize,
  dy: usize,
  scale: usize,
  shift: usize,
  correction: usize,
  dx: usize,
  height: i32,
  width: i32,
  channels: i32,
  activation: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  const h = height;
  const w = width;
  const c = channels;
  const a = activation;
  const size = ((h * w * c) as usize) << 2;
  const pooled = (((h >> 1) * (w >> 1) * c) as usize) << 2;
  for (let image = begin; image < end; image++) {
    const from = x + (image as usize) * size;
    const gradient = dy + (image as usize) * pooled;
    const to = dx + (image as usize) * size;
    if (a == IDENTITY) {
      gradientImage<Identity>(from, gradient, scale, shift, correction, to, h, w, c, a, p);
    } else if (a == RELU) {
      gradientImage<Relu>(from, gradient, scale, shift, correction, to, h, w, c, a, p);
    } else if (a == RELU6) {
      gradientImage<Relu6>(from, gradient, scale, shift, correction, to, h, w, c, a, p);
    } else if (a == HARD_SWISH) {
      gradientImage<HardSwish>(from, gradient, scale, shift, correction, to, h, w, c, a, p);
    } else gradientImage<Any>(from, gradient, scale, shift, correction, to, h, w, c, a, p);
  }
}
