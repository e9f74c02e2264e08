/**
 * The first convolution of a network: images of three channels and taps three wide, whose nine floats of a line are too
 * few for the loops of gemm.ts. The same sums in the same order.
 */
import { PANEL } from './gemm';
import { accumulateOuter, addRow } from './outer';
import { madd, storePartial } from './simd';

/** Bytes from pixel to pixel. */
const PIXEL: usize = 12;

export function isRgb(groups: i32, channels: i32, tapsX: i32): bool {
  return groups === 1 && channels === 3 && tapsX === 3;
}

function storeRow(c: usize, low: v128, high: v128, cols: i32): void {
  storePartial(c, low, cols);
  if (cols > 4) storePartial(c + 16, high, cols - 4);
}

/** Four pixels and eight output channels: `rows` and `cols` of them are there. */
function tile(
  x: usize,
  lineBytes: usize,
  taps: i32,
  p: usize,
  c: usize,
  ldc: usize,
  rows: i32,
  cols: i32,
): void {
  let c00 = v128.load(p);
  let c01 = v128.load(p, 16);
  let c10 = c00;
  let c11 = c01;
  let c20 = c00;
  let c21 = c01;
  let c30 = c00;
  let c31 = c01;
  p += 32;
  let x0 = x;
  let x1 = x + PIXEL;
  let x2 = x + 2 * PIXEL;
  let x3 = x + 3 * PIXEL;
  let left = taps;
  let b0: v128;
  let b1: v128;
  let s: v128;
  // Ways out that are never taken keep V8 from loading more at once than the registers hold, as in gemm.ts.
  while (true) {
    b0 = v128.load(p);
    b1 = v128.load(p, 16);
    s = v128.load32_splat(x0);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load32_splat(x1);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load32_splat(x2);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load32_splat(x3);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    if (left === -1) break;
    b0 = v128.load(p, 32);
    b1 = v128.load(p, 48);
    s = v128.load32_splat(x0, 4);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load32_splat(x1, 4);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load32_splat(x2, 4);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load32_splat(x3, 4);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    if (left === -2) break;
    b0 = v128.load(p, 64);
    b1 = v128.load(p, 80);
    s = v128.load32_splat(x0, 8);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load32_splat(x1, 8);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load32_splat(x2, 8);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load32_splat(x3, 8);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    if (left === -3) break;
    b0 = v128.load(p, 96);
    b1 = v128.load(p, 112);
    s = v128.load32_splat(x0, 12);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load32_splat(x1, 12);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load32_splat(x2, 12);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load32_splat(x3, 12);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    if (left === -4) break;
    b0 = v128.load(p, 128);
    b1 = v128.load(p, 144);
    s = v128.load32_splat(x0, 16);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load32_splat(x1, 16);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load32_splat(x2, 16);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load32_splat(x3, 16);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    if (left === -5) break;
    b0 = v128.load(p, 160);
    b1 = v128.load(p, 176);
    s = v128.load32_splat(x0, 20);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load32_splat(x1, 20);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load32_splat(x2, 20);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load32_splat(x3, 20);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    if (left === -6) break;
    b0 = v128.load(p, 192);
    b1 = v128.load(p, 208);
    s = v128.load32_splat(x0, 24);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load32_splat(x1, 24);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load32_splat(x2, 24);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load32_splat(x3, 24);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    if (left === -7) break;
    b0 = v128.load(p, 224);
    b1 = v128.load(p, 240);
    s = v128.load32_splat(x0, 28);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load32_splat(x1, 28);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load32_splat(x2, 28);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load32_splat(x3, 28);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    if (left === -8) break;
    b0 = v128.load(p, 256);
    b1 = v128.load(p, 272);
    s = v128.load32_splat(x0, 32);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load32_splat(x1, 32);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load32_splat(x2, 32);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load32_splat(x3, 32);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    x0 += lineBytes;
    x1 += lineBytes;
    x2 += lineBytes;
    x3 += lineBytes;
    p += 288;
    if (--left === 0) break;
  }
  storeRow(c, c00, c01, cols);
  if (rows > 1) storeRow(c + ldc, c10, c11, cols);
  if (rows > 2) storeRow(c + 2 * ldc, c20, c21, cols);
  if (rows > 3) storeRow(c + 3 * ldc, c30, c31, cols);
}

