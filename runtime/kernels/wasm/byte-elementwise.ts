/** What int8 inference does between its products; specification in templates/support/kernels/bytes.ts. */
import { loadBytes, lookUp, storeFew, toRange } from './bytes';
import { loadPartial, storePartial } from './simd';

/** Floats to bytes: x * scale + zero. */
export function quantize(
  input: usize,
  output: usize,
  size: i32,
  scale: f32,
  zero: f32,
  begin: i32,
  end: i32,
): void {
  for (let i = begin * size; i < end * size; i += 4) {
    const count = end * size - i;
    const x = f32x4.mul(
      loadPartial(input + ((i << 2) as usize), min(count, 4)),
      f32x4.splat(scale),
    );
    storeFew(output + (i as usize), toRange(f32x4.add(x, f32x4.splat(zero)), 0, 127), count);
  }
}

/** Bytes to floats: (q - zero) * scale. */
export function dequantize(
  input: usize,
  output: usize,
  size: i32,
  scale: f32,
  zero: f32,
  begin: i32,
  end: i32,
): void {
  for (let i = begin * size; i < end * size; i += 4) {
    const x = f32x4.sub(loadBytes(input + (i as usize)), f32x4.splat(zero));
    const count = min(end * size - i, 4);
    storePartial(output + ((i << 2) as usize), f32x4.mul(x, f32x4.splat(scale)), count);
  }
}

/** a * scaleA + b * scaleB + zero. */
export function addBytes(
  a: usize,
  b: usize,
  output: usize,
  size: i32,
  scaleA: f32,
  scaleB: f32,
  zero: f32,
  low: f32,
  high: f32,
  begin: i32,
  end: i32,
): void {
  for (let i = begin * size; i < end * size; i += 4) {
    const at = i as usize;
    const x = f32x4.mul(loadBytes(a + at), f32x4.splat(scaleA));
    const y = f32x4.mul(loadBytes(b + at), f32x4.splat(scaleB));
    const sum = f32x4.add(f32x4.add(x, y), f32x4.splat(zero));
    storeFew(output + at, toRange(sum, low, high), end * size - i);
  }
}

/** (a - zeroA) * (b - zeroB) * scale + zero; b has a value each, or one a channel. */
export function multiplyByteTensors(
  a: usize,
  b: usize,
  output: usize,
  pixels: i32,
  channels: i32,
  perChannel: i32,
  zeroA: f32,
  zeroB: f32,
  scale: f32,
  zero: f32,
  begin: i32,
  end: i32,
): void {
  for (let p = begin * pixels; p < end * pixels; p++) {
    const at = (p * channels) as usize;
    const other = perChannel ? (((p / pixels) * channels) as usize) : at;
    for (let c = 0; c < channels; c += 4) {
      const x = f32x4.sub(loadBytes(a + at + (c as usize)), f32x4.splat(zeroA));
      const y = f32x4.sub(loadBytes(b + other + (c as usize)), f32x4.splat(zeroB));
      const product = f32x4.mul(f32x4.mul(x, y), f32x4.splat(scale));
      const value = toRange(f32x4.add(product, f32x4.splat(zero)), 0, 127);
      storeFew(output + at + (c as usize), value, channels - c);
    }
  }
}

/**
 * q * scale + shift, both of the channel: `coefficients` are scales, then shifts. The output's pixels may have more
 * channels, of which these begin at `outputFrom`.
 */
export function affineBytes(
  input: usize,
  coefficients: usize,
  output: usize,
  pixels: i32,
  channels: i32,
  outputChannels: i32,
  outputFrom: i32,
  low: f32,
  high: f32,
  begin: i32,
  end: i32,
): void {
  for (let p = begin * pixels; p < end * pixels; p++) {
    const from = input + ((p * channels) as usize);
    const to = output + ((p * outputChannels + outputFrom) as usize);
    for (let c = 0; c < channels; c += 4) {
      const lanes = min(channels - c, 4);
      const at = (c << 2) as usize;
      const scale = loadPartial(coefficients + at, lanes);
      const shift = loadPartial(coefficients + ((channels << 2) as usize) + at, lanes);
      const x = f32x4.add(f32x4.mul(loadBytes(from + (c as usize)), scale), shift);
      storeFew(to + (c as usize), toRange(x, low, high), lanes);
    }
  }
}

export function tableBytes(
  input: usize,
  table: usize,
  output: usize,
  size: i32,
  begin: i32,
  end: i32,
): void {
  const at = (begin * size) as usize;
  const count = (end - begin) * size;
  if (input !== output) memory.copy(output + at, input + at, count as usize);
  lookUp(output + at, count, table);
}

