/** 2x2 max pools with stride 2 over even images, line by line: the windows tile the image, and nothing is padded. */
import { Partial, Whole } from './lanes';

export function halves(
  inHeight: i32,
  inWidth: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
): bool {
  const two = windowHeight === 2 && windowWidth === 2 && strideY === 2 && strideX === 2;
  // Padding would make the output larger than half.
  return two && inHeight === 2 * outHeight && inWidth === 2 * outWidth;
}

/** Four channels of a line of windows. */
function maxima<L>(x: usize, y: usize, below: usize, row: usize, windows: i32, lanes: i32): void {
  const memory = changetype<L>(0);
  for (let w = 0; w < windows; w++, x += row * 2, y += row) {
    const upper = f32x4.max(memory.load(x, lanes), memory.load(x + row, lanes));
    const lower = f32x4.max(memory.load(x + below, lanes), memory.load(x + below + row, lanes));
    memory.store(y, f32x4.max(upper, lower), lanes);
  }
}

/** The first of the largest takes the gradient; the others get zero. */
function route<L>(
  x: usize,
  dy: usize,
  dx: usize,
  below: usize,
  row: usize,
  windows: i32,
  lanes: i32,
): void {
  const memory = changetype<L>(0);
  for (let w = 0; w < windows; w++, x += row * 2, dx += row * 2, dy += row) {
    let best = memory.load(x, lanes);
    let value = memory.load(x + row, lanes);
    const wins1 = f32x4.gt(value, best);
    best = v128.bitselect(value, best, wins1);
    value = memory.load(x + below, lanes);
    const wins2 = f32x4.gt(value, best);
    best = v128.bitselect(value, best, wins2);
    value = memory.load(x + below + row, lanes);
    const wins3 = f32x4.gt(value, best);
    // A later winner takes the gradient from an earlier one.
    const gradient = memory.load(dy, lanes);
    const not3 = v128.andnot(gradient, wins3);
    const not2 = v128.andnot(not3, wins2);
    memory.store(dx, v128.andnot(not2, wins1), lanes);
    memory.store(dx + row, v128.and(not2, wins1), lanes);
    memory.store(dx + below, v128.and(not3, wins2), lanes);
    memory.store(dx + below + row, v128.and(gradient, wins3), lanes);
  }
}

/** Lines [first, last) of the output, counted through the batch. */
export function halve(
  input: usize,
  output: usize,
  outWidth: i32,
  channels: i32,
  first: i32,
  last: i32,
): void {
  const row = (channels as usize) << 2;
  const whole = row & ~15;
  const below = ((outWidth * 2) as usize) * row;
  for (let line = first; line < last; line++) {
    const x = input + (line as usize) * 2 * below;
    const y = output + ((line * outWidth) as usize) * row;
    for (let o: usize = 0; o < whole; o += 16) {
      maxima<Whole>(x + o, y + o, below, row, outWidth, 4);
    }
    if (whole < row) maxima<Partial>(x + whole, y + whole, below, row, outWidth, channels & 3);
  }
}

export function halveGradient(
  input: usize,
  gradient: usize,
  inputGradient: usize,
  outWidth: i32,
  channels: i32,
  first: i32,
  last: i32,
): void {
  const row = (channels as usize) << 2;
  const whole = row & ~15;
  const below = ((outWidth * 2) as usize) * row;
  for (let line = first; line < last; line++) {
    const at = (line as usize) * 2 * below;
    const x = input + at;
    const dx = inputGradient + at;
    const dy = gradient + ((line * outWidth) as usize) * row;
    for (let o: usize = 0; o < whole; o += 16) {
      route<Whole>(x + o, dy + o, dx + o, below, row, outWidth, 4);
    }
    if (whole === row) continue;
    route<Partial>(x + whole, dy + whole, dx + whole, below, row, outWidth, channels & 3);
  }
}
