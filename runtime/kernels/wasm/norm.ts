/** As runtime/kernels/plain/batch-norm.ts says; four channels at a time, the last of odd counts through partial loads. */
import {
  Any,
  HARD_SWISH,
  HardSwish,
  IDENTITY,
  Identity,
  RELU,
  RELU6,
  Relu,
  Relu6,
} from './activation';
import { loadPartial, madd, storePartial } from './simd';
import { flushSums, pixelsOfBlock } from './sums';

/**
 * One pass over the image: the sums are of what differs from the first pixel, which keeps the variance from cancelling.
 * Sums of a block of pixels are made in registers and then added to the totals, so that long sums stay exact.
 */
export function normStatistics(
  input: usize,
  partials: usize,
  pixels: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const block = pixelsOfBlock(channels);
  for (let n = begin; n < end; n++) {
    const image = input + (n as usize) * (pixels as usize) * row;
    const sums = partials + ((n as usize) << 1) * row;
    memory.fill(sums, 0, row << 1);
    for (let first = 0; first < pixels; first += block) {
      const last = min(first + block, pixels);
      for (let c = 0; c < channels; c += 4) {
        differenceSums(image + ((c as usize) << 2), sums, row, c, channels, first, last);
      }
    }
    finishStatistics(image, sums, pixels, channels);
  }
}

function differenceSums(
  column: usize,
  sums: usize,
  row: usize,
  c: i32,
  channels: i32,
  first: i32,
  last: i32,
): void {
  const lanes = min(4, channels - c);
  const shift = loadPartial(column, lanes);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let q0 = f32x4.splat(0);
  let q1 = f32x4.splat(0);
  let at = column + (first as usize) * row;
  let p = first;
  if (lanes === 4) {
    for (; p + 1 < last; p += 2, at += row << 1) {
      const a = f32x4.sub(v128.load(at), shift);
      const b = f32x4.sub(v128.load(at + row), shift);
      s0 = f32x4.add(s0, a);
      s1 = f32x4.add(s1, b);
      q0 = madd(a, a, q0);
      q1 = madd(b, b, q1);
    }
  }
  for (; p < last; p++, at += row) {
    const a = f32x4.sub(loadPartial(at, lanes), shift);
    s0 = f32x4.add(s0, a);
    q0 = madd(a, a, q0);
  }
  flushSums(sums, row, c, lanes, f32x4.add(s0, s1), f32x4.add(q0, q1));
}

/** From sums of differences to the mean and the sum of squares around it. */
function finishStatistics(image: usize, sums: usize, pixels: i32, channels: i32): void {
  const count = pixels as f64;
  for (let c = 0; c < channels; c++) {
    const at = sums + ((c as usize) << 2);
    const squaresAt = at + ((channels as usize) << 2);
    const sum = load<f32>(at) as f64;
    const squares = (load<f32>(squaresAt) as f64) - (sum * sum) / count;
    store<f32>(at, ((load<f32>(image + ((c as usize) << 2)) as f64) + sum / count) as f32);
    store<f32>(squaresAt, (squares > 0 ? squares : 0) as f32);
  }
}

export function normFinish(
  partials: usize,
  gamma: usize,
  beta: usize,
  runningMean: usize,
  runningVariance: usize,
  coefficients: usize,
  images: i32,
  pixels: i32,
  channels: i32,
  affine: i32,
  epsilon: f32,
  momentum: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const count = (images as f64) * (pixels as f64);
  for (let c = begin; c < end; c++) {
    const offset = (c as usize) << 2;
    const column = partials + offset;
    let sum: f64 = 0;
    for (let n = 0; n < images; n++) sum += load<f32>(column + ((n as usize) << 1) * row) as f64;
    const mean = sum / (images as f64);
    let squares: f64 = 0;
    for (let n = 0; n < images; n++) {
      const at = column + ((n as usize) << 1) * row;
      const apart = (load<f32>(at) as f64) - mean;
      squares += (load<f32>(at + row) as f64) + (pixels as f64) * apart * apart;
    }
    const variance = squares / count;
    const unbiased = count > 1 ? squares / (count - 1) : variance;
    blend(runningMean + offset, mean, momentum);
    blend(runningVariance + offset, unbiased, momentum);
    const inverse = 1 / sqrt<f64>(variance + (epsilon as f64));
    const scale = (affine ? (load<f32>(gamma + offset) as f64) : 1) * inverse;
    const start = affine ? (load<f32>(beta + offset) as f64) : 0;
    store<f32>(coefficients + offset, scale as f32);
    store<f32>(coefficients + row + offset, (start - mean * scale) as f32);
    store<f32>(coefficients + 2 * row + offset, mean as f32);
    store<f32>(coefficients + 3 * row + offset, inverse as f32);
  }
}

