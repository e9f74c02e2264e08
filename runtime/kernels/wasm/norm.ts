/**
 * Normalise and activate in one pass, and the passes of the gradient, as runtime/kernels/plain/norm.ts says. A column is
 * four channels: its coefficients stay in registers while it runs down a block of pixels, and the block stays in the
 * first-level cache while the next columns pass over the same lines.
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

const BLOCK_FLOATS: i32 = 2048;
const MIN_BLOCK_PIXELS: i32 = 8;

function blockPixels(channels: i32): i32 {
  return max(MIN_BLOCK_PIXELS, BLOCK_FLOATS / channels);
}

function activateColumn<A, L>(
  input: usize,
  coefficients: usize,
  output: usize,
  row: usize,
  pixels: i32,
  lanes: i32,
  code: i32,
  parameter: f32,
): void {
  const memory = changetype<L>(0);
  const scale = memory.load(coefficients, lanes);
  const shift = memory.load(coefficients + row, lanes);
  for (let p = 0; p < pixels; p++, input += row, output += row) {
    const z = madd(memory.load(input, lanes), scale, shift);
    memory.store(output, changetype<A>(0).forward(z, code, parameter), lanes);
  }
}

/** Nothing is kept between pixels, so blocks may cross from one image to the next. */
function activateImages<A>(
  x: usize,
  coefficients: usize,
  y: usize,
  pixels: i32,
  channels: i32,
  code: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const whole = row & ~15;
  const left = channels & 3;
  const block = blockPixels(channels);
  for (let first = begin * pixels; first < end * pixels; first += block) {
    const count = min(block, end * pixels - first);
    const at = (first as usize) * row;
    for (let o: usize = 0; o < whole; o += 16) {
      const k = coefficients + o;
      activateColumn<A, Whole>(x + at + o, k, y + at + o, row, count, 4, code, p);
    }
    if (left === 0) continue;
    const o = at + whole;
    activateColumn<A, Partial>(x + o, coefficients + whole, y + o, row, count, left, code, p);
  }
}

export function normActivate(
  x: usize,
  k: usize,
  y: usize,
  pixels: i32,
  channels: i32,
  activation: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  const n = pixels;
  const c = channels;
  const a = activation;
  if (a === IDENTITY) activateImages<Identity>(x, k, y, n, c, a, p, begin, end);
  else if (a === RELU) activateImages<Relu>(x, k, y, n, c, a, p, begin, end);
  else if (a === RELU6) activateImages<Relu6>(x, k, y, n, c, a, p, begin, end);
  else if (a === HARD_SWISH) activateImages<HardSwish>(x, k, y, n, c, a, p, begin, end);
  else activateImages<Any>(x, k, y, n, c, a, p, begin, end);
}

/** Sums of a block, made in registers and then added to the totals, so that long sums stay exact. */
function sumColumn<A, L>(
  input: usize,
  gradient: usize,
  coefficients: usize,
  totals: usize,
  row: usize,
  pixels: i32,
  lanes: i32,
  code: i32,
  parameter: f32,
): void {
  const memory = changetype<L>(0);
  const scale = memory.load(coefficients, lanes);
  const shift = memory.load(coefficients + row, lanes);
  const mean = memory.load(coefficients + row * 2, lanes);
  let sum = f32x4.splat(0);
  let product = sum;
  for (let p = 0; p < pixels; p++, input += row, gradient += row) {
    const x = memory.load(input, lanes);
    const dy = memory.load(gradient, lanes);
    const dz = changetype<A>(0).backward(madd(x, scale, shift), dy, code, parameter);
    sum = f32x4.add(sum, dz);
    product = madd(dz, f32x4.sub(x, mean), product);
  }
  const inverse = memory.load(coefficients + row * 3, lanes);
  flushSums(totals, row, 0, lanes, sum, f32x4.mul(product, inverse));
}

