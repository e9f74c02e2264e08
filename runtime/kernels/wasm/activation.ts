/**
 * Activation functions and their derivatives, on four lanes. The cheap ones are classes, so that a loop can be compiled
 * for each (`changetype<A>(0).forward(...)` is a static call); `Any` looks the code up for every vector, which the
 * transcendental ones do not notice. Codes: activation-codes.ts. pmin(x, c) and pmax(x, c) are one instruction each and
 * keep a NaN in x, so that a run that diverges shows.
 */
import { erf, exp, sigmoid, tanh } from './math';
import { madd } from './simd';

export const IDENTITY: i32 = 0;
export const RELU: i32 = 1;
export const RELU6: i32 = 2;
export const HARD_SWISH: i32 = 3;
const HARD_SIGMOID: i32 = 4;
const LEAKY_RELU: i32 = 5;
const ELU: i32 = 6;
const SIGMOID: i32 = 7;
const TANH: i32 = 8;
const SILU: i32 = 9;
const GELU: i32 = 10;
const GELU_TANH: i32 = 11;

const SQRT_HALF = Math.SQRT1_2 as f32;
const SQRT_2_OVER_PI: f32 = 0.7978845608;
const INV_SQRT_2_PI: f32 = 0.3989422804;
const GELU_CUBIC: f32 = 0.044715;

function relu6(x: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, f32x4.splat(0)), f32x4.splat(6));
}

/** All ones where low < x < high. */
function within(x: v128, low: f32, high: f32): v128 {
  return v128.and(f32x4.gt(x, f32x4.splat(low)), f32x4.lt(x, f32x4.splat(high)));
}

export class Identity {
  forward(x: v128, _code: i32, _parameter: f32): v128 {
    return x;
  }
  backward(_x: v128, dy: v128, _code: i32, _parameter: f32): v128 {
    return dy;
  }
}

export class Relu {
  forward(x: v128, _code: i32, _parameter: f32): v128 {
    return f32x4.pmax(x, f32x4.splat(0));
  }
  backward(x: v128, dy: v128, _code: i32, _parameter: f32): v128 {
    return v128.and(dy, f32x4.gt(x, f32x4.splat(0)));
  }
}

export class Relu6 {
  forward(x: v128, _code: i32, _parameter: f32): v128 {
    return relu6(x);
  }
  backward(x: v128, dy: v128, _code: i32, _parameter: f32): v128 {
    return v128.and(dy, within(x, 0, 6));
  }
}

export class HardSwish {
  forward(x: v128, _code: i32, _parameter: f32): v128 {
    const gate = relu6(f32x4.add(x, f32x4.splat(3)));
    return f32x4.mul(f32x4.mul(x, gate), f32x4.splat(1.0 / 6.0));
  }
  /** 0 below -3, 1 above 3, x / 3 + 1/2 between. */
  backward(x: v128, dy: v128, _code: i32, _parameter: f32): v128 {
    const slope = madd(x, f32x4.splat(1.0 / 3.0), f32x4.splat(0.5));
    const bounded = v128.bitselect(slope, f32x4.splat(1), f32x4.lt(x, f32x4.splat(3)));
    return v128.and(f32x4.mul(dy, bounded), f32x4.gt(x, f32x4.splat(-3)));
  }
}

export class Any {
  forward(x: v128, code: i32, parameter: f32): v128 {
    return activate(x, code, parameter);
  }
  backward(x: v128, dy: v128, code: i32, parameter: f32): v128 {
    return f32x4.mul(dy, derivative(x, code, parameter));
  }
}

/** Where the tanh form of gelu takes its tanh. */
function geluArgument(x: v128): v128 {
  const cubic = f32x4.mul(f32x4.mul(x, x), f32x4.mul(x, f32x4.splat(GELU_CUBIC)));
  return f32x4.mul(f32x4.add(x, cubic), f32x4.splat(SQRT_2_OVER_PI));
}

