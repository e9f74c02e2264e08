/**
 * Convolutions on packed weights: panels of 8 output channels, each a row of initial values (the bias), then a row for
 * each value that is summed over. Eight sums at once stay in registers, and each input is read once a panel.
 */
import type { KernelFactory } from '../types.ts';
import { activate } from './activate.ts';

/** Sums that a product starts from and ends with; one array, so that nothing is allocated. */
function addProducts(
  f: Float32Array,
  sums: Float64Array,
  input: number,
  weights: number,
  count: number,
): void {
  let s0 = sums[0]!;
  let s1 = sums[1]!;
  let s2 = sums[2]!;
  let s3 = sums[3]!;
  let s4 = sums[4]!;
  let s5 = sums[5]!;
  let s6 = sums[6]!;
  let s7 = sums[7]!;
  for (let k = 0, w = weights; k < count; k++, w += 8) {
    const x = f[input + k]!;
    s0 += x * f[w]!;
    s1 += x * f[w + 1]!;
    s2 += x * f[w + 2]!;
    s3 += x * f[w + 3]!;
    s4 += x * f[w + 4]!;
    s5 += x * f[w + 5]!;
    s6 += x * f[w + 6]!;
    s7 += x * f[w + 7]!;
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
  sums[4] = s4;
  sums[5] = s5;
  sums[6] = s6;
  sums[7] = s7;
}

/** Activates `count` values in place. */
export function activateAll(
  f: Float32Array,
  from: number,
  count: number,
  code: number,
  parameter: number,
): void {
  if (code === 0) return;
  for (let i = from; i < from + count; i++) f[i] = activate(f[i]!, code, parameter);
}

/** The largest of 2x2 windows: a line of the result of two lines of so many pixels. */
function halveLines(
  f: Float32Array,
  from: number,
  to: number,
  width: number,
  channels: number,
): void {
  const below = width * channels;
  for (let x = 0; x < width; x += 2, from += 2 * channels) {
    for (let c = 0; c < channels; c++, to++) {
      const at = from + c;
      const upper = Math.max(f[at]!, f[at + channels]!);
      f[to] = Math.max(upper, f[at + below]!, f[at + below + channels]!);
    }
  }
}

/**
 * Runs `lines(first, last, to)` over an image, two lines at a time through `strip` where they are pooled; `to` is where
 * line `first` goes.
 */
function throughPool(
  f: Float32Array,
  [output, strip]: readonly [number, number],
  [height, width, channels]: readonly [number, number, number],
  pool: number,
  lines: (first: number, last: number, to: number) => void,
): void {
  if (!pool) {
    lines(0, height, output);
    return;
  }
  for (let y = 0; y < height; y += 2) {
    lines(y, y + 2, strip);
    halveLines(f, strip, output + (y >> 1) * (width >> 1) * channels, width, channels);
  }
}

/** `pixels` rows of `inChannels` values each; places are those of values, not of bytes. */
function multiply(
  f: Float32Array,
  sums: Float64Array,
  input: number,
  packed: number,
  output: number,
  pixels: number,
  inChannels: number,
  outChannels: number,
): void {
  let panel = packed;
  for (let first = 0; first < outChannels; first += 8, panel += (inChannels + 1) * 8) {
    const lanes = Math.min(8, outChannels - first);
    for (let p = 0; p < pixels; p++) {
      for (let j = 0; j < 8; j++) sums[j] = f[panel + j]!;
      addProducts(f, sums, input + p * inChannels, panel + 8, inChannels);
      const to = output + p * outChannels + first;
      for (let j = 0; j < lanes; j++) f[to + j] = sums[j]!;
    }
  }
}

export const pointwiseActivate: KernelFactory = (f) => {
  const sums = new Float64Array(8);
  return (
    input,
    packed,
    output,
    scratch,
    height,
    width,
    inChannels,
    outChannels,
    activation,
    parameter,
    pool,
  ) => {
    const places = [output! >> 2, scratch! >> 2] as const;
    throughPool(f, places, [height!, width!, outChannels!], pool!, (first, last, to) => {
      const pixels = (last - first) * width!;
      const from = (input! >> 2) + first * width! * inChannels!;
      multiply(f, sums, from, packed! >> 2, to, pixels, inChannels!, outChannels!);
      activateAll(f, to, pixels * outChannels!, activation!, parameter!);
    });
  };
};

export const convolveActivate: KernelFactory = (f) => {
  const sums = new Float64Array(8);
  return (
    input,
    packed,
    output,
    scratch,
    inHeight,
    inWidth,
    inChannels,
    outHeight,
    outWidth,
    outChannels,
    kernelHeight,
    kernelWidth,
    strideY,
    strideX,
    dilationY,
    dilationX,
    padTop,
    padLeft,
    groups,
    activation,
    parameter,
    pool,
  ) => {
    const perGroup = inChannels! / groups!;
    const channels = outChannels! / groups!;
    const depth = kernelHeight! * kernelWidth! * perGroup;
    const places = [output! >> 2, scratch! >> 2] as const;
    throughPool(f, places, [outHeight!, outWidth!, outChannels!], pool!, (top, bottom, target) => {
      let panel = packed! >> 2;
      for (let g = 0; g < groups!; g++) {
        for (let first = 0; first < channels; first += 8, panel += (depth + 1) * 8) {
          const lanes = Math.min(8, channels - first);
          let to = target + g * channels + first;
          for (let oy = top; oy < bottom; oy++) {
            for (let ox = 0; ox < outWidth!; ox++, to += outChannels!) {
              for (let j = 0; j < 8; j++) sums[j] = f[panel + j]!;
              for (let ky = 0; ky < kernelHeight!; ky++) {
                const y = oy * strideY! + ky * dilationY! - padTop!;
                if (y < 0 || y >= inHeight!) continue;
                for (let kx = 0; kx < kernelWidth!; kx++) {
                  const x = ox * strideX! + kx * dilationX! - padLeft!;
                  if (x < 0 || x >= inWidth!) continue;
                  const from = (input! >> 2) + (y * inWidth! + x) * inChannels! + g * perGroup;
                  const row = 1 + (ky * kernelWidth! + kx) * perGroup;
                  addProducts(f, sums, from, panel + row * 8, perGroup);
                }
              }
              for (let j = 0; j < lanes; j++) f[to + j] = sums[j]!;
            }
          }
        }
      }
      const count = (bottom - top) * outWidth! * outChannels!;
      activateAll(f, target, count, activation!, parameter!);
    });
  };
};
