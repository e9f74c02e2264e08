/** As runtime/kernels/plain/batch-norm-pool.ts says: the largest of four is found by comparing, without branches. */
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

function normActivatePoolPass<A>(
  input: usize,
  coefficients: usize,
  output: usize,
  height: i32,
  width: i32,
  channels: i32,
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const line = (width as usize) * row;
  const pooledHeight = height >> 1;
  const pooledWidth = width >> 1;
  let to = output + (begin as usize) * (pooledHeight as usize) * (pooledWidth as usize) * row;
  for (let y = begin * pooledHeight; y < end * pooledHeight; y++) {
    let from = input + (y as usize) * 2 * line;
    for (let x = 0; x < pooledWidth; x++, from += row << 1, to += row) {
      for (let c = 0; c < channels; c += 4) {
        const o = (c as usize) << 2;
        const lanes = min(4, channels - c);
        const scale = loadPartial(coefficients + o, lanes);
        const shift = loadPartial(coefficients + row + o, lanes);
        const a = from + o;
        const v0 = changetype<A>(0).forward(
          madd(loadPartial(a, lanes), scale, shift),
          activation,
          parameter,
        );
        const v1 = changetype<A>(0).forward(
          madd(loadPartial(a + row, lanes), scale, shift),
          activation,
          parameter,
        );
        const v2 = changetype<A>(0).forward(
          madd(loadPartial(a + line, lanes), scale, shift),
          activation,
          parameter,
        );
        const v3 = changetype<A>(0).forward(
          madd(loadPartial(a + line + row, lanes), scale, shift),
          activation,
          parameter,
        );
        storePartial(to + o, largest(largest(v0, v1), largest(v2, v3)), lanes);
      }
    }
  }
}