/** (1 + erf(x / sqrt 2)) / 2, the distribution function of the normal. */
function normalCdf(x: v128): v128 {
  const e = erf(f32x4.mul(x, f32x4.splat(SQRT_HALF)));
  return f32x4.mul(f32x4.add(e, f32x4.splat(1)), f32x4.splat(0.5));
}

/** exp(x) - 1 without its cancellation: 2 tanh(x/2) / (1 - tanh(x/2)). */
function expMinusOne(x: v128): v128 {
  const t = tanh(f32x4.mul(x, f32x4.splat(0.5)));
  return f32x4.div(f32x4.add(t, t), f32x4.sub(f32x4.splat(1), t));
}

function activate(x: v128, code: i32, parameter: f32): v128 {
  const zero = f32x4.splat(0);
  if (code === RELU) return f32x4.pmax(x, zero);
  if (code === RELU6) return relu6(x);
  if (code === HARD_SWISH) return changetype<HardSwish>(0).forward(x, code, parameter);
  if (code === HARD_SIGMOID) {
    return f32x4.mul(relu6(f32x4.add(x, f32x4.splat(3))), f32x4.splat(1.0 / 6.0));
  }
  if (code === LEAKY_RELU) {
    return v128.bitselect(x, f32x4.mul(x, f32x4.splat(parameter)), f32x4.gt(x, zero));
  }
  if (code === ELU) {
    const negative = f32x4.mul(expMinusOne(f32x4.pmin(x, zero)), f32x4.splat(parameter));
    return v128.bitselect(x, negative, f32x4.gt(x, zero));
  }
  if (code === SIGMOID) return sigmoid(x);
  if (code === TANH) return tanh(x);
  if (code === SILU) return f32x4.mul(x, sigmoid(x));
  if (code === GELU) return f32x4.mul(x, normalCdf(x));
  if (code === GELU_TANH) {
    const half = f32x4.mul(x, f32x4.splat(0.5));
    return f32x4.mul(half, f32x4.add(tanh(geluArgument(x)), f32x4.splat(1)));
  }
  return x;
}

function derivative(x: v128, code: i32, parameter: f32): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const positive = f32x4.gt(x, zero);
  if (code === RELU) return v128.and(one, positive);
  if (code === RELU6) return v128.and(one, within(x, 0, 6));
  if (code === HARD_SWISH) return changetype<HardSwish>(0).backward(x, one, code, parameter);
  if (code === HARD_SIGMOID) return v128.and(f32x4.splat(1.0 / 6.0), within(x, -3, 3));
  if (code === LEAKY_RELU) return v128.bitselect(one, f32x4.splat(parameter), positive);
  if (code === ELU) {
    const negative = f32x4.mul(exp(f32x4.pmin(x, zero)), f32x4.splat(parameter));
    return v128.bitselect(one, negative, positive);
  }
  if (code === SIGMOID) {
    const s = sigmoid(x);
    return f32x4.mul(s, f32x4.sub(one, s));
  }
  if (code === TANH) {
    const t = tanh(x);
    return f32x4.mul(f32x4.sub(one, t), f32x4.add(one, t));
  }
  if (code === SILU) {
    const s = sigmoid(x);
    return f32x4.mul(s, madd(x, f32x4.sub(one, s), one));
  }
  if (code === GELU) {
    const density = exp(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5)));
    return madd(x, f32x4.mul(density, f32x4.splat(INV_SQRT_2_PI)), normalCdf(x));
  }
  if (code === GELU_TANH) {
    const t = tanh(geluArgument(x));
    const inner = madd(f32x4.mul(x, x), f32x4.splat(3 * GELU_CUBIC), one);
    const slope = f32x4.mul(
      f32x4.sub(one, f32x4.mul(t, t)),
      f32x4.mul(inner, f32x4.splat(SQRT_2_OVER_PI)),
    );
    return f32x4.mul(f32x4.splat(0.5), f32x4.add(f32x4.add(one, t), f32x4.mul(x, slope)));
  }
  return one;
}
