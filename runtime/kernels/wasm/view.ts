/** As runtime/kernels/plain/view.ts says. Scalar: what a teacher then computes of the image takes far longer. */

const MOST_SAMPLES: i32 = 8;

export function resampleImage(
  input: usize,
  output: usize,
  inHeight: i32,
  inWidth: i32,
  outHeight: i32,
  outWidth: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const scaleY = (inHeight as f32) / (outHeight as f32);
  const scaleX = (inWidth as f32) / (outWidth as f32);
  const most = ceil<f32>(max(scaleY, scaleX) - 0.01) as i32;
  const samples = min(MOST_SAMPLES, max(1, most));
  const part: f32 = 1 / (samples as f32);
  const step = (channels as usize) << 2;
  for (let n = begin; n < end; n++) {
    const image = input + ((n * inHeight * inWidth) as usize) * step;
    let to = output + ((n * outHeight * outWidth) as usize) * step;
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++, to += step) {
        memory.fill(to, 0, step);
        for (let j = 0; j < samples; j++) {
          const sy = ((y as f32) + ((j as f32) + 0.5) * part) * scaleY - 0.5;
          for (let k = 0; k < samples; k++) {
            const sx = ((x as f32) + ((k as f32) + 0.5) * part) * scaleX - 0.5;
            addSample(image, to, inHeight, inWidth, channels, sy, sx, part * part);
          }
        }
      }
    }
  }
}

/** Adds `share` of the image at a place between its pixels. */
function addSample(
  image: usize,
  to: usize,
  height: i32,
  width: i32,
  channels: i32,
  sy: f32,
  sx: f32,
  share: f32,
): void {
  const y = min<f32>(max<f32>(sy, 0), (height - 1) as f32);
  const x = min<f32>(max<f32>(sx, 0), (width - 1) as f32);
  const y0 = y as i32;
  const x0 = x as i32;
  const fy = y - (y0 as f32);
  const fx = x - (x0 as f32);
  const right: usize = x0 + 1 < width ? (channels as usize) << 2 : 0;
  const line: usize = y0 + 1 < height ? ((width * channels) as usize) << 2 : 0;
  const from = image + (((y0 * width + x0) * channels) as usize) * 4;
  for (let o: usize = 0; o < (channels as usize) << 2; o += 4) {
    const at = from + o;
    const a = load<f32>(at);
    const c = load<f32>(at + line);
    const top = a + (load<f32>(at + right) - a) * fx;
    const bottom = c + (load<f32>(at + line + right) - c) * fx;
    store<f32>(to + o, load<f32>(to + o) + (top + (bottom - top) * fy) * share);
  }
}

export function mixChannels(
  input: usize,
  matrix: usize,
  output: usize,
  pixels: i32,
  inChannels: i32,
  outChannels: i32,
  begin: i32,
  end: i32,
): void {
  const inStep = (inChannels as usize) << 2;
  const outStep = (outChannels as usize) << 2;
  let from = input + ((begin * pixels) as usize) * inStep;
  let to = output + ((begin * pixels) as usize) * outStep;
  for (let p = begin * pixels; p < end * pixels; p++, from += inStep, to += outStep) {
    let row = matrix;
    for (let c: usize = 0; c < outStep; c += 4, row += inStep + 4) {
      let sum = load<f32>(row + inStep);
      for (let i: usize = 0; i < inStep; i += 4) sum += load<f32>(row + i) * load<f32>(from + i);
      store<f32>(to + c, sum);
    }
  }
}

export function reorderColumns(
  input: usize,
  order: usize,
  output: usize,
  classes: i32,
  begin: i32,
  end: i32,
): void {
  for (let n = begin; n < end; n++) {
    const row = ((n * classes) as usize) << 2;
    for (let c = 0; c < classes; c++) {
      const o = (c as usize) << 2;
      const place = (load<f32>(order + o) as usize) << 2;
      store<f32>(output + row + o, load<f32>(input + row + place));
    }
  }
}
