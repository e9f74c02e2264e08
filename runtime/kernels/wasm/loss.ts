/** As runtime/kernels/plain/loss.ts says. A row is short and read once: written for exactness, with sums in float64. */

import { logarithm } from './logarithm';
import { expScalar } from './math';

export function softmaxCrossEntropy(
  logits: usize,
  targets: usize,
  probabilities: usize,
  losses: usize,
  gradient: usize,
  classes: i32,
  scale: f32,
  begin: i32,
  end: i32,
): void {
  const row = (classes as usize) << 2;
  for (let n = begin; n < end; n++) {
    const start = (n as usize) * row;
    let largest = load<f32>(logits + start);
    for (let o: usize = 4; o < row; o += 4) largest = max(largest, load<f32>(logits + start + o));
    let total: f64 = 0;
    let weight: f64 = 0;
    for (let o: usize = 0; o < row; o += 4) {
      const e = expScalar(load<f32>(logits + start + o) - largest);
      store<f32>(probabilities + start + o, e);
      total += e as f64;
      weight += load<f32>(targets + start + o) as f64;
    }
    const logTotal = logarithm(total);
    let loss: f64 = 0;
    for (let o: usize = 0; o < row; o += 4) {
      const at = start + o;
      const p = (load<f32>(probabilities + at) as f64) / total;
      const target = load<f32>(targets + at) as f64;
      store<f32>(probabilities + at, p as f32);
      // The difference of two float32 numbers may be too large for one.
      loss += target * (logTotal - ((load<f32>(logits + at) as f64) - (largest as f64)));
      store<f32>(gradient + at, ((p * weight - target) * (scale as f64)) as f32);
    }
    store<f32>(losses + ((n as usize) << 2), loss as f32);
  }
}
