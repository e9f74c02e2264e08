/** The last step of the gradient to a network's first weights, as runtime/kernels/plain/stem.ts says. In float64. */

const TAPS: i32 = 27;

export function stemWeightGradient(
  patches: usize,
  products: usize,
  weights: usize,
  bias: usize,
  gradientCoefficients: usize,
  gradient: usize,
  images: i32,
  channels: i32,
  hasBias: i32,
  accumulate: i32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const imageBytes = (TAPS as usize) * row;
  for (let c = begin; c < end; c++) {
    const column = (c as usize) << 2;
    const scale = load<f32>(gradientCoefficients + column) as f64;
    const slope = load<f32>(gradientCoefficients + row + column) as f64;
    const offset = load<f32>(gradientCoefficients + 2 * row + column) as f64;
    const start: f64 = hasBias ? (load<f32>(bias + column) as f64) : 0;
    for (let tap = 0; tap < TAPS; tap++) {
      const at = (tap as usize) * row + column;
      let sparse: f64 = 0;
      for (let n = 0; n < images; n++) {
        sparse += load<f32>(patches + (n as usize) * imageBytes + at) as f64;
      }
      let product = products + ((tap * (TAPS + 1)) << 2);
      let linear: f64 = 0;
      for (let other = 0; other < TAPS; other++, product += 4) {
        const weight = load<f32>(weights + (other as usize) * row + column) as f64;
        linear += (load<f32>(product) as f64) * weight;
      }
      const patch = load<f32>(product) as f64;
      linear += patch * start;
      const before: f64 = accumulate ? (load<f32>(gradient + at) as f64) : 0;
      const sum = sparse * scale + linear * slope + patch * offset;
      store<f32>(gradient + at, (before + sum) as f32);
    }
  }
}
