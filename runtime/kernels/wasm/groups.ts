/**
 * Grouped convolution with 4, 8 or 16 input channels a group, without a stride. A group's channels are too few for the
 * product of gemm.ts, whose time goes to finding its rows: here a copy of the image has each group by itself, so that
 * pixels lie a fixed distance apart and a tile has all of its rows at one address. The same sums in the same order.
 */
import { PANEL, panelBytes, panelCount } from './gemm';
import { zeroPixels } from './patches';
import { madd, storePartial } from './simd';

/** Channels of a group as a type, whose size is the distance from pixel to pixel. */
class Four {
  a: f64;
  b: f64;
}
class Eight extends Four {
  c: f64;
  d: f64;
}
class Sixteen extends Eight {
  e: f64;
  f: f64;
  g: f64;
  h: f64;
}

export function isSmallGroup(groups: i32, fromGroup: i32): bool {
  return groups > 1 && (fromGroup === 4 || fromGroup === 8 || fromGroup === 16);
}

/** Eight pixels and four output channels of a group. */
function tile8x4<P>(
  x: usize,
  lineBytes: usize,
  taps: i32,
  quads: i32,
  p: usize,
  c: usize,
  ldc: usize,
  rows: i32,
  cols: i32,
): void {
  let c0 = v128.load(p);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  let c4 = c0;
  let c5 = c0;
  let c6 = c0;
  let c7 = c0;
  p += 32;
  for (let y = 0; y < taps; y++, x += lineBytes) {
    let x0 = x;
    let x1 = x + offsetof<P>();
    let x2 = x + 2 * offsetof<P>();
    let x3 = x + 3 * offsetof<P>();
    let left = quads;
    // Ways out that are never taken keep V8 from loading more at once than the registers hold, as in gemm.ts.
    let w: v128;
    while (true) {
      w = v128.load(p);
      c0 = madd(v128.load32_splat(x0), w, c0);
      c1 = madd(v128.load32_splat(x1), w, c1);
      c2 = madd(v128.load32_splat(x2), w, c2);
      c3 = madd(v128.load32_splat(x3), w, c3);
      if (left === -1) break;
      c4 = madd(v128.load32_splat(x0, 4 * offsetof<P>()), w, c4);
      c5 = madd(v128.load32_splat(x1, 4 * offsetof<P>()), w, c5);
      c6 = madd(v128.load32_splat(x2, 4 * offsetof<P>()), w, c6);
      c7 = madd(v128.load32_splat(x3, 4 * offsetof<P>()), w, c7);
      if (left === -2) break;
      w = v128.load(p, 32);
      c0 = madd(v128.load32_splat(x0, 4), w, c0);
      c1 = madd(v128.load32_splat(x1, 4), w, c1);
      c2 = madd(v128.load32_splat(x2, 4), w, c2);
      c3 = madd(v128.load32_splat(x3, 4), w, c3);
      if (left === -3) break;
      c4 = madd(v128.load32_splat(x0, 4 * offsetof<P>() + 4), w, c4);
      c5 = madd(v128.load32_splat(x1, 4 * offsetof<P>() + 4), w, c5);
      c6 = madd(v128.load32_splat(x2, 4 * offsetof<P>() + 4), w, c6);
      c7 = madd(v128.load32_splat(x3, 4 * offsetof<P>() + 4), w, c7);
      if (left === -4) break;
      w = v128.load(p, 64);
      c0 = madd(v128.load32_splat(x0, 8), w, c0);
      c1 = madd(v128.load32_splat(x1, 8), w, c1);
      c2 = madd(v128.load32_splat(x2, 8), w, c2);
      c3 = madd(v128.load32_splat(x3, 8), w, c3);
      if (left === -5) break;
      c4 = madd(v128.load32_splat(x0, 4 * offsetof<P>() + 8), w, c4);
      c5 = madd(v128.load32_splat(x1, 4 * offsetof<P>() + 8), w, c5);
      c6 = madd(v128.load32_splat(x2, 4 * offsetof<P>() + 8), w, c6);
      c7 = madd(v128.load32_splat(x3, 4 * offsetof<P>() + 8), w, c7);
      if (left === -6) break;
      w = v128.load(p, 96);
      c0 = madd(v128.load32_splat(x0, 12), w, c0);
      c1 = madd(v128.load32_splat(x1, 12), w, c1);
      c2 = madd(v128.load32_splat(x2, 12), w, c2);
      c3 = madd(v128.load32_splat(x3, 12), w, c3);
      if (left === -7) break;
      c4 = madd(v128.load32_splat(x0, 4 * offsetof<P>() + 12), w, c4);
      c5 = madd(v128.load32_splat(x1, 4 * offsetof<P>() + 12), w, c5);
      c6 = madd(v128.load32_splat(x2, 4 * offsetof<P>() + 12), w, c6);
      c7 = madd(v128.load32_splat(x3, 4 * offsetof<P>() + 12), w, c7);
      x0 += 16;
      x1 += 16;
      x2 += 16;
      x3 += 16;
      p += 128;
      if (--left === 0) break;
    }
  }
  storePartial(c, c0, cols);
  if (rows > 1) storePartial(c + ldc, c1, cols);
  if (rows > 2) storePartial(c + 2 * ldc, c2, cols);
  if (rows > 3) storePartial(c + 3 * ldc, c3, cols);
  if (rows > 4) storePartial(c + 4 * ldc, c4, cols);
  if (rows > 5) storePartial(c + 5 * ldc, c5, cols);
  if (rows > 6) storePartial(c + 6 * ldc, c6, cols);
  if (rows > 7) storePartial(c + 7 * ldc, c7, cols);
}