export function normActivatePool(
  input: usize,
  coefficients: usize,
  output: usize,
  height: i32,
  width: i32,
  channels: i32,
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  if (activation === IDENTITY)
    normActivatePoolPass<Identity>(
      input,
      coefficients,
      output,
      height,
      width,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === RELU)
    normActivatePoolPass<Relu>(
      input,
      coefficients,
      output,
      height,
      width,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === RELU6)
    normActivatePoolPass<Relu6>(
      input,
      coefficients,
      output,
      height,
      width,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === HARD_SWISH)
    normActivatePoolPass<HardSwish>(
      input,
      coefficients,
      output,
      height,
      width,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else
    normActivatePoolPass<Any>(
      input,
      coefficients,
      output,
      height,
      width,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
}

/** A NaN on either side stays. */
function largest(a: v128, b: v128): v128 {
  return f32x4.max(a, b);
}

function normPoolGradientSumsPass<A>(
  input: usize,
  gradient: usize,
  coefficients: usize,
  partials: usize,
  height: i32,
  width: i32,
  channels: i32,
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const pooled = (height >> 1) * (width >> 1);
  const block = pixelsOfBlock(channels);
  for (let n = begin; n < end; n++) {
    const sums = partials + ((n as usize) << 1) * row;
    memory.fill(sums, 0, row << 1);
    const image = input + (n as usize) * (height as usize) * (width as usize) * row;
    const pooledImage = gradient + (n as usize) * (pooled as usize) * row;
    for (let first = 0; first < pooled; first += block) {
      const last = min(first + block, pooled);
      for (let c = 0; c < channels; c += 4) {
        const o = (c as usize) << 2;
        poolSums<A>(
          image + o,
          pooledImage + o,
          coefficients,
          sums,
          width,
          c,
          channels,
          activation,
          parameter,
          first,
          last,
        );
      }
    }
  }
}

export function normPoolGradientSums(
  input: usize,
  gradient: usize,
  coefficients: usize,
  partials: usize,
  height: i32,
  width: i32,
  channels: i32,
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  if (activation === IDENTITY)
    normPoolGradientSumsPass<Identity>(
      input,
      gradient,
      coefficients,
      partials,
      height,
      width,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === RELU)
    normPoolGradientSumsPass<Relu>(
      input,
      gradient,
      coefficients,
      partials,
      height,
      width,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === RELU6)
    normPoolGradientSumsPass<Relu6>(
      input,
      gradient,
      coefficients,
      partials,
      height,
      width,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === HARD_SWISH)
    normPoolGradientSumsPass<HardSwish>(
      input,
      gradient,
      coefficients,
      partials,
      height,
      width,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else
    normPoolGradientSumsPass<Any>(
      input,
      gradient,
      coefficients,
      partials,
      height,
      width,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
}

function poolSums<A>(
  image: usize,
  gradient: usize,
  coefficients: usize,
  sums: usize,
  width: i32,
  c: i32,
  channels: i32,
  activation: i32,
  parameter: f32,
  first: i32,
  last: i32,
): void {
  const row = (channels as usize) << 2;
  const line = (width as usize) * row;
  const pooledWidth = width >> 1;
  const o = (c as usize) << 2;
  const lanes = min(4, channels - c);
  const scale = loadPartial(coefficients + o, lanes);
  const shift = loadPartial(coefficients + row + o, lanes);
  const mean = loadPartial(coefficients + 2 * row + o, lanes);
  let s = f32x4.splat(0);
  let q = f32x4.splat(0);
  let x = first % pooledWidth;
  let y = first / pooledWidth;
  for (let p = first; p < last; p++) {
    const a = image + (y as usize) * 2 * line + (x as usize) * (row << 1);
    const x0 = loadPartial(a, lanes);
    const x1 = loadPartial(a + row, lanes);
    const x2 = loadPartial(a + line, lanes);
    const x3 = loadPartial(a + line + row, lanes);
    let best = changetype<A>(0).forward(madd(x0, scale, shift), activation, parameter);
    let from = x0;
    const v1 = changetype<A>(0).forward(madd(x1, scale, shift), activation, parameter);
    from = v128.bitselect(x1, from, f32x4.gt(v1, best));
    best = f32x4.max(best, v1);
    const v2 = changetype<A>(0).forward(madd(x2, scale, shift), activation, parameter);
    from = v128.bitselect(x2, from, f32x4.gt(v2, best));
    best = f32x4.max(best, v2);
    const v3 = changetype<A>(0).forward(madd(x3, scale, shift), activation, parameter);
    from = v128.bitselect(x3, from, f32x4.gt(v3, best));
    const dy = loadPartial(gradient + (p as usize) * row, lanes);
    const dz = changetype<A>(0).backward(madd(from, scale, shift), dy, activation, parameter);
    s = f32x4.add(s, dz);
    q = madd(dz, f32x4.sub(from, mean), q);
    if (++x === pooledWidth) {
      x = 0;
      y++;
    }
  }
  const inverse = loadPartial(coefficients + 3 * row + o, lanes);
  flushSums(sums, row, c, lanes, s, f32x4.mul(q, inverse));
}

function normPoolInputGradientPass<A>(
  input: usize,
  gradient: usize,
  coefficients: usize,
  gradientCoefficients: usize,
  inputGradient: usize,
  height: i32,
  width: i32,
  channels: i32,
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const line = (width as usize) * row;
  const pooledHeight = height >> 1;
  const pooledWidth = width >> 1;
  let dy = gradient + (begin as usize) * (pooledHeight as usize) * (pooledWidth as usize) * row;
  for (let y = begin * pooledHeight; y < end * pooledHeight; y++) {
    let at = (y as usize) * 2 * line;
    for (let x = 0; x < pooledWidth; x++, at += row << 1, dy += row) {
      for (let c = 0; c < channels; c += 4) {
        const o = (c as usize) << 2;
        spread<A>(
          input + at + o,
          loadPartial(dy + o, min(4, channels - c)),
          coefficients + o,
          gradientCoefficients + o,
          inputGradient + at + o,
          row,
          line,
          min(4, channels - c),
          activation,
          parameter,
        );
      }
    }
  }
}

export function normPoolInputGradient(
  input: usize,
  gradient: usize,
  coefficients: usize,
  gradientCoefficients: usize,
  inputGradient: usize,
  height: i32,
  width: i32,
  channels: i32,
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  if (activation === IDENTITY)
    normPoolInputGradientPass<Identity>(
      input,
      gradient,
      coefficients,
      gradientCoefficients,
      inputGradient,
      height,
      width,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === RELU)
    normPoolInputGradientPass<Relu>(
      input,
      gradient,
      coefficients,
      gradientCoefficients,
      inputGradient,
      height,
      width,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === RELU6)
    normPoolInputGradientPass<Relu6>(
      input,
      gradient,
      coefficients,
      gradientCoefficients,
      inputGradient,
      height,
      width,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else if (activation === HARD_SWISH)
    normPoolInputGradientPass<HardSwish>(
      input,
      gradient,
      coefficients,
      gradientCoefficients,
      inputGradient,
      height,
      width,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
  else
    normPoolInputGradientPass<Any>(
      input,
      gradient,
      coefficients,
      gradientCoefficients,
      inputGradient,
      height,
      width,
      channels,
      activation,
      parameter,
      begin,
      end,
    );
}

/** The gradient of one window goes to its largest input; the others get what the norm alone gives them. */
function spread<A>(
  a: usize,
  dy: v128,
  coefficients: usize,
  gradientCoefficients: usize,
  to: usize,
  row: usize,
  line: usize,
  lanes: i32,
  activation: i32,
  parameter: f32,
): void {
  const scale = loadPartial(coefficients, lanes);
  const shift = loadPartial(coefficients + row, lanes);
  const g0 = loadPartial(gradientCoefficients, lanes);
  const g1 = loadPartial(gradientCoefficients + row, lanes);
  const g2 = loadPartial(gradientCoefficients + 2 * row, lanes);
  const x0 = loadPartial(a, lanes);
  const x1 = loadPartial(a + row, lanes);
  const x2 = loadPartial(a + line, lanes);
  const x3 = loadPartial(a + line + row, lanes);
  const v0 = changetype<A>(0).forward(madd(x0, scale, shift), activation, parameter);
  const v1 = changetype<A>(0).forward(madd(x1, scale, shift), activation, parameter);
  const v2 = changetype<A>(0).forward(madd(x2, scale, shift), activation, parameter);
  const v3 = changetype<A>(0).forward(madd(x3, scale, shift), activation, parameter);
  const won1 = f32x4.gt(v1, v0);
  const best1 = f32x4.max(v0, v1);
  const won2 = f32x4.gt(v2, best1);
  const best2 = f32x4.max(best1, v2);
  const won3 = f32x4.gt(v3, best2);
  const later2 = v128.or(won2, won3);
  let from = v128.bitselect(x1, x0, won1);
  from = v128.bitselect(x2, from, won2);
  from = v128.bitselect(x3, from, won3);
  const dz = f32x4.mul(
    changetype<A>(0).backward(madd(from, scale, shift), dy, activation, parameter),
    g0,
  );
  const d0 = v128.andnot(dz, v128.or(won1, later2));
  const d1 = v128.andnot(v128.and(dz, won1), later2);
  const d2 = v128.andnot(v128.and(dz, won2), won3);
  const d3 = v128.and(dz, won3);
  storePartial(to, f32x4.add(d0, madd(x0, g1, g2)), lanes);
  storePartial(to + row, f32x4.add(d1, madd(x1, g1, g2)), lanes);
  storePartial(to + line, f32x4.add(d2, madd(x2, g1, g2)), lanes);
  storePartial(to + line + row, f32x4.add(d3, madd(x3, g1, g2)), lanes);
}