export function copyBytes(
  input: usize,
  output: usize,
  pixels: i32,
  count: i32,
  inputChannels: i32,
  inputFrom: i32,
  begin: i32,
  end: i32,
): void {
  for (let p = begin * pixels; p < end * pixels; p++) {
    const from = input + ((p * inputChannels + inputFrom) as usize);
    memory.copy(output + ((p * count) as usize), from, count as usize);
  }
}

export function shuffleBytes(
  input: usize,
  output: usize,
  pixels: i32,
  channels: i32,
  groups: i32,
  begin: i32,
  end: i32,
): void {
  const each = channels / groups;
  for (let p = begin * pixels; p < end * pixels; p++) {
    const from = input + ((p * channels) as usize);
    const to = output + ((p * channels) as usize);
    for (let c = 0; c < channels; c++) {
      i32.store8(
        to + (((c % each) * groups + c / each) as usize),
        i32.load8_u(from + (c as usize)),
      );
    }
  }
}

/** The image in a frame of `fill`; sizes are the output's. */
export function frameBytes(
  input: usize,
  output: usize,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  bottom: i32,
  left: i32,
  right: i32,
  fill: i32,
  begin: i32,
  end: i32,
): void {
  const rows = height - top - bottom;
  const row = ((width - left - right) * channels) as usize;
  const image = (height * width * channels) as usize;
  for (let n = begin; n < end; n++) {
    const to = output + (n as usize) * image;
    memory.fill(to, fill as u8, image);
    for (let y = 0; y < rows; y++) {
      const line = to + ((((y + top) * width + left) * channels) as usize);
      memory.copy(line, input + ((n * rows + y) as usize) * row, row);
    }
  }
}

export function maxPoolBytes(
  input: usize,
  output: usize,
  inHeight: i32,
  inWidth: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
  padTop: i32,
  padLeft: i32,
  begin: i32,
  end: i32,
): void {
  for (let n = begin; n < end; n++) {
    const image = input + ((n * inHeight * inWidth * channels) as usize);
    let to = output + ((n * outHeight * outWidth * channels) as usize);
    for (let oy = 0; oy < outHeight; oy++) {
      const top = max(0, oy * strideY - padTop);
      const bottom = min(inHeight, oy * strideY - padTop + windowHeight);
      for (let ox = 0; ox < outWidth; ox++, to += channels as usize) {
        const left = max(0, ox * strideX - padLeft);
        const right = min(inWidth, ox * strideX - padLeft + windowWidth);
        let c = 0;
        for (; c + 16 <= channels; c += 16) {
          let best = i8x16.splat(0);
          for (let y = top; y < bottom; y++) {
            let at = image + (((y * inWidth + left) * channels + c) as usize);
            for (let x = left; x < right; x++, at += channels as usize) {
              best = i8x16.max_u(best, v128.load(at));
            }
          }
          v128.store(to + (c as usize), best);
        }
        for (; c < channels; c++) {
          let best = 0;
          for (let y = top; y < bottom; y++) {
            for (let x = left; x < right; x++) {
              best = max(best, i32.load8_u(image + (((y * inWidth + x) * channels + c) as usize)));
            }
          }
          i32.store8(to + (c as usize), best);
        }
      }
    }
  }
}

/** sum * (scale / places) + shift, where what is not counted or lies outside is `inputZero`. */
export function avgPoolBytes(
  input: usize,
  output: usize,
  inHeight: i32,
  inWidth: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
  padTop: i32,
  padLeft: i32,
  countPadding: i32,
  inputZero: i32,
  scale: f32,
  zero: f32,
  begin: i32,
  end: i32,
): void {
  for (let n = begin; n < end; n++) {
    const image = input + ((n * inHeight * inWidth * channels) as usize);
    let to = output + ((n * outHeight * outWidth * channels) as usize);
    for (let oy = 0; oy < outHeight; oy++) {
      const top = max(0, oy * strideY - padTop);
      const bottom = min(inHeight, oy * strideY - padTop + windowHeight);
      for (let ox = 0; ox < outWidth; ox++, to += channels as usize) {
        const left = max(0, ox * strideX - padLeft);
        const right = min(inWidth, ox * strideX - padLeft + windowWidth);
        const inside = (bottom - top) * (right - left);
        const places = countPadding ? windowHeight * windowWidth : inside;
        const factor: f32 = scale / (places as f32);
        for (let c = 0; c < channels; c++) {
          let sum = -inside * inputZero;
          for (let y = top; y < bottom; y++) {
            let at = image + (((y * inWidth + left) * channels + c) as usize);
            for (let x = left; x < right; x++, at += channels as usize) sum += i32.load8_u(at);
          }
          const mean = f32x4.splat((sum as f32) * factor + zero);
          i32.store8(to + (c as usize), i32x4.extract_lane(toRange(mean, 0, 127), 0));
        }
      }
    }
  }
}