/** `lines` lines of `width` pixels from a copy of the image with its zeros around; C as in multiplyPanels. */
export function multiplyRgb(
  padded: usize,
  lineBytes: usize,
  tapsY: i32,
  packed: usize,
  panelStride: usize,
  target: usize,
  lines: i32,
  width: i32,
  channels: i32,
): void {
  const pixelBytes = (channels << 2) as usize;
  for (; channels > 0; channels -= PANEL, packed += panelStride, target += 32) {
    let to = target;
    for (let y = 0; y < lines; y++) {
      let x = padded + (y as usize) * lineBytes;
      for (let left = width; left > 0; left -= 4, x += 4 * PIXEL) {
        tile(x, lineBytes, tapsY, packed, to, pixelBytes, left, channels);
        to += (min(4, left) as usize) * pixelBytes;
      }
    }
  }
}

/** The first five of the nine floats that a line of taps reaches; accumulateOuter takes the other four. */
function outer5(
  line: usize,
  lineBytes: usize,
  lines: i32,
  width: i32,
  y: usize,
  sums: usize,
  ldc: usize,
  cols: i32,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  let b0: v128;
  let b1: v128;
  let s: v128;
  for (; lines > 0; lines--, line += lineBytes) {
    let x = line;
    let left = width;
    while (true) {
      b0 = v128.load(y);
      b1 = v128.load(y, 16);
      s = v128.load32_splat(x);
      c00 = madd(s, b0, c00);
      c01 = madd(s, b1, c01);
      s = v128.load32_splat(x, 4);
      c10 = madd(s, b0, c10);
      c11 = madd(s, b1, c11);
      if (left === -1) break;
      s = v128.load32_splat(x, 8);
      c20 = madd(s, b0, c20);
      c21 = madd(s, b1, c21);
      s = v128.load32_splat(x, 12);
      c30 = madd(s, b0, c30);
      c31 = madd(s, b1, c31);
      if (left === -2) break;
      s = v128.load32_splat(x, 16);
      c40 = madd(s, b0, c40);
      c41 = madd(s, b1, c41);
      x += PIXEL;
      if (left === 1) break;
      b0 = v128.load(y, 32);
      b1 = v128.load(y, 48);
      s = v128.load32_splat(x);
      c00 = madd(s, b0, c00);
      c01 = madd(s, b1, c01);
      s = v128.load32_splat(x, 4);
      c10 = madd(s, b0, c10);
      c11 = madd(s, b1, c11);
      if (left === -3) break;
      s = v128.load32_splat(x, 8);
      c20 = madd(s, b0, c20);
      c21 = madd(s, b1, c21);
      s = v128.load32_splat(x, 12);
      c30 = madd(s, b0, c30);
      c31 = madd(s, b1, c31);
      if (left === -4) break;
      s = v128.load32_splat(x, 16);
      c40 = madd(s, b0, c40);
      c41 = madd(s, b1, c41);
      x += PIXEL;
      y += 64;
      left -= 2;
      if (left === 0) break;
    }
    y += (width & 1) << 5;
  }
  addRow(sums, c00, c01, cols);
  addRow(sums + ldc, c10, c11, cols);
  addRow(sums + 2 * ldc, c20, c21, cols);
  addRow(sums + 3 * ldc, c30, c31, cols);
  addRow(sums + 4 * ldc, c40, c41, cols);
}

/** As accumulateOuter, which would fill three tiles of four with the nine floats of a line of taps. */
export function accumulateRgb(
  padded: usize,
  lineBytes: usize,
  tapsY: i32,
  columns: usize,
  panelStride: usize,
  sums: usize,
  lines: i32,
  width: i32,
  channels: i32,
): void {
  const rowBytes = (channels << 2) as usize;
  for (let tap = 0; tap < tapsY; tap++, padded += lineBytes, sums += 9 * rowBytes) {
    let panel = columns;
    let to = sums;
    for (let left = channels; left > 0; left -= PANEL, panel += panelStride, to += 32) {
      outer5(padded, lineBytes, lines, width, panel, to, rowBytes, left);
    }
    accumulateOuter(
      padded + 20,
      PIXEL,
      lines,
      lineBytes,
      1,
      0,
      1,
      4,
      0,
      columns,
      panelStride,
      sums + 5 * rowBytes,
      rowBytes,
      width,
      channels,
    );
  }
}
