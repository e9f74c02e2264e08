/**
 * The sums that the gradient of a network's first convolution needs of its output, as runtime/kernels/plain/stem.ts says:
 * a row of windows at a time. Each (window, channel) finds its winner's patch by the number, and adds it to sums that
 * stay in registers along the row.
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
import { stripBytes } from './strip';
import { flushSums } from './sums';

const PIXEL: usize = 12;
const TAPS: i32 = 27;
/** Bytes of the sums of a channel. */
const SUMS: usize = 112;

/** dz of a row of windows for four channels, stored for sumPatches, and its sums. */
function sumColumn<A, L>(
  winners: usize,
  dy: usize,
  coefficients: usize,
  dz: usize,
  totals: usize,
  row: usize,
  windows: i32,
  lanes: i32,
  code: i32,
  p: f32,
): void {
  const memory = changetype<L>(0);
  const scale = memory.load(coefficients, lanes);
  const shift = memory.load(coefficients + row, lanes);
  const mean = memory.load(coefficients + row * 2, lanes);
  let sum = f32x4.splat(0);
  let product = sum;
  for (let w = 0; w < windows; w++, winners += row, dy += row, dz += row) {
    const winner = memory.load(winners, lanes);
    const z = madd(winner, scale, shift);
    const g = changetype<A>(0).backward(z, memory.load(dy, lanes), code, p);
    memory.store(dz, g, lanes);
    sum = f32x4.add(sum, g);
    product = madd(g, f32x4.sub(winner, mean), product);
  }
  const inverse = memory.load(coefficients + row * 3, lanes);
  flushSums(totals, row, 0, lanes, sum, f32x4.mul(product, inverse));
}

function sumRow<A>(
  winners: usize,
  dy: usize,
  k: usize,
  dz: usize,
  totals: usize,
  channels: i32,
  windows: i32,
  code: i32,
  p: f32,
): void {
  const row = (channels as usize) << 2;
  const whole = row & ~15;
  for (let o: usize = 0; o < whole; o += 16) {
    const won = winners + o;
    sumColumn<A, Whole>(won, dy + o, k + o, dz + o, totals + o, row, windows, 4, code, p);
  }
  const left = channels & 3;
  if (left === 0) return;
  const o = whole;
  const won = winners + o;
  sumColumn<A, Partial>(won, dy + o, k + o, dz + o, totals + o, row, windows, left, code, p);
}

function addTo(address: usize, sum: v128): void {
  v128.store(address, f32x4.add(v128.load(address), sum));
}

/**
 * One channel: sums += dz times the patch of the winner. Eight floats of each line and what is left of all three: with
 * nine vectors their sums would not fit the registers.
 */
function sumPatches(
  lines: usize,
  lineBytes: usize,
  dz: usize,
  numbers: usize,
  channels: usize,
  windows: i32,
  sums: usize,
): void {
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let rest = s00;
  for (; windows > 0; windows--) {
    const number = load<u8>(numbers) as usize;
    const top = lines + (number & 1) * PIXEL + (number >> 1) * lineBytes;
    const middle = top + lineBytes;
    const bottom = middle + lineBytes;
    const d = v128.load32_splat(dz);
    let last = v128.load32_zero(top, 32);
    last = v128.load_lane<f32>(middle, last, 1, 32);
    last = v128.load_lane<f32>(bottom, last, 2, 32);
    rest = madd(last, d, rest);
    s00 = madd(v128.load(top), d, s00);
    s01 = madd(v128.load(top, 16), d, s01);
    s10 = madd(v128.load(middle), d, s10);
    s11 = madd(v128.load(middle, 16), d, s11);
    s20 = madd(v128.load(bottom), d, s20);
    s21 = madd(v128.load(bottom, 16), d, s21);
    lines += PIXEL * 2;
    dz += channels << 2;
    numbers += channels;
  }
  addTo(sums, s00);
  addTo(sums + 16, s01);
  addTo(sums + 32, s10);
  addTo(sums + 48, s11);
  addTo(sums + 64, s20);
  addTo(sums + 80, s21);
  addTo(sums + 96, rest);
}

