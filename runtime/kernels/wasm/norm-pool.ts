/**
 * Normalise, activate and 2x2 max pool in one pass, and its sums, as runtime/kernels/plain/norm-pool.ts says. A column
 * of four channels runs along a row of windows, whose two rows of pixels stay in the first-level cache. Winners are
 * found by comparing, without branches.
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
import { flushSums } from './sums';

/** Whether the numbers of the winners are kept beside their values. */
class NoNumbers {
  store(_address: usize, _v: v128, _lanes: i32): void {}
  per(_row: usize): usize {
    return 0;
  }
}

class Numbers {
  store(address: usize, v: v128, lanes: i32): void {
    const halves = i16x8.narrow_i32x4_s(v, v);
    const bytes = i8x16.narrow_i16x8_u(halves, halves);
    if (lanes === 4) {
      v128.store_lane<u32>(address, bytes, 0);
      return;
    }
    v128.store_lane<u8>(address, bytes, 0);
    if (lanes > 1) v128.store_lane<u8>(address + 1, bytes, 1);
    if (lanes > 2) v128.store_lane<u8>(address + 2, bytes, 2);
  }
  /** Bytes of the numbers for so many bytes of floats. */
  per(floats: usize): usize {
    return floats >> 2;
  }
}

function poolColumn<A, L, N>(
  x: usize,
  coefficients: usize,
  y: usize,
  winners: usize,
  numbers: usize,
  below: usize,
  row: usize,
  windows: i32,
  lanes: i32,
  code: i32,
  p: f32,
): void {
  const memory = changetype<L>(0);
  const act = changetype<A>(0);
  const scale = memory.load(coefficients, lanes);
  const shift = memory.load(coefficients + row, lanes);
  const kept = changetype<N>(0);
  for (let w = 0; w < windows; w++, x += row * 2, y += row, winners += row) {
    let winner = memory.load(x, lanes);
    let best = act.forward(madd(winner, scale, shift), code, p);
    let rival = memory.load(x + row, lanes);
    let value = act.forward(madd(rival, scale, shift), code, p);
    let wins = f32x4.gt(value, best);
    winner = v128.bitselect(rival, winner, wins);
    best = v128.bitselect(value, best, wins);
    let number = v128.and(i32x4.splat(1), wins);
    rival = memory.load(x + below, lanes);
    value = act.forward(madd(rival, scale, shift), code, p);
    wins = f32x4.gt(value, best);
    winner = v128.bitselect(rival, winner, wins);
    best = v128.bitselect(value, best, wins);
    number = v128.bitselect(i32x4.splat(2), number, wins);
    rival = memory.load(x + below + row, lanes);
    value = act.forward(madd(rival, scale, shift), code, p);
    wins = f32x4.gt(value, best);
    memory.store(winners, v128.bitselect(rival, winner, wins), lanes);
    memory.store(y, v128.bitselect(value, best, wins), lanes);
    kept.store(numbers, v128.bitselect(i32x4.splat(3), number, wins), lanes);
    numbers += kept.per(row);
  }
}

function poolImages<A, N>(
  input: usize,
  coefficients: usize,
  output: usize,
  winners: usize,
  numbers: usize,
  height: i32,
  width: i32,
  channels: i32,
  code: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const whole = row & ~15;
  const left = channels & 3;
  const below = (width as usize) * row;
  const windows = width >> 1;
  const rows = height >> 1;
  for (let r = begin * rows; r < end * rows; r++) {
    let x = input + (r as usize) * below * 2;
    let y = output + ((r * windows) as usize) * row;
    let won = winners + ((r * windows) as usize) * row;
    let number = numbers + changetype<N>(0).per(((r * windows) as usize) * row);
    let k = coefficients;
    for (let o: usize = 0; o < whole; o += 16, x += 16, y += 16, won += 16, k += 16) {
      poolColumn<A, Whole, N>(x, k, y, won, number, below, row, windows, 4, code, p);
      number += changetype<N>(0).per(16);
    }
    if (left) {
      poolColumn<A, Partial, N>(x, k, y, won, number, below, row, windows, left, code, p);
    }
  }
}

