/** As the plain twin; runs once before inference, so it is written for plainness. */
export function foldNorm(
  weights: usize,
  bias: usize,
  gamma: usize,
  beta: usize,
  mean: usize,
  variance: usize,
  folded: usize,
  foldedBias: usize,
  rows: i32,
  channels: i32,
  hasBias: i32,
  affine: i32,
  epsilon: f32,
  begin: i32,
  end: i32,
): void {
  if (begin === end) return;
  for (let c: usize = 0; c < (channels as usize); c++) {
    const at = c << 2;
    const g: f32 = affine ? load<f32>(gamma + at) : 1;
    const b: f32 = affine ? load<f32>(beta + at) : 0;
    const scale: f32 = g / sqrt<f32>(load<f32>(variance + at) + epsilon);
    const own: f32 = hasBias ? load<f32>(bias + at) : 0;
    store<f32>(foldedBias + at, (own - load<f32>(mean + at)) * scale + b);
    for (let row: usize = 0; row < (rows as usize); row++) {
      const offset = ((row * (channels as usize)) << 2) + at;
      store<f32>(folded + offset, load<f32>(weights + offset) * scale);
    }
  }
}
