/**
 * The matrix product behind every convolution; outer.ts has that of their weight gradients. Both keep a 4x8 tile of the
 * result in eight registers, the most that leaves room for the operands in the 16 vector registers of x86.
 */
import { madd, storePartial } from './simd';

/** Width of a weight panel: two vectors. */
export const PANEL: i32 = 8;

export function panelCount(channels: i32): i32 {
  return (channels + PANEL - 1) / PANEL;
}

/** Bytes of one panel: a row of eight initial values (the bias, or zeros), then `depth` rows of weights. */
export function panelBytes(depth: i32): usize {
  return ((depth + 1) * PANEL * 4) as usize;
}

function storeRow(c: usize, low: v128, high: v128, cols: i32): void {
  if (cols >= 8) {
    v128.store(c, low);
    v128.store(c, high, 16);
  } else if (cols > 4) {
    v128.store(c, low);
    storePartial(c + 16, high, cols - 4);
  } else {
    storePartial(c, low, cols);
  }
}

/**
 * C[m, n] = initial + A[m, depth] * B[depth, n], B in panels (see panelBytes) of which `skip` bytes of rows are passed
 * over. The rows of A are `lines` lines of `m` rows each, those of C follow each other. A row of A is `bands` bands of
 * `runs` runs of `runLength` (at least 1) floats: all in one for a dense product, one run a tap for a group of a grouped
 * convolution, one band a row of the kernel where the image is read where it lies. All strides are in bytes.
 */
export function multiplyPanels(
  a: usize,
  lda: usize,
  lines: i32,
  lineStride: usize,
  bands: i32,
  bandStride: usize,
  runs: i32,
  runLength: i32,
  runStride: usize,
  b: usize,
  panelStride: usize,
  skip: usize,
  c: usize,
  ldc: usize,
  m: i32,
  n: i32,
): void {
  for (let j = 0; j < n; j += PANEL) {
    let row = a;
    let line = a;
    let out = c + ((j << 2) as usize);
    let i = 0;
    for (let linesLeft = lines; linesLeft > 0; ) {
      // Rows past the last one of a line repeat it, and are not stored.
      const rows = m - i;
      const r1 = rows > 1 ? row + lda : row;
      const r2 = rows > 2 ? r1 + lda : r1;
      const r3 = rows > 3 ? r2 + lda : r2;
      let c00 = v128.load(b);
      let c01 = v128.load(b, 16);
      let c10 = c00;
      let c11 = c01;
      let c20 = c00;
      let c21 = c01;
      let c30 = c00;
      let c31 = c01;
      let p = b + 32 + skip;
      let offset: usize = 0;
      let band: usize = 0;
      let runsLeft = runs;
      for (let run = bands * runs; run > 0; run--) {
        let a0 = row + offset;
        let a1 = r1 + offset;
        let a2 = r2 + offset;
        let a3 = r3 + offset;
        let left = runLength;
        let b0: v128;
        let b1: v128;
        let s: v128;
        // A way out after every step ends a basic block there. Without them V8 hoists the loads of all eight steps
        // to the top, which needs 56 registers and halves the speed.
        while (true) {
          b0 = v128.load(p);
          b1 = v128.load(p, 16);
          s = v128.load32_splat(a0);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load32_splat(a1);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load32_splat(a2);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load32_splat(a3);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          if (left === 1) break;
          b0 = v128.load(p, 32);
          b1 = v128.load(p, 48);
          s = v128.load32_splat(a0, 4);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load32_splat(a1, 4);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load32_splat(a2, 4);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load32_splat(a3, 4);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          if (left === 2) break;
          b0 = v128.load(p, 64);
          b1 = v128.load(p, 80);
          s = v128.load32_splat(a0, 8);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load32_splat(a1, 8);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load32_splat(a2, 8);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load32_splat(a3, 8);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          if (left === 3) break;
          b0 = v128.load(p, 96);
          b1 = v128.load(p, 112);
          s = v128.load32_splat(a0, 12);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load32_splat(a1, 12);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load32_splat(a2, 12);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load32_splat(a3, 12);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          if (left === 4) break;
          b0 = v128.load(p, 128);
          b1 = v128.load(p, 144);
          s = v128.load32_splat(a0, 16);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load32_splat(a1, 16);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load32_splat(a2, 16);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load32_splat(a3, 16);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          if (left === 5) break;
          b0 = v128.load(p, 160);
          b1 = v128.load(p, 176);
          s = v128.load32_splat(a0, 20);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load32_splat(a1, 20);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load32_splat(a2, 20);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load32_splat(a3, 20);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          if (left === 6) break;
          b0 = v128.load(p, 192);
          b1 = v128.load(p, 208);
          s = v128.load32_splat(a0, 24);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load32_splat(a1, 24);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load32_splat(a2, 24);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load32_splat(a3, 24);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          if (left === 7) break;
          b0 = v128.load(p, 224);
          b1 = v128.load(p, 240);
          s = v128.load32_splat(a0, 28);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load32_splat(a1, 28);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load32_splat(a2, 28);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load32_splat(a3, 28);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          a0 += 32;
          a1 += 32;
          a2 += 32;
          a3 += 32;
          p += 256;
          left -= 8;
          if (left === 0) break;
        }
        p += 32 * (runLength & 7);
        offset += runStride;
        if (--runsLeft === 0) {
          runsLeft = runs;
          band += bandStride;
          offset = band;
        }
      }
      const cols = n - j;
      // Calls with vectors for arguments would have all sums leave their registers: 70 cycles a tile.
      if (cols >= PANEL && rows >= 4) {
        let to = out;
        v128.store(to, c00);
        v128.store(to, c01, 16);
        to += ldc;
        v128.store(to, c10);
        v128.store(to, c11, 16);
        to += ldc;
        v128.store(to, c20);
        v128.store(to, c21, 16);
        to += ldc;
        v128.store(to, c30);
        v128.store(to, c31, 16);
      } else {
        storeRow(out, c00, c01, cols);
        if (rows > 1) storeRow(out + ldc, c10, c11, cols);
        if (rows > 2) storeRow(out + 2 * ldc, c20, c21, cols);
        if (rows > 3) storeRow(out + 3 * ldc, c30, c31, cols);
      }
      row += 4 * lda;
      out += (min(rows, 4) as usize) * ldc;
      i += 4;
      if (i >= m) {
        i = 0;
        line += lineStride;
        row = line;
        linesLeft--;
      }
    }
    b += panelStride;
  }
}
