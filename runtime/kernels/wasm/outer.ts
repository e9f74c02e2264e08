/** The sum of outer products behind the gradients of weights. */
import { PANEL } from './gemm';
import { loadPartial, madd, storePartial } from './simd';

/** Columns of A that accumulateOuter goes through at a time: a cache line. */
const STRIP: i32 = 16;

export function addRow(c: usize, low: v128, high: v128, cols: i32): void {
  if (cols >= 8) {
    v128.store(c, f32x4.add(v128.load(c), low));
    v128.store(c, f32x4.add(v128.load(c, 16), high), 16);
  } else if (cols > 4) {
    v128.store(c, f32x4.add(v128.load(c), low));
    storePartial(c + 16, f32x4.add(loadPartial(c + 16, cols - 4), high), cols - 4);
  } else {
    storePartial(c, f32x4.add(loadPartial(c, cols), low), cols);
  }
}

/**
 * C[depth, n] += Aᵀ[depth, rows] * B[rows, n], for the gradient of weights: A as in multiplyPanels, B in panels of
 * `lines * m` rows of eight (see packColumns). Reads up to three floats past the end of a row of A, so that needs as much
 * padding.
 */
export function accumulateOuter(
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
  c: usize,
  ldc: usize,
  m: i32,
  n: i32,
): void {
  for (let run = 0; run < bands * runs; run++, c += (runLength as usize) * ldc) {
    const start = a + ((run / runs) as usize) * bandStride + ((run % runs) as usize) * runStride;
    // Columns of A as wide as a cache line meet all panels while they are in the first-level cache.
    for (let strip = 0; strip < runLength; strip += STRIP) {
      const end = min(strip + STRIP, runLength);
      for (let j = 0, k = strip, panel = b; j < n; ) {
        const out = c + (k as usize) * ldc + ((j << 2) as usize);
        const cols = n - j;
        let line = start + ((k << 2) as usize);
        let y = panel;
        let c00 = f32x4.splat(0);
        let c01 = c00;
        let c10 = c00;
        let c11 = c00;
        let c20 = c00;
        let c21 = c00;
        let c30 = c00;
        let c31 = c00;
        let b0: v128;
        let b1: v128;
        let s: v128;
        for (let linesLeft = lines; linesLeft > 0; linesLeft--) {
          let x = line;
          let left = m;
          while (true) {
            b0 = v128.load(y);
            b1 = v128.load(y, 16);
            s = v128.load32_splat(x);
            c00 = madd(s, b0, c00);
            c01 = madd(s, b1, c01);
            s = v128.load32_splat(x, 4);
            c10 = madd(s, b0, c10);
            c11 = madd(s, b1, c11);
            s = v128.load32_splat(x, 8);
            c20 = madd(s, b0, c20);
            c21 = madd(s, b1, c21);
            s = v128.load32_splat(x, 12);
            c30 = madd(s, b0, c30);
            c31 = madd(s, b1, c31);
            if (left === 1) break;
            x += lda;
            b0 = v128.load(y, 32);
            b1 = v128.load(y, 48);
            s = v128.load32_splat(x);
            c00 = madd(s, b0, c00);
            c01 = madd(s, b1, c01);
            s = v128.load32_splat(x, 4);
            c10 = madd(s, b0, c10);
            c11 = madd(s, b1, c11);
            s = v128.load32_splat(x, 8);
            c20 = madd(s, b0, c20);
            c21 = madd(s, b1, c21);
            s = v128.load32_splat(x, 12);
            c30 = madd(s, b0, c30);
            c31 = madd(s, b1, c31);
            if (left === 2) break;
            x += lda;
            b0 = v128.load(y, 64);
            b1 = v128.load(y, 80);
            s = v128.load32_splat(x);
            c00 = madd(s, b0, c00);
            c01 = madd(s, b1, c01);
            s = v128.load32_splat(x, 4);
            c10 = madd(s, b0, c10);
            c11 = madd(s, b1, c11);
            s = v128.load32_splat(x, 8);
            c20 = madd(s, b0, c20);
            c21 = madd(s, b1, c21);
            s = v128.load32_splat(x, 12);
            c30 = madd(s, b0, c30);
            c31 = madd(s, b1, c31);
            if (left === 3) break;
            x += lda;
            b0 = v128.load(y, 96);
            b1 = v128.load(y, 112);
            s = v128.load32_splat(x);
            c00 = madd(s, b0, c00);
            c01 = madd(s, b1, c01);
            s = v128.load32_splat(x, 4);
            c10 = madd(s, b0, c10);
            c11 = madd(s, b1, c11);
            s = v128.load32_splat(x, 8);
            c20 = madd(s, b0, c20);
            c21 = madd(s, b1, c21);
            s = v128.load32_splat(x, 12);
            c30 = madd(s, b0, c30);
            c31 = madd(s, b1, c31);
            x += lda;
            y += 128;
            left -= 4;
            if (left === 0) break;
          }
          y += 32 * (m & 3);
          line += lineStride;
        }
        const rows = runLength - k;
        if (cols >= PANEL && rows >= 4) {
          let to = out;
          v128.store(to, f32x4.add(v128.load(to), c00));
          v128.store(to, f32x4.add(v128.load(to, 16), c01), 16);
          to += ldc;
          v128.store(to, f32x4.add(v128.load(to), c10));
          v128.store(to, f32x4.add(v128.load(to, 16), c11), 16);
          to += ldc;
          v128.store(to, f32x4.add(v128.load(to), c20));
          v128.store(to, f32x4.add(v128.load(to, 16), c21), 16);
          to += ldc;
          v128.store(to, f32x4.add(v128.load(to), c30));
          v128.store(to, f32x4.add(v128.load(to, 16), c31), 16);
        } else {
          addRow(out, c00, c01, cols);
          if (rows > 1) addRow(out + ldc, c10, c11, cols);
          if (rows > 2) addRow(out + 2 * ldc, c20, c21, cols);
          if (rows > 3) addRow(out + 3 * ldc, c30, c31, cols);
        }
        k += 4;
        if (k < end) continue;
        k = strip;
        j += PANEL;
        panel += panelStride;
      }
    }
  }
}