function sumImages<A>(
  x: usize,
  dy: usize,
  coefficients: usize,
  partials: usize,
  pixels: i32,
  channels: i32,
  code: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const whole = row & ~15;
  const left = channels & 3;
  const block = blockPixels(channels);
  for (let n = begin; n < end; n++) {
    const totals = partials + (n as usize) * row * 2;
    memory.fill(totals, 0, row * 2);
    for (let first = 0; first < pixels; first += block) {
      const count = min(block, pixels - first);
      const at = ((n * pixels + first) as usize) * row;
      for (let o: usize = 0; o < whole; o += 16) {
        const k = coefficients + o;
        sumColumn<A, Whole>(x + at + o, dy + at + o, k, totals + o, row, count, 4, code, p);
      }
      if (left === 0) continue;
      const o = at + whole;
      const k = coefficients + whole;
      sumColumn<A, Partial>(x + o, dy + o, k, totals + whole, row, count, left, code, p);
    }
  }
}

export function normGradientSums(
  x: usize,
  dy: usize,
  k: usize,
  to: usize,
  pixels: i32,
  channels: i32,
  activation: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  const n = pixels;
  const c = channels;
  const a = activation;
  if (a === IDENTITY) sumImages<Identity>(x, dy, k, to, n, c, a, p, begin, end);
  else if (a === RELU) sumImages<Relu>(x, dy, k, to, n, c, a, p, begin, end);
  else if (a === RELU6) sumImages<Relu6>(x, dy, k, to, n, c, a, p, begin, end);
  else if (a === HARD_SWISH) sumImages<HardSwish>(x, dy, k, to, n, c, a, p, begin, end);
  else sumImages<Any>(x, dy, k, to, n, c, a, p, begin, end);
}

function gradientColumn<A, L>(
  input: usize,
  gradient: usize,
  coefficients: usize,
  line: usize,
  output: usize,
  row: usize,
  pixels: i32,
  lanes: i32,
  code: i32,
  parameter: f32,
): void {
  const memory = changetype<L>(0);
  const scale = memory.load(coefficients, lanes);
  const shift = memory.load(coefficients + row, lanes);
  const factor = memory.load(line, lanes);
  const slope = memory.load(line + row, lanes);
  const offset = memory.load(line + row * 2, lanes);
  for (let p = 0; p < pixels; p++, input += row, gradient += row, output += row) {
    const x = memory.load(input, lanes);
    const dy = memory.load(gradient, lanes);
    const dz = changetype<A>(0).backward(madd(x, scale, shift), dy, code, parameter);
    memory.store(output, madd(dz, factor, madd(x, slope, offset)), lanes);
  }
}

function gradientImages<A>(
  x: usize,
  dy: usize,
  k: usize,
  line: usize,
  dx: usize,
  pixels: i32,
  channels: i32,
  code: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const whole = row & ~15;
  const left = channels & 3;
  const block = blockPixels(channels);
  for (let first = begin * pixels; first < end * pixels; first += block) {
    const count = min(block, end * pixels - first);
    let at = (first as usize) * row;
    for (let o: usize = 0; o < whole; o += 16, at += 16) {
      const g = line + o;
      gradientColumn<A, Whole>(x + at, dy + at, k + o, g, dx + at, row, count, 4, code, p);
    }
    if (left === 0) continue;
    const g = line + whole;
    gradientColumn<A, Partial>(x + at, dy + at, k + whole, g, dx + at, row, count, left, code, p);
  }
}

export function normInputGradient(
  x: usize,
  dy: usize,
  k: usize,
  line: usize,
  dx: usize,
  pixels: i32,
  channels: i32,
  activation: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  const n = pixels;
  const c = channels;
  const a = activation;
  if (a === IDENTITY) gradientImages<Identity>(x, dy, k, line, dx, n, c, a, p, begin, end);
  else if (a === RELU) gradientImages<Relu>(x, dy, k, line, dx, n, c, a, p, begin, end);
  else if (a === RELU6) gradientImages<Relu6>(x, dy, k, line, dx, n, c, a, p, begin, end);
  else if (a === HARD_SWISH) gradientImages<HardSwish>(x, dy, k, line, dx, n, c, a, p, begin, end);
  else gradientImages<Any>(x, dy, k, line, dx, n, c, a, p, begin, end);
}