function store8(c: usize, low: v128, high: v128, cols: i32): void {
  v128.store(c, low);
  storePartial(c + 16, high, cols - 4);
}

/** Four pixels and five to eight output channels of a group. */
function tile4x8<P>(
  x: usize,
  lineBytes: usize,
  taps: i32,
  quads: i32,
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
  for (let y = 0; y < taps; y++, x += lineBytes) {
    let x0 = x;
    let x1 = x + offsetof<P>();
    let x2 = x + 2 * offsetof<P>();
    let x3 = x + 3 * offsetof<P>();
    let left = quads;
    let b0: v128;
    let b1: v128;
    let s: v128;
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
      x0 += 16;
      x1 += 16;
      x2 += 16;
      x3 += 16;
      p += 128;
      if (--left === 0) break;
    }
  }
  store8(c, c00, c01, cols);
  if (rows > 1) store8(c + ldc, c10, c11, cols);
  if (rows > 2) store8(c + 2 * ldc, c20, c21, cols);
  if (rows > 3) store8(c + 3 * ldc, c30, c31, cols);
}

/** `lines` lines of `width` pixels of one group; `quads` fours of floats that the taps of a line reach. */
function multiplyGroup<P>(
  padded: usize,
  lineBytes: usize,
  tapsY: i32,
  quads: i32,
  packed: usize,
  panelStride: usize,
  target: usize,
  pixelBytes: usize,
  lines: i32,
  width: i32,
  channels: i32,
): void {
  for (; channels > 0; channels -= PANEL, packed += panelStride, target += 32) {
    const step = channels > 4 ? 4 : 8;
    let to = target;
    for (let y = 0; y < lines; y++) {
      let x = padded + (y as usize) * lineBytes;
      for (let left = width; left > 0; left -= step) {
        if (step === 4) {
          tile4x8<P>(x, lineBytes, tapsY, quads, packed, to, pixelBytes, left, channels);
        } else {
          tile8x4<P>(x, lineBytes, tapsY, quads, packed, to, pixelBytes, left, channels);
        }
        x += (step as usize) * offsetof<P>();
        to += (min(step, left) as usize) * pixelBytes;
      }
    }
  }
}

/** A line of the image, group by group, with zeros around. */
function copyLine(
  line: usize,
  to: usize,
  plane: usize,
  width: i32,
  groups: i32,
  groupBytes: usize,
  left: i32,
  columns: i32,
): void {
  const low = min(max(0, -left), columns);
  const high = max(low, min(columns, width - left));
  const pixelBytes = (groups as usize) * groupBytes;
  for (let group = 0; group < groups; group++, to += plane, line += groupBytes) {
    zeroPixels(to, (low as usize) * groupBytes);
    let at = to + (low as usize) * groupBytes;
    let from = line + ((left + low) as usize) * pixelBytes;
    for (let x = low; x < high; x++, at += groupBytes, from += pixelBytes) {
      for (let i: usize = 0; i < groupBytes; i += 16) v128.store(at + i, v128.load(from + i));
    }
    zeroPixels(at, ((columns - high) as usize) * groupBytes);
  }
}

/** As convolvePaddedLines, for small groups, `strip` lines at a time. */
export function convolveGroupLines(
  image: usize,
  packed: usize,
  out: usize,
  padded: usize,
  sourceHeight: i32,
  sourceWidth: i32,
  sourceChannels: i32,
  width: i32,
  channels: i32,
  tapsY: i32,
  tapsX: i32,
  padTop: i32,
  padLeft: i32,
  groups: i32,
  strip: i32,
  first: i32,
  last: i32,
): void {
  const fromGroup = sourceChannels / groups;
  const toGroup = channels / groups;
  const groupBytes = (fromGroup << 2) as usize;
  const columns = width + tapsX - 1;
  const lineBytes = (columns as usize) * groupBytes;
  const plane = ((strip + tapsY - 1) as usize) * lineBytes;
  const panelStride = panelBytes(tapsY * tapsX * fromGroup);
  const groupStride = (panelCount(toGroup) as usize) * panelStride;
  const quads = (tapsX * fromGroup) >> 2;
  const toBytes = (channels << 2) as usize;
  const sourceLine = ((sourceWidth * sourceChannels) << 2) as usize;
  for (let y = first; y < last; y += strip) {
    const lines = min(strip, last - y);
    for (let i = 0; i < lines + tapsY - 1; i++) {
      const from = y - padTop + i;
      const to = padded + (i as usize) * lineBytes;
      if ((from as u32) < (sourceHeight as u32)) {
        const line = image + (from as usize) * sourceLine;
        copyLine(line, to, plane, sourceWidth, groups, groupBytes, -padLeft, columns);
        continue;
      }
      for (let group: usize = 0; group < (groups as usize); group++) {
        memory.fill(to + group * plane, 0, lineBytes);
      }
    }
    for (let group: usize = 0; group < (groups as usize); group++) {
      const a = padded + group * plane;
      const b = packed + group * groupStride;
      const c = out + group * ((toGroup << 2) as usize);
      const p = panelStride;
      if (fromGroup === 4) {
        multiplyGroup<Four>(a, lineBytes, tapsY, quads, b, p, c, toBytes, lines, width, toGroup);
      } else if (fromGroup === 16) {
        multiplyGroup<Sixteen>(a, lineBytes, tapsY, quads, b, p, c, toBytes, lines, width, toGroup);
      } else {
        multiplyGroup<Eight>(a, lineBytes, tapsY, quads, b, p, c, toBytes, lines, width, toGroup);
      }
    }
    out += ((lines * width) as usize) * toBytes;
  }
}
