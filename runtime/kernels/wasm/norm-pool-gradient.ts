/** The gradient to the input of norm, activation and 2x2 max pool: a window's winner gets all of its gradient. */
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

function gradientColumn<A, L>(
  x: usize,
  dy: usize,
  coefficients: usize,
  line: usize,
  dx: usize,
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
  const factor = memory.load(line, lanes);
  const slope = memory.load(line + row, lanes);
  const offset = memory.load(line + row * 2, lanes);
  for (let w = 0; w < windows; w++, x += row * 2, dx += row * 2, dy += row) {
    const x0 = memory.load(x, lanes);
    const x1 = memory.load(x + row, lanes);
    const x2 = memory.load(x + below, lanes);
    const x3 = memory.load(x + below + row, lanes);
    let best = act.forward(madd(x0, scale, shift), code, p);
    let value = act.forward(madd(x1, scale, shift), code, p);
    const wins1 = f32x4.gt(value, best);
    best = v128.bitselect(value, best, wins1);
    value = act.forward(madd(x2, scale, shift), code, p);
    const wins2 = f32x4.gt(value, best);
    best = v128.bitselect(value, best, wins2);
    value = act.forward(madd(x3, scale, shift), code, p);
    const wins3 = f32x4.gt(value, best);
    const upper = v128.bitselect(x1, x0, wins1);
    const winner = v128.bitselect(x3, v128.bitselect(x2, upper, wins2), wins3);
    const z = madd(winner, scale, shift);
    const g = f32x4.mul(act.backward(z, memory.load(dy, lanes), code, p), factor);
    // A later winner takes the gradient from an earlier one.
    const not3 = v128.andnot(g, wins3);
    const not2 = v128.andnot(not3, wins2);
    const g0 = v128.andnot(not2, wins1);
    const g1 = v128.and(not2, wins1);
    const g2 = v128.and(not3, wins2);
    const g3 = v128.and(g, wins3);
    memory.store(dx, f32x4.add(g0, madd(x0, slope, offset)), lanes);
    memory.store(dx + row, f32x4.add(g1, madd(x1, slope, offset)), lanes);
    memory.store(dx + below, f32x4.add(g2, madd(x2, slope, offset)), lanes);
    memory.store(dx + below + row, f32x4.add(g3, madd(x3, slope, offset)), lanes);
  }
}

function gradientImages<A>(
  input: usize,
  gradient: usize,
  coefficients: usize,
  line: usize,
  output: usize,
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
    let dx = output + (r as usize) * below * 2;
    let dy = gradient + ((r * windows) as usize) * row;
    for (let o: usize = 0; o < whole; o += 16, x += 16, dx += 16, dy += 16) {
      const k = coefficients + o;
      gradientColumn<A, Whole>(x, dy, k, line + o, dx, below, row, windows, 4, code, p);
    }
    if (left === 0) continue;
    const k = coefficients + whole;
    gradientColumn<A, Partial>(x, dy, k, line + whole, dx, below, row, windows, left, code, p);
  }
}

export function normPoolInputGradient(
  x: usize,
  dy: usize,
  k: usize,
  g: usize,
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
  if (a === IDENTITY) gradientImages<Identity>(x, dy, k, g, dx, h, w, c, a, p, begin, end);
  else if (a === RELU) gradientImages<Relu>(x, dy, k, g, dx, h, w, c, a, p, begin, end);
  else if (a === RELU6) gradientImages<Relu6>(x, dy, k, g, dx, h, w, c, a, p, begin, end);
  else if (a === HARD_SWISH) gradientImages<HardSwish>(x, dy, k, g, dx, h, w, c, a, p, begin, end);
  else gradientImages<Any>(x, dy, k, g, dx, h, w, c, a, p, begin, end);
}