function pool<N>(
  x: usize,
  k: usize,
  y: usize,
  won: usize,
  no: usize,
  h: i32,
  w: i32,
  c: i32,
  a: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  if (a === IDENTITY) poolImages<Identity, N>(x, k, y, won, no, h, w, c, a, p, begin, end);
  else if (a === RELU) poolImages<Relu, N>(x, k, y, won, no, h, w, c, a, p, begin, end);
  else if (a === RELU6) poolImages<Relu6, N>(x, k, y, won, no, h, w, c, a, p, begin, end);
  else if (a === HARD_SWISH) poolImages<HardSwish, N>(x, k, y, won, no, h, w, c, a, p, begin, end);
  else poolImages<Any, N>(x, k, y, won, no, h, w, c, a, p, begin, end);
}

export function normActivatePool(
  x: usize,
  k: usize,
  y: usize,
  won: usize,
  height: i32,
  width: i32,
  channels: i32,
  activation: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  pool<NoNumbers>(x, k, y, won, 0, height, width, channels, activation, p, begin, end);
}

export function normActivatePoolNumbers(
  x: usize,
  k: usize,
  y: usize,
  won: usize,
  numbers: usize,
  height: i32,
  width: i32,
  channels: i32,
  activation: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  pool<Numbers>(x, k, y, won, numbers, height, width, channels, activation, p, begin, end);
}

/** Only a window's winner has a gradient, so the sums run over windows, a row of them at a time. */
function sumColumn<A, L>(
  winners: usize,
  dy: usize,
  coefficients: usize,
  totals: usize,
  row: usize,
  windows: i32,
  lanes: i32,
  code: i32,
  p: f32,
): void {
  const memory = changetype<L>(0);
  const act = changetype<A>(0);
  const scale = memory.load(coefficients, lanes);
  const shift = memory.load(coefficients + row, lanes);
  const mean = memory.load(coefficients + row * 2, lanes);
  let sum = f32x4.splat(0);
  let product = sum;
  for (let w = 0; w < windows; w++, winners += row, dy += row) {
    const winner = memory.load(winners, lanes);
    const dz = act.backward(madd(winner, scale, shift), memory.load(dy, lanes), code, p);
    sum = f32x4.add(sum, dz);
    product = madd(dz, f32x4.sub(winner, mean), product);
  }
  const inverse = memory.load(coefficients + row * 3, lanes);
  flushSums(totals, row, 0, lanes, sum, f32x4.mul(product, inverse));
}

function sumImages<A>(
  winners: usize,
  gradient: usize,
  coefficients: usize,
  partials: usize,
  height: i32,
  width: i32,
  channels: i32,
  code: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const whole = row & ~15;
  const left = channels & 3;
  const windows = width >> 1;
  const rows = height >> 1;
  for (let n = begin; n < end; n++) {
    const totals = partials + (n as usize) * row * 2;
    memory.fill(totals, 0, row * 2);
    for (let r = n * rows; r < (n + 1) * rows; r++) {
      const line = ((r * windows) as usize) * row;
      let won = winners + line;
      let dy = gradient + line;
      for (let o: usize = 0; o < whole; o += 16, won += 16, dy += 16) {
        const k = coefficients + o;
        sumColumn<A, Whole>(won, dy, k, totals + o, row, windows, 4, code, p);
      }
      if (left === 0) continue;
      const k = coefficients + whole;
      sumColumn<A, Partial>(won, dy, k, totals + whole, row, windows, left, code, p);
    }
  }
}

export function normPoolGradientSums(
  won: usize,
  dy: usize,
  k: usize,
  to: usize,
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
  if (a === IDENTITY) sumImages<Identity>(won, dy, k, to, h, w, c, a, p, begin, end);
  else if (a === RELU) sumImages<Relu>(won, dy, k, to, h, w, c, a, p, begin, end);
  else if (a === RELU6) sumImages<Relu6>(won, dy, k, to, h, w, c, a, p, begin, end);
  else if (a === HARD_SWISH) sumImages<HardSwish>(won, dy, k, to, h, w, c, a, p, begin, end);
  else sumImages<Any>(won, dy, k, to, h, w, c, a, p, begin, end);
}
