/**
 * The two matrix products at one point. Whoever fills their operands pads them to whole tiles of 4x8, so that nothing
 * but the sums is left to do: with few channels the checks of `gemm.ts` take longer than the products.
 */
import { madd } from './simd';

/**
 * C[m, 8 panels] = A[m, depth] * B[depth, 8 panels]: `m` a multiple of four, B in panels of `depth` rows of eight.
 * Strides are in bytes.
 */
export function multiplyTiles(
  a: usize,
  lda: usize,
  b: usize,
  panelStride: usize,
  c: usize,
  ldc: usize,
  m: i32,
  panels: i32,
  depth: i32,
): void {
  for (let j = 0; j < panels; j++) {
    let row = a;
    let out = c;
    for (let i = 0; i < m; i += 4) {
      let a0 = row;
      let a1 = row + lda;
      let a2 = a1 + lda;
      let a3 = a2 + lda;
      row = a3 + lda;
      let p = b;
      let c00 = f32x4.splat(0);
      let c01 = c00;
      let c10 = c00;
      let c11 = c00;
      let c20 = c00;
      let c21 = c00;
      let c30 = c00;
      let c31 = c00;
      let left = depth;
      let b0: v128;
      let b1: v128;
      let s: v128;
      // A way out after every step keeps V8 from loading for all of them at once, as in multiplyPanels.
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
        a0 += 16;
        a1 += 16;
        a2 += 16;
        a3 += 16;
        p += 128;
        left -= 4;
        if (left === 0) break;
      }
      v128.store(out, c00);
      v128.store(out, c01, 16);
      out += ldc;
      v128.store(out, c10);
      v128.store(out, c11, 16);
      out += ldc;
      v128.store(out, c20);
      v128.store(out, c21, 16);
      out += ldc;
      v128.store(out, c30);
      v128.store(out, c31, 16);
      out += ldc;
    }
    b += panelStride;
    c += 32;
  }
}

/**
 * C[rows, 8] = Aᵀ[rows, depth] * B[depth, 8], or added to it: `rows` a multiple of four, those of B and C side by side.
 */
export function multiplyOuter(
  a: usize,
  lda: usize,
  b: usize,
  c: usize,
  rows: i32,
  depth: i32,
  add: bool,
): void {
  for (let i = 0; i < rows; i += 4) {
    let x = a;
    let y = b;
    let c00 = f32x4.splat(0);
    let c01 = c00;
    let c10 = c00;
    let c11 = c00;
    let c20 = c00;
    let c21 = c00;
    let c30 = c00;
    let c31 = c00;
    if (add) {
      c00 = v128.load(c);
      c01 = v128.load(c, 16);
      c10 = v128.load(c, 32);
      c11 = v128.load(c, 48);
      c20 = v128.load(c, 64);
      c21 = v128.load(c, 80);
      c30 = v128.load(c, 96);
      c31 = v128.load(c, 112);
    }
    let left = depth;
    let b0: v128;
    let b1: v128;
    let s: v128;
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
      x += lda;
      y += 64;
      left -= 2;
      if (left === 0) break;
    }
    v128.store(c, c00);
    v128.store(c, c01, 16);
    v128.store(c, c10, 32);
    v128.store(c, c11, 48);
    v128.store(c, c20, 64);
    v128.store(c, c21, 80);
    v128.store(c, c30, 96);
    v128.store(c, c31, 112);
    c += 128;
    a += 16;
  }
}
