/** As runtime/kernels/plain/optimizers.ts says. */
import { loadPartial, storePartial } from './simd';

const UNIT: i32 = 4096;

export function sgdStep(
  weights: usize,
  gradients: usize,
  buffer: usize,
  size: i32,
  rate: f32,
  decay: f32,
  momentum: f32,
  nesterov: i32,
  gradientScale: f32,
  begin: i32,
  end: i32,
): void {
  const last = min(end * UNIT, size);
  for (let i = begin * UNIT; i < last; i += 4) {
    const at = (i as usize) << 2;
    const lanes = min(last - i, 4);
    const w = loadPartial(weights + at, lanes);
    const scaled = f32x4.mul(loadPartial(gradients + at, lanes), f32x4.splat(gradientScale));
    const g = f32x4.add(scaled, f32x4.mul(f32x4.splat(decay), w));
    const b = f32x4.add(f32x4.mul(f32x4.splat(momentum), loadPartial(buffer + at, lanes)), g);
    storePartial(buffer + at, b, lanes);
    const move = nesterov ? f32x4.add(g, f32x4.mul(f32x4.splat(momentum), b)) : b;
    storePartial(weights + at, f32x4.sub(w, f32x4.mul(f32x4.splat(rate), move)), lanes);
  }
}

export function adamStep(
  weights: usize,
  gradients: usize,
  first: usize,
  second: usize,
  size: i32,
  rate: f32,
  decay: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  correction1: f32,
  correction2: f32,
  decoupled: i32,
  gradientScale: f32,
  begin: i32,
  end: i32,
): void {
  const last = min(end * UNIT, size);
  const shrink: f32 = decoupled ? 1 - rate * decay : 1;
  const added: f32 = decoupled ? 0 : decay;
  for (let i = begin * UNIT; i < last; i += 4) {
    const at = (i as usize) << 2;
    const lanes = min(last - i, 4);
    const w = loadPartial(weights + at, lanes);
    const scaled = f32x4.mul(loadPartial(gradients + at, lanes), f32x4.splat(gradientScale));
    const g = f32x4.add(scaled, f32x4.mul(f32x4.splat(added), w));
    const before = loadPartial(first + at, lanes);
    const m = f32x4.add(before, f32x4.mul(f32x4.splat(1 - beta1), f32x4.sub(g, before)));
    const squared = f32x4.mul(f32x4.splat(1 - beta2), f32x4.mul(g, g));
    const v = f32x4.add(f32x4.mul(f32x4.splat(beta2), loadPartial(second + at, lanes)), squared);
    storePartial(first + at, m, lanes);
    storePartial(second + at, v, lanes);
    const root = f32x4.div(f32x4.sqrt(v), f32x4.splat(correction2));
    const move = f32x4.div(
      f32x4.mul(f32x4.splat(rate / correction1), m),
      f32x4.add(root, f32x4.splat(epsilon)),
    );
    storePartial(weights + at, f32x4.sub(f32x4.mul(w, f32x4.splat(shrink)), move), lanes);
  }
}

export function rmspropStep(
  weights: usize,
  gradients: usize,
  buffer: usize,
  square: usize,
  size: i32,
  rate: f32,
  decay: f32,
  smoothing: f32,
  momentum: f32,
  epsilon: f32,
  gradientScale: f32,
  begin: i32,
  end: i32,
): void {
  const last = min(end * UNIT, size);
  for (let i = begin * UNIT; i < last; i += 4) {
    const at = (i as usize) << 2;
    const lanes = min(last - i, 4);
    const w = loadPartial(weights + at, lanes);
    const scaled = f32x4.mul(loadPartial(gradients + at, lanes), f32x4.splat(gradientScale));
    const g = f32x4.add(scaled, f32x4.mul(f32x4.splat(decay), w));
    const added = f32x4.mul(f32x4.splat(1 - smoothing), f32x4.mul(g, g));
    const s = f32x4.add(f32x4.mul(f32x4.splat(smoothing), loadPartial(square + at, lanes)), added);
    const ratio = f32x4.div(g, f32x4.add(f32x4.sqrt(s), f32x4.splat(epsilon)));
    const b = f32x4.add(f32x4.mul(f32x4.splat(momentum), loadPartial(buffer + at, lanes)), ratio);
    storePartial(square + at, s, lanes);
    storePartial(buffer + at, b, lanes);
    storePartial(weights + at, f32x4.sub(w, f32x4.mul(f32x4.splat(rate), b)), lanes);
  }
}

export function averageStep(
  values: usize,
  average: usize,
  size: i32,
  decay: f32,
  begin: i32,
  end: i32,
): void {
  const last = min(end * UNIT, size);
  for (let i = begin * UNIT; i < last; i += 4) {
    const at = (i as usize) << 2;
    const lanes = min(last - i, 4);
    const before = loadPartial(average + at, lanes);
    const step = f32x4.mul(
      f32x4.splat(1 - decay),
      f32x4.sub(loadPartial(values + at, lanes), before),
    );
    storePartial(average + at, f32x4.add(before, step), lanes);
  }
}

export function squareSums(values: usize, sums: usize, size: i32, begin: i32, end: i32): void {
  for (let unit = begin; unit < end; unit++) {
    const last = min((unit + 1) * UNIT, size);
    let sum: f64 = 0;
    for (let i = unit * UNIT; i < last; i++) {
      const value = load<f32>(values + ((i as usize) << 2)) as f64;
      sum += value * value;
    }
    store<f32>(sums + ((unit as usize) << 2), sum as f32);
  }
}
