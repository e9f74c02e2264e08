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
  winners: usize,
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
  for (let w = 0; w < windows; w++, x += row * 2, dx += row * 2, dy += row, winners += row) {
    const winner = memory.load(winners, lanes);
    const z = madd(winner, scale, shift);
    // What is left to give: the first pixel with the winner's input takes it all.
    let g = f32x4.mul(act.backward(z, memory.load(dy, lanes), code, p), factor);
    const x0 = memory.load(x, lanes);
    const is0 = f32x4.eq(x0, winner);
    memory.store(dx, f32x4.add(v128.and(g, is0), madd(x0, slope, offset)), lanes);
    g = v128.andnot(g, is0);
    const x1 = memory.load(x + row, lanes);
    const is1 = f32x4.eq(x1, winner);
    memory.store(dx + row, f32x4.add(v128.and(g, is1), madd(x1, slope, offset)), lanes);
    g = v128.andnot(g, is1);
    const x2 = memory.load(x + below, lanes);
    const is2 = f32x4.eq(x2, winner);
    memory.store(dx + below, f32x4.add(v128.and(g, is2), madd(x2, slope, offset)), lanes);
    g = v128.andnot(g, is2);
    const x3 = memory.load(x + below + row, lanes);
    const is3 = f32x4.eq(x3, winner);
    memory.store(dx + below + row, f32x4.add(v128.and(g, is3), madd(x3, slope, offset)), lanes);
  }
}

function gradientImages<A>(
  input: usize,
  winners: usize,
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
    const at = ((r * windows) as usize) * row;
    let won = winners + at;
    let dy = gradient + at;
    for (let o: usize = 0; o < whole; o += 16, x += 16, dx += 16, won += 16, dy += 16) {
      const k = coefficients + o;
      gradientColumn<A, Whole>(x, won, dy, k, line + o, dx, below, row, windows, 4, code, p);
    }
    if (left === 0) continue;
    const k = coefficients + whole;
    gradientColumn<A, Partial>(x, won, dy, k, line + whole, dx, below, row, windows, left, code, p);
  }
}

export function normPoolInputGradient(
  x: usize,
  won: usize,
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
  if (a === IDENTITY) gradientImages<Identity>(x, won, dy, k, g, dx, h, w, c, a, p, begin, end);
  else if (a === RELU) gradientImages<Relu>(x, won, dy, k, g, dx, h, w, c, a, p, begin, end);
  else if (a === RELU6) gradientImages<Relu6>(x, won, dy, k, g, dx, h, w, c, a, p, begin, end);
  else if (a === HARD_SWISH)
    gradientImages<HardSwish>(x, won, dy, k, g, dx, h, w, c, a, p, begin, end);
  else gradientImages<Any>(x, won, dy, k, g, dx, h, w, c, a, p, begin, end);
}
