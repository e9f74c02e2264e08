/**
 * The arithmetic of int8 inference: activations are bytes, weights from -127 to 127, sums whole numbers.
 * They become bytes again by single float32 operations, each rounded by Math.fround: a double of two floats' sum or
 * product rounds to the float that float32 arithmetic gives (Figueroa 1995), so that these are the bits of WASM.
 */
import type { KernelFactory } from '../types.ts';

export const byteModes = { clamp: 0, hardSwish: 1, table: 2, floats: 3 } as const;

/** 1.5 * 2^23: floats of this size hold whole numbers only, so that adding it rounds, ties to even. */
const magic = 12582912;

/** The whole number nearest to a float, from `low` to `high`. */
export function toRange(x: number, low: number, high: number): number {
  const above = Math.max(x, low);
  return Math.fround(Math.min(high, above) + magic) - magic;
}

/** A sum of products to a whole number from `low` to `high`, through hardSwish if that is the mode. */
export function finishSum(
  sum: number,
  scale: number,
  zero: number,
  factor: number,
  mode: number,
  low: number,
  high: number,
): number {
  let x = Math.fround(Math.fround(sum) * scale);
  if (mode === byteModes.hardSwish) {
    const gate = Math.fround(x + 3);
    x = Math.fround(x * (gate < 0 ? 0 : Math.min(gate, 6)));
    x = Math.fround(x * factor);
  }
  return toRange(Math.fround(x + zero), low, high);
}

/**
 * Adds the products of `count` bytes with the weights of eight channels to the sums; the bytes are those from `k` on of
 * their run, which lies at `weights`. Sums are few and stay in variables; engines without a compiler gain most.
 */
function addByteProducts(
  bytes: Uint8Array,
  signed: Int8Array,
  sums: Int32Array,
  from: number,
  weights: number,
  k: number,
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
  const end = k + count;
  for (let i = from; k < end; k++, i++) {
    const x = bytes[i]!;
    const w = weights + ((k >> 2) << 5) + (k & 3);
    s0 = (s0 + x * signed[w]!) | 0;
    s1 = (s1 + x * signed[w + 4]!) | 0;
    s2 = (s2 + x * signed[w + 8]!) | 0;
    s3 = (s3 + x * signed[w + 12]!) | 0;
    s4 = (s4 + x * signed[w + 16]!) | 0;
    s5 = (s5 + x * signed[w + 20]!) | 0;
    s6 = (s6 + x * signed[w + 24]!) | 0;
    s7 = (s7 + x * signed[w + 28]!) | 0;
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

/** A tap that lies outside of the image reads the pixel `outside`. */
export const convolveBytes: KernelFactory = (f) => {
  const bytes = new Uint8Array(f.buffer);
  const signed = new Int8Array(f.buffer);
  const words = new Int32Array(f.buffer);
  const sums = new Int32Array(8);
  return (
    input,
    packed,
    table,
    outside,
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
    mode,
    low,
    high,
  ) => {
    const inGroup = inChannels! / groups!;
    const outGroup = outChannels! / groups!;
    const wide = groups === 1 && dilationX === 1;
    const run = wide ? kernelWidth! * inChannels! : inGroup;
    const runs = wide ? 1 : kernelWidth!;
    const runBytes = ((run + 3) >> 2) * 32;
    const panelBytes = 128 + kernelHeight! * runs * runBytes;
    let panel = packed!;
    for (let g = 0; g < groups!; g++) {
      for (let first = 0; first < outGroup; first += 8, panel += panelBytes) {
        const lanes = Math.min(8, outGroup - first);
        let to = g * outGroup + first;
        for (let oy = 0; oy < outHeight!; oy++) {
          for (let ox = 0; ox < outWidth!; ox++, to += outChannels!) {
            for (let j = 0; j < 8; j++) sums[j] = words[(panel >> 2) + j]!;
            for (let ky = 0; ky < kernelHeight!; ky++) {
              const y = oy * strideY! + ky * dilationY! - padTop!;
              for (let kx = 0; kx < kernelWidth!; kx++) {
                const x = ox * strideX! + kx * dilationX! - padLeft!;
                const inside = y >= 0 && y < inHeight! && x >= 0 && x < inWidth!;
                const pixel = inside ? input! + (y * inWidth! + x) * inChannels! : outside!;
                const weights = panel + 128 + (ky * runs + (wide ? 0 : kx)) * runBytes;
                const start = wide ? kx * inChannels! : 0;
                addByteProducts(bytes, signed, sums, pixel + g * inGroup, weights, start, inGroup);
              }
            }
            for (let j = 0; j < lanes; j++) {
              const scale = f[(panel >> 2) + 8 + j]!;
              if (mode === byteModes.floats) {
                f[(output! >> 2) + to + j] = Math.fround(sums[j]!) * scale;
                continue;
              }
              const zero = f[(panel >> 2) + 16 + j]!;
              const factor = f[(panel >> 2) + 24 + j]!;
              const value = finishSum(sums[j]!, scale, zero, factor, mode!, low!, high!);
              bytes[output! + to + j] = mode === byteModes.table ? bytes[table! + value]! : value;
            }
          }
        }
      }
    }
  };
};

export const depthwiseBytes: KernelFactory = (f) => {
  const bytes = new Uint8Array(f.buffer);
  const signed = new Int8Array(f.buffer);
  const words = new Int32Array(f.buffer);
  const sums = new Int32Array(8);
  return (
    input,
    packed,
    table,
    outside,
    output,
    _scratch,
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
    mode,
    low,
    high,
  ) => {
    const channels = inChannels! * multiplier!;
    const row = (channels + 7) & ~7;
    for (let first = 0, to = output!; first < channels; first += 8, to = output! + first) {
      const lanes = Math.min(8, channels - first);
      for (let oy = 0; oy < outHeight!; oy++) {
        for (let ox = 0; ox < outWidth!; ox++, to += channels) {
          for (let j = 0; j < lanes; j++) sums[j] = words[(packed! >> 2) + first + j]!;
          let w = packed! + 16 * row + first;
          for (let ky = 0; ky < kernelHeight!; ky++) {
            const y = oy * strideY! + ky * dilationY! - padTop!;
            for (let kx = 0; kx < kernelWidth!; kx++, w += row) {
              const x = ox * strideX! + kx * dilationX! - padLeft!;
              const inside = y >= 0 && y < inHeight! && x >= 0 && x < inWidth!;
              const pixel = inside ? input! + (y * inWidth! + x) * inChannels! : outside!;
              for (let j = 0; j < lanes; j++) {
                const channel = multiplier === 1 ? first + j : ((first + j) / multiplier!) | 0;
                sums[j] = sums[j]! + bytes[pixel + channel]! * signed[w + j]!;
              }
            }
          }
          for (let j = 0; j < lanes; j++) {
            const at = (packed! >> 2) + row + first + j;
            const value = finishSum(
              sums[j]!,
              f[at]!,
              f[at + row]!,
              f[at + 2 * row]!,
              mode!,
              low!,
              high!,
            );
            bytes[to + j] = mode === byteModes.table ? bytes[table! + value]! : value;
          }
        }
      }
    }
  };
};
