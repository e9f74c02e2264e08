/**
 * The matrix product of int8 inference: four pixels by eight channels at a time. A panel of weights is eight output
 * channels: their initial sums (i32), and as floats their scales, zeros and factors; then four values of each channel at a time, 32 bytes. Runs of
 * the input are padded to fours by weights of zero.
 */
import { FLOATS, finish, narrow, storeBytes } from './bytes';
import { storePartial } from './simd';

/** Bytes of a panel of `quads` groups of four values. */
export function bytePanel(quads: i32): usize {
  return (128 + quads * 32) as usize;
}

function storeFloats(c: usize, low: v128, high: v128, scales: usize, cols: i32): void {
  const first = f32x4.mul(f32x4.convert_i32x4_s(low), v128.load(scales));
  storePartial(c, first, min(cols, 4));
  if (cols <= 4) return;
  const second = f32x4.mul(f32x4.convert_i32x4_s(high), v128.load(scales, 16));
  storePartial(c + 16, second, min(cols - 4, 4));
}

/**
 * C[m, n] of A[m, ...]: a row of A is `bands` bands of `runs` runs of `quads` groups of four bytes; strides in bytes.
 * `mode` and what follows it: see `finish`. The relaxed build's products are exact, since no byte of A is above 127.
 */
export function multiplyBytes(
  a: usize,
  lda: usize,
  bands: i32,
  bandStride: usize,
  runs: i32,
  quads: i32,
  runStride: usize,
  b: usize,
  c: usize,
  ldc: usize,
  m: i32,
  n: i32,
  mode: i32,
  low: f32,
  high: f32,
): void {
  const panel = bytePanel(bands * runs * quads);
  for (let j = 0; j < n; j += 8, b += panel) {
    const cols = n - j;
    let row = a;
    let out = c + ((mode === FLOATS ? j << 2 : j) as usize);
    for (let i = 0; i < m; i += 4) {
      // Rows past the last one repeat it, and are not stored.
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
      let p = b + 128;
      let offset: usize = 0;
      let band: usize = 0;
      let runsLeft = runs;
      for (let run = bands * runs; run > 0; run--) {
        let a0 = row + offset;
        let a1 = r1 + offset;
        let a2 = r2 + offset;
        let a3 = r3 + offset;
        let left = quads;
        let w0: v128;
        let w1: v128;
        let s: v128;
        let o: v128;
        const even = i32x4.splat(0x00ff00ff);
        while (true) {
          w0 = v128.load(p);
          w1 = v128.load(p, 16);
          if (RELAXED) {
            s = v128.load32_splat(a0);
            c00 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w0, s, c00);
            c01 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w1, s, c01);
            s = v128.load32_splat(a1);
            c10 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w0, s, c10);
            c11 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w1, s, c11);
            s = v128.load32_splat(a2);
            c20 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w0, s, c20);
            c21 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w1, s, c21);
            s = v128.load32_splat(a3);
            c30 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w0, s, c30);
            c31 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w1, s, c31);
          } else {
            const e0 = i16x8.shr_s(i16x8.shl(w0, 8), 8);
            const o0 = i16x8.shr_s(w0, 8);
            const e1 = i16x8.shr_s(i16x8.shl(w1, 8), 8);
            const o1 = i16x8.shr_s(w1, 8);
            s = v128.load32_splat(a0);
            o = i16x8.shr_u(s, 8);
            s = v128.and(s, even);
            c00 = i32x4.add(c00, i32x4.add(i32x4.dot_i16x8_s(s, e0), i32x4.dot_i16x8_s(o, o0)));
            c01 = i32x4.add(c01, i32x4.add(i32x4.dot_i16x8_s(s, e1), i32x4.dot_i16x8_s(o, o1)));
            s = v128.load32_splat(a1);
            o = i16x8.shr_u(s, 8);
            s = v128.and(s, even);
            c10 = i32x4.add(c10, i32x4.add(i32x4.dot_i16x8_s(s, e0), i32x4.dot_i16x8_s(o, o0)));
            c11 = i32x4.add(c11, i32x4.add(i32x4.dot_i16x8_s(s, e1), i32x4.dot_i16x8_s(o, o1)));
            s = v128.load32_splat(a2);
            o = i16x8.shr_u(s, 8);
            s = v128.and(s, even);
            c20 = i32x4.add(c20, i32x4.add(i32x4.dot_i16x8_s(s, e0), i32x4.dot_i16x8_s(o, o0)));
            c21 = i32x4.add(c21, i32x4.add(i32x4.dot_i16x8_s(s, e1), i32x4.dot_i16x8_s(o, o1)));
            s = v128.load32_splat(a3);
            o = i16x8.shr_u(s, 8);
            s = v128.and(s, even);
            c30 = i32x4.add(c30, i32x4.add(i32x4.dot_i16x8_s(s, e0), i32x4.dot_i16x8_s(o, o0)));
            c31 = i32x4.add(c31, i32x4.add(i32x4.dot_i16x8_s(s, e1), i32x4.dot_i16x8_s(o, o1)));
          }
          if (left === 1) break;
          w0 = v128.load(p, 32);
          w1 = v128.load(p, 48);
          if (RELAXED) {
            s = v128.load32_splat(a0, 4);
            c00 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w0, s, c00);
            c01 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w1, s, c01);
            s = v128.load32_splat(a1, 4);
            c10 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w0, s, c10);
            c11 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w1, s, c11);
            s = v128.load32_splat(a2, 4);
            c20 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w0, s, c20);
            c21 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w1, s, c21);
            s = v128.load32_splat(a3, 4);
            c30 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w0, s, c30);
            c31 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w1, s, c31);
          } else {
            const e0 = i16x8.shr_s(i16x8.shl(w0, 8), 8);
            const o0 = i16x8.shr_s(w0, 8);
            const e1 = i16x8.shr_s(i16x8.shl(w1, 8), 8);
            const o1 = i16x8.shr_s(w1, 8);
            s = v128.load32_splat(a0, 4);
            o = i16x8.shr_u(s, 8);
            s = v128.and(s, even);
            c00 = i32x4.add(c00, i32x4.add(i32x4.dot_i16x8_s(s, e0), i32x4.dot_i16x8_s(o, o0)));
            c01 = i32x4.add(c01, i32x4.add(i32x4.dot_i16x8_s(s, e1), i32x4.dot_i16x8_s(o, o1)));
            s = v128.load32_splat(a1, 4);
            o = i16x8.shr_u(s, 8);
            s = v128.and(s, even);
            c10 = i32x4.add(c10, i32x4.add(i32x4.dot_i16x8_s(s, e0), i32x4.dot_i16x8_s(o, o0)));
            c11 = i32x4.add(c11, i32x4.add(i32x4.dot_i16x8_s(s, e1), i32x4.dot_i16x8_s(o, o1)));
            s = v128.load32_splat(a2, 4);
            o = i16x8.shr_u(s, 8);
            s = v128.and(s, even);
            c20 = i32x4.add(c20, i32x4.add(i32x4.dot_i16x8_s(s, e0), i32x4.dot_i16x8_s(o, o0)));
            c21 = i32x4.add(c21, i32x4.add(i32x4.dot_i16x8_s(s, e1), i32x4.dot_i16x8_s(o, o1)));
            s = v128.load32_splat(a3, 4);
            o = i16x8.shr_u(s, 8);
            s = v128.and(s, even);
            c30 = i32x4.add(c30, i32x4.add(i32x4.dot_i16x8_s(s, e0), i32x4.dot_i16x8_s(o, o0)));
            c31 = i32x4.add(c31, i32x4.add(i32x4.dot_i16x8_s(s, e1), i32x4.dot_i16x8_s(o, o1)));
          }
          a0 += 8;
          a1 += 8;
          a2 += 8;
          a3 += 8;
          p += 64;
          left -= 2;
          if (left === 0) break;
        }
        p += ((quads & 1) << 5) as usize;
        offset += runStride;
        if (--runsLeft === 0) {
          runsLeft = runs;
          band += bandStride;
          offset = band;
        }
      }
      if (mode === FLOATS) {
        storeFloats(out, c00, c01, b + 32, cols);
        if (rows > 1) storeFloats(out + ldc, c10, c11, b + 32, cols);
        if (rows > 2) storeFloats(out + 2 * ldc, c20, c21, b + 32, cols);
        if (rows > 3) storeFloats(out + 3 * ldc, c30, c31, b + 32, cols);
      } else {
        const m0 = v128.load(b, 32);
        const m1 = v128.load(b, 48);
        const z0 = v128.load(b, 64);
        const z1 = v128.load(b, 80);
        const f0 = v128.load(b, 96);
        const f1 = v128.load(b, 112);
        c00 = finish(c00, m0, z0, f0, mode, low, high);
        c01 = finish(c01, m1, z1, f1, mode, low, high);
        storeBytes(out, narrow(c00, c01), cols);
        if (rows > 1) {
          c10 = finish(c10, m0, z0, f0, mode, low, high);
          c11 = finish(c11, m1, z1, f1, mode, low, high);
          storeBytes(out + ldc, narrow(c10, c11), cols);
        }
        if (rows > 2) {
          c20 = finish(c20, m0, z0, f0, mode, low, high);
          c21 = finish(c21, m1, z1, f1, mode, low, high);
          storeBytes(out + 2 * ldc, narrow(c20, c21), cols);
        }
        if (rows > 3) {
          c30 = finish(c30, m0, z0, f0, mode, low, high);
          c31 = finish(c31, m1, z1, f1, mode, low, high);
          storeBytes(out + 3 * ldc, narrow(c30, c31), cols);
        }
      }
      row += 4 * lda;
      out += (min(rows, 4) as usize) * ldc;
    }
  }
}
