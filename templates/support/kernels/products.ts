/**
 * Convolutions on packed weights: panels of 8 output channels, each a row of initial values (the bias), then a row for
 * each value that is summed over. Eight sums at once stay in registers, and each input is read once a panel.
 */
import type { KernelFactory } from '../types.ts';

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

export const pointwise: KernelFactory = (f) => {
  const sums = new Float64Array(8);
  return (input, packed, output, pixels, inChannels, outChannels) => {
    let panel = packed! >> 2;
    for (let first = 0; first < outChannels!; first += 8, panel += (inChannels! + 1) * 8) {
      const lanes = Math.min(8, outChannels! - first);
      for (let p = 0; p < pixels!; p++) {
        for (let j = 0; j < 8; j++) sums[j] = f[panel + j]!;
        addProducts(f, sums, (input! >> 2) + p * inChannels!, panel + 8, inChannels!);
        const to = (output! >> 2) + p * outChannels! + first;
        for (let j = 0; j < lanes; j++) f[to + j] = sums[j]!;
      }
    }
  };
};

export const convolution: KernelFactory = (f) => {
  const sums = new Float64Array(8);
  return (
    input,
    packed,
    output,
    _scratch,
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
  ) => {
    const perGroup = inChannels! / groups!;
    const channels = outChannels! / groups!;
    const depth = kernelHeight! * kernelWidth! * perGroup;
    let panel = packed! >> 2;
    for (let g = 0; g < groups!; g++) {
      for (let first = 0; first < channels; first += 8, panel += (depth + 1) * 8) {
        const lanes = Math.min(8, channels - first);
        for (let oy = 0; oy < outHeight!; oy++) {
          for (let ox = 0; ox < outWidth!; ox++) {
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
            const to = (output! >> 2) + (oy * outWidth! + ox) * outChannels! + g * channels + first;
            for (let j = 0; j < lanes; j++) f[to + j] = sums[j]!;
          }
        }
      }
    }
  };
};

export const depthwise: KernelFactory =
  (f) =>
  (
    input,
    weights,
    bias,
    output,
    inHeight,
    inWidth,
    inChannels,
    outHeight,
    outWidth,
    multiplier,
    kernelHeight,
    kernelWidth,
    strideY,
    strideX,
    dilationY,
    dilationX,
    padTop,
    padLeft,
    hasBias,
  ) => {
    const channels = inChannels! * multiplier!;
    let to = output! >> 2;
    for (let oy = 0; oy < outHeight!; oy++) {
      for (let ox = 0; ox < outWidth!; ox++, to += channels) {
        for (let c = 0; c < channels; c++) f[to + c] = hasBias ? f[(bias! >> 2) + c]! : 0;
        for (let ky = 0; ky < kernelHeight!; ky++) {
          const y = oy * strideY! + ky * dilationY! - padTop!;
          if (y < 0 || y >= inHeight!) continue;
          for (let kx = 0; kx < kernelWidth!; kx++) {
            const x = ox * strideX! + kx * dilationX! - padLeft!;
            if (x < 0 || x >= inWidth!) continue;
            const from = (input! >> 2) + (y * inWidth! + x) * inChannels!;
            const row = (weights! >> 2) + (ky * kernelWidth! + kx) * channels;
            if (multiplier === 1) {
              for (let c = 0; c < channels; c++)
                f[to + c] = f[to + c]! + f[from + c]! * f[row + c]!;
            } else {
              for (let c = 0; c < channels; c++) {
                f[to + c] = f[to + c]! + f[from + ((c / multiplier!) | 0)]! * f[row + c]!;
              }
            }
          }
        }
      }
    }
  };
