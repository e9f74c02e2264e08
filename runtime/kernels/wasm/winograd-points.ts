/**
 * The one-dimensional transforms of Winograd's F(4, 3) at the points 0, ±√½, ±√2 and infinity: what Toom and Cook's
 * scheme gives for them, with the divisors on the side of the weights. Points that are each other's inverse and no
 * whole numbers keep all values of one size, which is what the error depends on (Barabasz and others, 2020).
 */
import { madd } from './simd';

/** Values along an axis of a tile: four outputs, and the two more inputs that their taps reach. */
export const POINTS: i32 = 6;
export const TILE: i32 = 4;

export const ROOT_HALF: f32 = 0.7071067811865476;
export const ROOT_TWO: f32 = 1.4142135623730951;

/**
 * Six inputs to the values at the points, for `items` runs of `bytes` (whole vectors). Runs lie `sourceStep` and
 * `targetStep` apart, a point's values `pointStep` behind those of the one before.
 */
export function inputPoints(
  s0: usize,
  s1: usize,
  s2: usize,
  s3: usize,
  s4: usize,
  s5: usize,
  sourceStep: usize,
  target: usize,
  targetStep: usize,
  pointStep: usize,
  items: i32,
  bytes: usize,
): void {
  const rootHalf = f32x4.splat(ROOT_HALF);
  const rootTwo = f32x4.splat(ROOT_TWO);
  const minusHalf = f32x4.splat(-0.5);
  const minusTwo = f32x4.splat(-2);
  const minusBoth = f32x4.splat(-2.5);
  for (; items > 0; items--) {
    for (let i: usize = 0; i < bytes; i += 16) {
      const d1 = v128.load(s1 + i);
      const d2 = v128.load(s2 + i);
      const d3 = v128.load(s3 + i);
      const d4 = v128.load(s4 + i);
      let to = target + i;
      v128.store(to, madd(minusBoth, d2, f32x4.add(v128.load(s0 + i), d4)));
      to += pointStep;
      let even = madd(minusTwo, d2, d4);
      let odd = f32x4.mul(rootHalf, madd(minusTwo, d1, d3));
      v128.store(to, f32x4.add(even, odd));
      to += pointStep;
      v128.store(to, f32x4.sub(even, odd));
      to += pointStep;
      even = madd(minusHalf, d2, d4);
      odd = f32x4.mul(rootTwo, madd(minusHalf, d1, d3));
      v128.store(to, f32x4.add(even, odd));
      to += pointStep;
      v128.store(to, f32x4.sub(even, odd));
      to += pointStep;
      v128.store(to, madd(minusBoth, d3, f32x4.add(d1, v128.load(s5 + i))));
    }
    s0 += sourceStep;
    s1 += sourceStep;
    s2 += sourceStep;
    s3 += sourceStep;
    s4 += sourceStep;
    s5 += sourceStep;
    target += targetStep;
  }
}

/** Four gradients of outputs to the values at the points; as inputPoints, but every 32 bytes go `panelStep` further. */
export function gradientPoints(
  s0: usize,
  s1: usize,
  s2: usize,
  s3: usize,
  sourceStep: usize,
  target: usize,
  targetStep: usize,
  panelStep: usize,
  pointStep: usize,
  items: i32,
  bytes: usize,
): void {
  const rootHalf = f32x4.splat(ROOT_HALF);
  const rootTwo = f32x4.splat(ROOT_TWO);
  const half = f32x4.splat(0.5);
  const two = f32x4.splat(2);
  for (; items > 0; items--) {
    for (let i: usize = 0; i < bytes; i += 16) {
      const y0 = v128.load(s0 + i);
      const y1 = v128.load(s1 + i);
      const y2 = v128.load(s2 + i);
      const y3 = v128.load(s3 + i);
      let to = target + (i >> 5) * panelStep + (i & 16);
      v128.store(to, y0);
      to += pointStep;
      let even = madd(half, y2, y0);
      let odd = f32x4.mul(rootHalf, madd(half, y3, y1));
      v128.store(to, f32x4.add(even, odd));
      to += pointStep;
      v128.store(to, f32x4.sub(even, odd));
      to += pointStep;
      even = madd(two, y2, y0);
      odd = f32x4.mul(rootTwo, madd(two, y3, y1));
      v128.store(to, f32x4.add(even, odd));
      to += pointStep;
      v128.store(to, f32x4.sub(even, odd));
      to += pointStep;
      v128.store(to, y3);
    }
    s0 += sourceStep;
    s1 += sourceStep;
    s2 += sourceStep;
    s3 += sourceStep;
    target += targetStep;
  }
}