function blend(at: usize, value: f64, momentum: f32): void {
  const before = load<f32>(at) as f64;
  store<f32>(at, (before + (momentum as f64) * (value - before)) as f32);
}

function normActivatePass<A>(
  input: usize,
  coefficients: usize,
  output: usize,
  pixels: i32,
  channels: i32,
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const whole = channels & ~3;
  let at = (begin as usize) * (pixels as usize) * row;
  const last = (end as usize) * (pixels as usize) * row;
  for (; at < last; at += row) {
    for (let c = 0; c < whole; c += 4) {
      const o = (c as usize) << 2;
      const x = v128.load(input + at + o);
      const z = madd(x, v128.load(coefficients + o), v128.load(coefficients + row + o));
      v128.store(output + at + o, changetype<A>(0).forward(z, activation, parameter));
    }
    if (whole === channels) continue;
    const o = (whole as usize) << 2;
    const lanes = channels - whole;
    const x = loadPartial(input + at + o, lanes);
    const scale = loadPartial(coefficients + o, lanes);
    const z = madd(x, scale, loadPartial(coefficients + row + o, lanes));
    storePartial(output + at + o, changetype<A>(0).forward(z, activation, parameter), lanes);
  }
}

export function normActivate(
  input: usize,
  coefficients: usize,
  output: usize,
  pixels: i32,
  channels: i32,
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  if (activation === IDENTITY)
    normActivatePass<Identity>(
      input,
      coefficients,
      output,
      pixels,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === RELU)
    normActivatePass<Relu>(
      input,
      coefficients,
      output,
      pixels,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === RELU6)
    normActivatePass<Relu6>(
      input,
      coefficients,
      output,
      pixels,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === HARD_SWISH)
    normActivatePass<HardSwish>(
      input,
      coefficients,
      output,
      pixels,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else
    normActivatePass<Any>(
      input,
      coefficients,
      output,
      pixels,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
}

function normGradientSumsPass<A>(
  input: usize,
  gradient: usize,
  coefficients: usize,
  partials: usize,
  pixels: i32,
  channels: i32,
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const block = pixelsOfBlock(channels);
  for (let n = begin; n < end; n++) {
    const image = (n as usize) * (pixels as usize) * row;
    const sums = partials + ((n as usize) << 1) * row;
    memory.fill(sums, 0, row << 1);
    for (let first = 0; first < pixels; first += block) {
      const last = min(first + block, pixels);
      for (let c = 0; c < channels; c += 4) {
        const o = (c as usize) << 2;
        const lanes = min(4, channels - c);
        const scale = loadPartial(coefficients + o, lanes);
        const shift = loadPartial(coefficients + row + o, lanes);
        const mean = loadPartial(coefficients + 2 * row + o, lanes);
        let s = f32x4.splat(0);
        let q = f32x4.splat(0);
        let at = image + o + (first as usize) * row;
        for (let p = first; p < last; p++, at += row) {
          const x = lanes === 4 ? v128.load(input + at) : loadPartial(input + at, lanes);
          const dy = lanes === 4 ? v128.load(gradient + at) : loadPartial(gradient + at, lanes);
          const dz = changetype<A>(0).backward(madd(x, scale, shift), dy, activation, parameter);
          s = f32x4.add(s, dz);
          q = madd(dz, f32x4.sub(x, mean), q);
        }
        const inverse = loadPartial(coefficients + 3 * row + o, lanes);
        flushSums(sums, row, c, lanes, s, f32x4.mul(q, inverse));
      }
    }
  }
}

export function normGradientSums(
  input: usize,
  gradient: usize,
  coefficients: usize,
  partials: usize,
  pixels: i32,
  channels: i32,
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  if (activation === IDENTITY)
    normGradientSumsPass<Identity>(
      input,
      gradient,
      coefficients,
      partials,
      pixels,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === RELU)
    normGradientSumsPass<Relu>(
      input,
      gradient,
      coefficients,
      partials,
      pixels,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === RELU6)
    normGradientSumsPass<Relu6>(
      input,
      gradient,
      coefficients,
      partials,
      pixels,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === HARD_SWISH)
    normGradientSumsPass<HardSwish>(
      input,
      gradient,
      coefficients,
      partials,
      pixels,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else
    normGradientSumsPass<Any>(
      input,
      gradient,
      coefficients,
      partials,
      pixels,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
}

export function normGradientFinish(
  partials: usize,
  coefficients: usize,
  gammaGradient: usize,
  betaGradient: usize,
  gradientCoefficients: usize,
  images: i32,
  pixels: i32,
  channels: i32,
  store_: i32,
  accumulate: i32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const count = (images as f64) * (pixels as f64);
  for (let c = begin; c < end; c++) {
    const offset = (c as usize) << 2;
    let sum: f64 = 0;
    let product: f64 = 0;
    for (let n = 0; n < images; n++) {
      const at = partials + offset + ((n as usize) << 1) * row;
      sum += load<f32>(at) as f64;
      product += load<f32>(at + row) as f64;
    }
    if (store_) {
      const beta = accumulate ? (load<f32>(betaGradient + offset) as f64) : 0;
      const gamma = accumulate ? (load<f32>(gammaGradient + offset) as f64) : 0;
      store<f32>(betaGradient + offset, (beta + sum) as f32);
      store<f32>(gammaGradient + offset, (gamma + product) as f32);
    }
    const scale = load<f32>(coefficients + offset) as f64;
    const mean = load<f32>(coefficients + 2 * row + offset) as f64;
    const inverse = load<f32>(coefficients + 3 * row + offset) as f64;
    const slope = (-scale * inverse * product) / count;
    store<f32>(gradientCoefficients + offset, scale as f32);
    store<f32>(gradientCoefficients + row + offset, slope as f32);
    store<f32>(
      gradientCoefficients + 2 * row + offset,
      ((-scale * sum) / count - slope * mean) as f32,
    );
  }
}

function normInputGradientPass<A>(
  input: usize,
  gradient: usize,
  coefficients: usize,
  gradientCoefficients: usize,
  inputGradient: usize,
  pixels: i32,
  channels: i32,
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  let at = (begin as usize) * (pixels as usize) * row;
  const last = (end as usize) * (pixels as usize) * row;
  for (; at < last; at += row) {
    for (let c = 0; c < channels; c += 4) {
      const o = (c as usize) << 2;
      const lanes = min(4, channels - c);
      if (lanes === 4) {
        const x = v128.load(input + at + o);
        const z = madd(x, v128.load(coefficients + o), v128.load(coefficients + row + o));
        const dz = changetype<A>(0).backward(
          z,
          v128.load(gradient + at + o),
          activation,
          parameter,
        );
        const rest = madd(
          x,
          v128.load(gradientCoefficients + row + o),
          v128.load(gradientCoefficients + 2 * row + o),
        );
        v128.store(inputGradient + at + o, madd(dz, v128.load(gradientCoefficients + o), rest));
        continue;
      }
      const x = loadPartial(input + at + o, lanes);
      const z = madd(
        x,
        loadPartial(coefficients + o, lanes),
        loadPartial(coefficients + row + o, lanes),
      );
      const dz = changetype<A>(0).backward(
        z,
        loadPartial(gradient + at + o, lanes),
        activation,
        parameter,
      );
      const rest = madd(
        x,
        loadPartial(gradientCoefficients + row + o, lanes),
        loadPartial(gradientCoefficients + 2 * row + o, lanes),
      );
      storePartial(
        inputGradient + at + o,
        madd(dz, loadPartial(gradientCoefficients + o, lanes), rest),
        lanes,
      );
    }
  }
}

export function normInputGradient(
  input: usize,
  gradient: usize,
  coefficients: usize,
  gradientCoefficients: usize,
  inputGradient: usize,
  pixels: i32,
  channels: i32,
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  if (activation === IDENTITY)
    normInputGradientPass<Identity>(
      input,
      gradient,
      coefficients,
      gradientCoefficients,
      inputGradient,
      pixels,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === RELU)
    normInputGradientPass<Relu>(
      input,
      gradient,
      coefficients,
      gradientCoefficients,
      inputGradient,
      pixels,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === RELU6)
    normInputGradientPass<Relu6>(
      input,
      gradient,
      coefficients,
      gradientCoefficients,
      inputGradient,
      pixels,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === HARD_SWISH)
    normInputGradientPass<HardSwish>(
      input,
      gradient,
      coefficients,
      gradientCoefficients,
      inputGradient,
      pixels,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else
    normInputGradientPass<Any>(
      input,
      gradient,
      coefficients,
      gradientCoefficients,
      inputGradient,
      pixels,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
}

export function normCoefficients(
  gamma: usize,
  beta: usize,
  mean: usize,
  variance: usize,
  coefficients: usize,
  channels: i32,
  affine: i32,
  epsilon: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  for (let c = begin; c < end; c++) {
    const offset = (c as usize) << 2;
    const m = load<f32>(mean + offset);
    const inverse: f32 = 1 / sqrt<f32>(load<f32>(variance + offset) + epsilon);
    const scale: f32 = (affine ? load<f32>(gamma + offset) : 1) * inverse;
    const start: f32 = affine ? load<f32>(beta + offset) : 0;
    store<f32>(coefficients + offset, scale);
    store<f32>(coefficients + row + offset, start - m * scale);
    store<f32>(coefficients + 2 * row + offset, m);
    store<f32>(coefficients + 3 * row + offset, inverse);
  }
}
