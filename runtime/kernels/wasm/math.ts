/**
 * exp, log, tanh, sigmoid and erf in float32, four lanes at a time. Only adds, multiplies, divides and bit operations,
 * so the strict build gives the same bits on every machine. A scalar goes through a vector: a tail has its body's bits.
 * Polynomials are minimax in relative error of the result (Lawson's algorithm), then rounded to float32.
 * Largest errors over the whole range are asserted in test/kernels/math.test.ts.
 */
import { madd } from './simd';

const LOG2_E: f32 = 1.4426950216293335;
/** ln 2 in two pieces: the first has so few bits that a small integer times it is exact (Cody and Waite). */
const LN2_HIGH: f32 = 0.69287109375;
const LN2_LOW: f32 = 0.00027608699;
const SIGN: i32 = 0x80000000;

/** 2^n for n in [-126, 127], from the bits of its exponent. */
function exponential2(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/**
 * exp(x) = 2^n exp(r) with n = round(x / ln 2), |r| <= ln 2 / 2 and exp(r) = 1 + r + r^2 P(r).
 * 2^n is applied in two halves, so that results below the normal range lose bits gradually.
 */
export function exp(x: v128): v128 {
  const clamped = f32x4.min(f32x4.max(x, f32x4.splat(-105)), f32x4.splat(89));
  const rounded = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(LOG2_E)));
  let r = f32x4.sub(clamped, f32x4.mul(rounded, f32x4.splat(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(rounded, f32x4.splat(LN2_LOW)));
  let p = madd(f32x4.splat(0.001381446490995586), r, f32x4.splat(0.008368780836462975));
  p = madd(p, r, f32x4.splat(0.04166839271783829));
  p = madd(p, r, f32x4.splat(0.1666651964187622));
  p = madd(p, r, f32x4.splat(0.4999999403953552));
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  const n = i32x4.trunc_sat_f32x4_s(rounded);
  const half = i32x4.shr_s(n, 1);
  p = f32x4.mul(p, exponential2(half));
  return f32x4.mul(p, exponential2(i32x4.sub(n, half)));
}

/**
 * log(x) = e ln 2 + log(1 + f) with x = 2^e (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), and
 * log(1 + f) = f - f^2 / 2 + f^3 P(f). Zero gives -Infinity, a negative number NaN.
 */
export function log(x: v128): v128 {
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
  // Subtracting the bits of sqrt(1/2) first makes the exponent field round at sqrt(1/2) instead of at 1.
  const shifted = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
  let exponent = f32x4.convert_i32x4_s(i32x4.shr_s(shifted, 23));
  exponent = f32x4.sub(exponent, v128.and(tiny, f32x4.splat(23)));
  const mantissa = v128.and(shifted, i32x4.splat(0x7fffff));
  const f = f32x4.sub(i32x4.add(mantissa, i32x4.splat(0x3f3504f3)), f32x4.splat(1));
  let p = madd(f32x4.splat(0.06746602058410645), f, f32x4.splat(-0.11675641685724258));
  p = madd(p, f, f32x4.splat(0.11888174712657928));
  p = madd(p, f, f32x4.splat(-0.12405591458082199));
  p = madd(p, f, f32x4.splat(0.14219550788402557));
  p = madd(p, f, f32x4.splat(-0.1666799634695053));
  p = madd(p, f, f32x4.splat(0.2000211924314499));
  p = madd(p, f, f32x4.splat(-0.25000008940696716));
  p = madd(p, f, f32x4.splat(0.3333331346511841));
  const square = f32x4.mul(f, f);
  let y = f32x4.mul(p, f32x4.mul(square, f));
  y = madd(exponent, f32x4.splat(LN2_LOW), y);
  y = f32x4.add(madd(square, f32x4.splat(-0.5), y), f);
  y = madd(exponent, f32x4.splat(LN2_HIGH), y);
  const infinity = f32x4.splat(Infinity);
  const finite = f32x4.lt(x, infinity);
  y = v128.bitselect(y, x, finite);
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, f32x4.splat(0)));
  return v128.bitselect(f32x4.splat(NaN), y, f32x4.lt(x, f32x4.splat(0)));
}

/** tanh(x) = x + x^3 P(x^2) below 0.625, and 1 - 2 / (exp(2 |x|) + 1) with the sign of x above. */
export function tanh(x: v128): v128 {
  const size = f32x4.abs(x);
  const square = f32x4.mul(x, x);
  let p = madd(f32x4.splat(-0.005708782002329826), square, f32x4.splat(0.020642343908548355));
  p = madd(p, square, f32x4.splat(-0.053740665316581726));
  p = madd(p, square, f32x4.splat(0.13331453502178192));
  p = madd(p, square, f32x4.splat(-0.3333328366279602));
  const near = madd(p, f32x4.mul(square, x), x);
  const one = f32x4.splat(1);
  const e = exp(f32x4.add(size, size));
  const far = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(e, one)));
  const value = v128.bitselect(near, far, f32x4.lt(size, f32x4.splat(0.625)));
  // After the choice, since the polynomial loses the sign of -0.
  return v128.bitselect(x, value, i32x4.splat(SIGN));
}

/** 1 / (1 + exp(-x)), as e / (1 + e) with e = exp(x) for negative x so that nothing overflows. */
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  const e = exp(f32x4.neg(f32x4.abs(x)));
  const numerator = v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0)));
  return f32x4.div(numerator, f32x4.add(one, e));
}

/** erf(x) = x + x P(x^2) below 0.925, and 1 - exp(-t - t Q(t)) with t = min(|x|, 4) and the sign of x above. */
export function erf(x: v128): v128 {
  const square = f32x4.mul(x, x);
  let p = madd(f32x4.splat(8.316772436955944e-5), square, f32x4.splat(-0.0008130011847242713));
  p = madd(p, square, f32x4.splat(0.005199906416237354));
  p = madd(p, square, f32x4.splat(-0.026858940720558167));
  p = madd(p, square, f32x4.splat(0.11283687502145767));
  p = madd(p, square, f32x4.splat(-0.37612631916999817));
  p = madd(p, square, f32x4.splat(0.12837916612625122));
  const near = madd(p, x, x);
  const t = f32x4.min(f32x4.abs(x), f32x4.splat(4));
  let q = madd(f32x4.splat(1.14314725578879e-5), t, f32x4.splat(-0.0003248016582801938));
  q = madd(q, t, f32x4.splat(0.003650560975074768));
  q = madd(q, t, f32x4.splat(-0.023779159411787987));
  q = madd(q, t, f32x4.splat(0.10625668615102768));
  q = madd(q, t, f32x4.splat(0.6351393461227417));
  q = madd(q, t, f32x4.splat(0.128651425242424));
  const far = f32x4.sub(f32x4.splat(1), exp(f32x4.neg(madd(q, t, t))));
  const signed = v128.bitselect(x, far, i32x4.splat(SIGN));
  return v128.bitselect(near, signed, f32x4.lt(t, f32x4.splat(0.925)));
}

export function expScalar(x: f32): f32 {
  return f32x4.extract_lane(exp(f32x4.splat(x)), 0);
}

export function logScalar(x: f32): f32 {
  return f32x4.extract_lane(log(f32x4.splat(x)), 0);
}