/** The line `y` of a photo with its padding to the left; zeros where it ends, and outside of the photo. */
function copyLine(
  photo: usize,
  to: usize,
  bytes: usize,
  height: i32,
  width: i32,
  y: i32,
  padLeft: i32,
): void {
  const left = min((padLeft as usize) * PIXEL, bytes);
  if ((y as u32) >= (height as u32)) {
    memory.fill(to, 0, bytes);
    return;
  }
  const line = (width as usize) * PIXEL;
  const inside = min(line, bytes - left);
  memory.fill(to, 0, left);
  memory.copy(to + left, photo + (y as usize) * line, inside);
  memory.fill(to + left + inside, 0, bytes - left - inside);
}

/** patches[tap, channel] from sums[channel], which hold eight taps of each line and then each line's last. */
function storePatches(sums: usize, patches: usize, channels: i32): void {
  for (let tap = 0; tap < TAPS; tap++) {
    const line = tap / 9;
    const column = tap % 9;
    const at: i32 = column < 8 ? line * 8 + column : 24 + line;
    let from = sums + ((at << 2) as usize);
    for (let c = 0; c < channels; c++, from += SUMS, patches += 4) {
      store<f32>(patches, load<f32>(from));
    }
  }
}

function sumImages<A>(
  image: usize,
  winners: usize,
  numbers: usize,
  gradient: usize,
  coefficients: usize,
  partials: usize,
  patches: usize,
  lines: usize,
  inHeight: i32,
  inWidth: i32,
  outHeight: i32,
  outWidth: i32,
  padTop: i32,
  padLeft: i32,
  channels: i32,
  code: i32,
  p: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const windows = outWidth >> 1;
  const lineBytes = stripBytes((outWidth + 2) * 3);
  const dz = lines + lineBytes * 4;
  const sums = dz + stripBytes(windows * channels);
  const photoBytes = ((inHeight * inWidth) as usize) * PIXEL;
  const rows = outHeight >> 1;
  for (let n = begin; n < end; n++) {
    const totals = partials + (n as usize) * row * 2;
    memory.fill(totals, 0, row * 2);
    memory.fill(sums, 0, SUMS * (channels as usize));
    const photo = image + (n as usize) * photoBytes;
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < 4; i++) {
        const to = lines + (i as usize) * lineBytes;
        copyLine(photo, to, lineBytes, inHeight, inWidth, 2 * r - padTop + i, padLeft);
      }
      const at = (((n * rows + r) * windows) as usize) * row;
      const dy = gradient + at;
      sumRow<A>(winners + at, dy, coefficients, dz, totals, channels, windows, code, p);
      for (let c: usize = 0; c < (channels as usize); c++) {
        const number = numbers + (at >> 2) + c;
        const to = sums + c * SUMS;
        sumPatches(lines, lineBytes, dz + (c << 2), number, channels, windows, to);
      }
    }
    storePatches(sums, patches + ((n * TAPS) as usize) * row, channels);
  }
}

export function stemGradientSums(
  image: usize,
  won: usize,
  no: usize,
  dy: usize,
  k: usize,
  to: usize,
  patches: usize,
  scratch: usize,
  h: i32,
  w: i32,
  outHeight: i32,
  outWidth: i32,
  top: i32,
  left: i32,
  c: i32,
  a: i32,
  p: f32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const s = scratch + (((slot * scratchSize) << 2) as usize);
  const x = image;
  const y = patches;
  const oh = outHeight;
  const ow = outWidth;
  const b = begin;
  const e = end;
  if (a === IDENTITY)
    sumImages<Identity>(x, won, no, dy, k, to, y, s, h, w, oh, ow, top, left, c, a, p, b, e);
  else if (a === RELU)
    sumImages<Relu>(x, won, no, dy, k, to, y, s, h, w, oh, ow, top, left, c, a, p, b, e);
  else if (a === RELU6)
    sumImages<Relu6>(x, won, no, dy, k, to, y, s, h, w, oh, ow, top, left, c, a, p, b, e);
  else if (a === HARD_SWISH)
    sumImages<HardSwish>(x, won, no, dy, k, to, y, s, h, w, oh, ow, top, left, c, a, p, b, e);
  else sumImages<Any>(x, won, no, dy, k, to, y, s, h, w, oh, ow, top, left, c, a, p, b, e);
}
