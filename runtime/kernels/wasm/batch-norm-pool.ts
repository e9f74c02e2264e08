/**
 * Normalise, activate and take the largest of each 2x2 window, stride 2, in one pass: only the pooled output is stored.
 * The backward finds the window's winner again from x. The first of equals wins, as in PyTorch. A last odd row or column
 * belongs to no window.
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

/** One row of windows of four channels: x points to the upper of its two rows of pixels, `row` bytes apart. */
function poolColumn<A, V>(
  x: usize,
  y: usize,
  scale: usize,
  shift: usize,
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
  for (let w = 0; w < windows; w++, x += stride * 2, y += stride) {
    const a = act.forward(madd(access.load(x, lanes), factor, offset), code, p);
    const b = act.forward(madd(access.load(x + stride, lanes), factor, offset), code, p);
    const c = act.forward(madd(access.load(x + row, lanes), factor, offset), code, p);
    const d = act.forward(madd(access.load(x + row + stride, lanes), factor, offset), code, p);
    access.store(y, f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d)), lanes);
  }
}

function poolImage<A>(
  x: usize,
  y: usize,
  scale: usize,
  shift: usize,
  height: i32,
  width: i32,
  channels: i32,
  code: i32,
  p: f32,
): void {
  const stride = (channels as usize) << 2;
  const row = (width as usize) * stride;
  const windows = width >> 1;
  for (let oy = 0; oy < height >> 1; oy++) {
    const from = x + ((oy * 2) as usize) * row;
    const to = y + ((oy * windows) as usize) * stride;
    let c: usize = 0;
    for (; c + 16 <= stride; c += 16) {
      poolColumn<A, Whole>(
        from + c,
        to + c,
        scale + c,
        shift + c,
        row,
        stride,
        windows,
        4,
        code,
        p,
      );
    }
    const left = ((stride - c) >> 2) as i32;
    if (left == 0) continue;
    poolColumn<Any, Partial>(
      from + c,
      to + c,
      scale + c,
      shift + c,
      row,
      stride,
      windows,
      left,
      code,
      p,
    );
  }
}

export function batchNormApplyPool(
  x: usize,
  scale: usize,
  shift: usize,
  y: usize,
  height: i32,
  width: i32,
  channels: i32,
  activation: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  const size = ((height * width * channels) as usize) << 2;
  const pooled = (((height >> 1) * (width >> 1) * channels) as usize) << 2;
  const a = activation;
  for (let image = begin; image < end; image++) {
    const from = x + (image as usize) * size;
    const to = y + (image as usize) * pooled;
    if (a == IDENTITY) {
      poolImage<Identity>(from, to, scale, shift, height, width, channels, a, p);
    } else if (a == RELU) {
      poolImage<Relu>(from, to, scale, shift, height, width, channels, a, p);
    } else if (a == RELU6) {
      poolImage<Relu6>(from, to, scale, shift, height, width, channels, a, p);
    } else if (a == HARD_SWISH) {
      poolImage<HardSwish>(from, to, scale, shift, height, width, channels, a, p);
    } else poolImage<Any>(from, to, scale, shift, height, width, channels, a, p);
  }
}

/** Only a window's winner has a gradient, so the sums run over windows. */
function reduceColumn<A, V>(
  x: usize,
  dy: usize,
  mean: usize,
  invStd: usize,
  scale: usize,
  shift: usize,
  partial: usize,
  row: usize,
  stride: usize,
  windows: i32,
  lanes: i32,
  first: bool,
  code: i32,
  p: f32,
): void {
  const access = changetype<V>(0);
  const act = changetype<A>(0);
  const center = access.load(mean, lanes);
  const factor = access.load(scale, lanes);
  const offset = access.load(shift, lanes);
  let sum = f32x4.splat(0);
  let sumHat = sum;
  for (let w = 0; w < windows; w++, x += stride * 2, dy += stride) {
    let winner = access.load(x, lanes);
    let best = act.forward(madd(winner, factor, offset), code, p);
    let rival = access.load(x + stride, lanes);
    let value = act.forward(madd(rival, factor, offset), code, p);
    let wins = f32x4.gt(value, best);
    winner = v128.bitselect(rival, winner, wins);
    best = v128.bitselect(value, best, wins);
    rival = access.load(x + row, lanes);
    value = act.forward(madd(rival, factor, offset), code, p);
    wins = f32x4.gt(value, best);
    winner = v128.bitselect(rival, winner, wins);
    best = v128.bitselect(value, best, wins);
    rival = access.load(x + row + stride, lanes);
    value = act.forward(madd(rival, factor, offset), code, p);
    winner = v128.bitselect(rival, winner, f32x4.gt(value, best));
    const z = madd(winner, factor, offset);
    const dz = act.backward(z, access.load(dy, lanes), code, p);
    sum = f32x4.add(sum, dz);
    sumHat = madd(dz, f32x4.sub(winner, center), sumHat);
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
  height: i32,
  width: i32,
  channels: i32,
  code: i32,
  p: f32,
): void {
  const stride = (channels as usize) << 2;
  const row = (width as usize) * stride;
  const windows = width >> 1;
  if (height < 2) memory.fill(partial, 0, stride * 2);
  for (let oy = 0; oy < height >> 1; oy++) {
    let from = x + ((oy * 2) as usize) * row;
    let gradient = dy + ((oy * windows) as usize) * stride;
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
        row,
        stride,
        windows,
        4,
        oy == 0,
        code,
        p,
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
      row,
      stride,
      windows,
      ((stride - c) >> 2) as i32,
      oy == 0,
      code,
      p,
    );
  }
}

export function batchNormBackwardReducePool(
  x: usize,
  dy: usize,
  mean: usize,
  invStd: usize,
  scale: usize,
  shift: usize,
  partials: usize,
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
    const to = partials + (image as usize) * ((c as usize) << 3);
    if (a == IDENTITY) {
      reduceImage<Identity>(from, gradient, mean, invStd, scale, shift, to, h, w, c, a, p);
    } else if (a == RELU) {
      reduceImage<Relu>(from, gradient, mean, invStd, scale, shift, to, h, w, c, a, p);
    } else if (a == RELU6) {
      reduceImage<Relu6>(from, gradient, mean, invStd, scale, shift, to, h, w, c, a, p);
    } else if (a == HARD_SWISH) {
      reduceImage<HardSwish>(from, gradient, mean, invStd, scale, shift, to, h, w, c, a, p);
    } else reduceImage<Any>(from, gradient, mean, invStd, scale, shift, to, h, w, c, a, p);
  }
}
