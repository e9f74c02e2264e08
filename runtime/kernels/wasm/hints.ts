/** As runtime/kernels/plain/hints.ts says. Scalar, since the layers around them take far longer; sums in float64. */

const TINY: f64 = 1e-12;

export function matchFeatures(
  own: usize,
  teacher: usize,
  losses: usize,
  gradient: usize,
  size: i32,
  weight: f32,
  scale: f32,
  begin: i32,
  end: i32,
): void {
  const share = (weight as f64) / (size as f64);
  const slope = (2 * share * (scale as f64)) as f32;
  for (let n = begin; n < end; n++) {
    let sum: f64 = 0;
    let at = ((n * size) as usize) << 2;
    for (const last = at + ((size as usize) << 2); at < last; at += 4) {
      const gap = load<f32>(own + at) - load<f32>(teacher + at);
      sum += (gap as f64) * (gap as f64);
      store<f32>(gradient + at, slope * gap);
    }
    store<f32>(losses + ((n as usize) << 2), (share * sum) as f32);
  }
}

export function attentionMap(
  input: usize,
  map: usize,
  pixels: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const step = (channels as usize) << 2;
  let from = input + ((begin * pixels) as usize) * step;
  for (let p = begin * pixels; p < end * pixels; p++, from += step) {
    let sum: f64 = 0;
    for (let o: usize = 0; o < step; o += 4) {
      const x = load<f32>(from + o) as f64;
      sum += x * x;
    }
    store<f32>(map + ((p as usize) << 2), (sum / (channels as f64)) as f32);
  }
}

function lengthOf(map: usize, pixels: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < pixels; i++) {
    const x = load<f32>(map + ((i as usize) << 2)) as f64;
    sum += x * x;
  }
  return max(TINY, sqrt(sum));
}

export function matchAttention(
  input: usize,
  map: usize,
  teacher: usize,
  losses: usize,
  gradient: usize,
  pixels: i32,
  channels: i32,
  weight: f32,
  scale: f32,
  begin: i32,
  end: i32,
): void {
  const step = (channels as usize) << 2;
  const share = (weight as f64) / (pixels as f64);
  const factor = (2 * (scale as f64)) / (channels as f64);
  for (let n = begin; n < end; n++) {
    const first = ((n * pixels) as usize) << 2;
    const own = map + first;
    const wanted = teacher + first;
    const ownLength = lengthOf(own, pixels);
    const wantedLength = lengthOf(wanted, pixels);
    let loss: f64 = 0;
    let along: f64 = 0;
    for (let i = 0; i < pixels; i++) {
      const o = (i as usize) << 2;
      const q = (load<f32>(own + o) as f64) / ownLength;
      const gap = q - (load<f32>(wanted + o) as f64) / wantedLength;
      loss += gap * gap;
      along += 2 * share * gap * q;
    }
    store<f32>(losses + ((n as usize) << 2), (share * loss) as f32);
    let at = ((n * pixels) as usize) * step;
    for (let i = 0; i < pixels; i++) {
      const o = (i as usize) << 2;
      const q = (load<f32>(own + o) as f64) / ownLength;
      const gap = q - (load<f32>(wanted + o) as f64) / wantedLength;
      const slope = ((2 * share * gap - q * along) / ownLength) * factor;
      for (const last = at + step; at < last; at += 4) {
        store<f32>(gradient + at, (slope * (load<f32>(input + at) as f64)) as f32);
      }
    }
  }
}
