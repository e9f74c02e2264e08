/**
 * Normalise, activate and 2x2 max pool in one pass. A column of four channels runs along a row of windows, whose two rows
 * of pixels stay in the first-level cache. Winners are found by comparing, without branches.
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

/** Whether the numbers of the winners are kept beside their values. */
export class NoNumbers {
  store(_address: usize, _v: v128, _lanes: i32): void {}
  per(_row: usize): usize {
    return 0;
  }
}

export class Numbers {
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

/** Images [begin, end), of height `h` and width `w`. */
export function poolWinners<N>(
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