/**
 * Three weights to the values at the points: `items` vectors of each, `sourceItem` and `targetItem` apart. Those of the
 * three lie `sourceStep`, those of the points `pointStep` behind each other.
 */
export function weightPoints(
  source: usize,
  sourceStep: usize,
  sourceItem: usize,
  target: usize,
  pointStep: usize,
  targetItem: usize,
  items: i32,
): void {
  const two = f32x4.splat(2);
  const half = f32x4.splat(0.5);
  for (; items > 0; items--, source += sourceItem, target += targetItem) {
    const g0 = v128.load(source);
    const g1 = v128.load(source + sourceStep);
    const g2 = v128.load(source + 2 * sourceStep);
    let to = target;
    v128.store(to, g0);
    to += pointStep;
    let even = f32x4.mul(f32x4.splat(-2.0 / 3), madd(half, g2, g0));
    let odd = f32x4.mul(f32x4.splat((-2.0 / 3) * ROOT_HALF), g1);
    v128.store(to, f32x4.add(even, odd));
    to += pointStep;
    v128.store(to, f32x4.sub(even, odd));
    to += pointStep;
    even = f32x4.mul(f32x4.splat(1.0 / 6), madd(two, g2, g0));
    odd = f32x4.mul(f32x4.splat(ROOT_TWO / 6), g1);
    v128.store(to, f32x4.add(even, odd));
    to += pointStep;
    v128.store(to, f32x4.sub(even, odd));
    to += pointStep;
    v128.store(to, g2);
  }
}

/** Values at six points to four outputs, in the same way. */
export function pointsToOutputs(
  source: usize,
  pointStep: usize,
  sourceItem: usize,
  target: usize,
  targetStep: usize,
  targetItem: usize,
  items: i32,
): void {
  const rootHalf = f32x4.splat(ROOT_HALF);
  const rootTwo = f32x4.splat(ROOT_TWO);
  const half = f32x4.splat(0.5);
  const two = f32x4.splat(2);
  for (; items > 0; items--, source += sourceItem, target += targetItem) {
    let from = source + pointStep;
    let m = v128.load(from);
    from += pointStep;
    let n = v128.load(from);
    from += pointStep;
    const evenHalf = f32x4.add(m, n);
    const oddHalf = f32x4.mul(rootHalf, f32x4.sub(m, n));
    m = v128.load(from);
    from += pointStep;
    n = v128.load(from);
    from += pointStep;
    const evenTwo = f32x4.add(m, n);
    const oddTwo = f32x4.mul(rootTwo, f32x4.sub(m, n));
    let to = target;
    v128.store(to, f32x4.add(f32x4.add(v128.load(source), evenHalf), evenTwo));
    to += targetStep;
    v128.store(to, f32x4.add(oddHalf, oddTwo));
    to += targetStep;
    v128.store(to, madd(two, evenTwo, f32x4.mul(half, evenHalf)));
    to += targetStep;
    v128.store(to, madd(two, oddTwo, madd(half, oddHalf, v128.load(from))));
  }
}

/** Values at six points to the gradients of three weights, in the same way. */
export function pointsToWeights(
  source: usize,
  pointStep: usize,
  sourceItem: usize,
  target: usize,
  targetStep: usize,
  targetItem: usize,
  items: i32,
): void {
  const half = f32x4.splat(0.5);
  const two = f32x4.splat(2);
  for (; items > 0; items--, source += sourceItem, target += targetItem) {
    let from = source + pointStep;
    let m = v128.load(from);
    from += pointStep;
    let n = v128.load(from);
    from += pointStep;
    const evenHalf = f32x4.mul(f32x4.splat(-2.0 / 3), f32x4.add(m, n));
    const oddHalf = f32x4.mul(f32x4.splat((-2.0 / 3) * ROOT_HALF), f32x4.sub(m, n));
    m = v128.load(from);
    from += pointStep;
    n = v128.load(from);
    from += pointStep;
    const evenTwo = f32x4.mul(f32x4.splat(1.0 / 6), f32x4.add(m, n));
    const oddTwo = f32x4.mul(f32x4.splat(ROOT_TWO / 6), f32x4.sub(m, n));
    let to = target;
    v128.store(to, f32x4.add(f32x4.add(v128.load(source), evenHalf), evenTwo));
    to += targetStep;
    v128.store(to, f32x4.add(oddHalf, oddTwo));
    to += targetStep;
    v128.store(to, madd(two, evenTwo, madd(half, evenHalf, v128.load(from))));
  }
}
