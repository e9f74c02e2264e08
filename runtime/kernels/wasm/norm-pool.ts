/** Norm, activation and 2x2 max pool in one pass, and its sums, as runtime/kernels/plain/norm-pool.ts says. */
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
import { NoNumbers, poolWinners } from './pool-winners';
import { madd } from './simd';
import { flushSums } from './sums';

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
  poolWinners<NoNumbers>(x, k, y, won, 0, height, width, channels, activation, p, begin, end);
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
