import type { KernelFactory } from '../types.ts';

export const maxPool: KernelFactory =
  (f) =>
  (
    input,
    output,
    inHeight,
    inWidth,
    channels,
    outHeight,
    outWidth,
    windowHeight,
    windowWidth,
    strideY,
    strideX,
    padTop,
    padLeft,
  ) => {
    let to = output! >> 2;
    for (let oy = 0; oy < outHeight!; oy++) {
      for (let ox = 0; ox < outWidth!; ox++, to += channels!) {
        f.fill(Number.NEGATIVE_INFINITY, to, to + channels!);
        for (let dy = 0; dy < windowHeight!; dy++) {
          const y = oy * strideY! + dy - padTop!;
          if (y < 0 || y >= inHeight!) continue;
          for (let dx = 0; dx < windowWidth!; dx++) {
            const x = ox * strideX! + dx - padLeft!;
            if (x < 0 || x >= inWidth!) continue;
            const from = (input! >> 2) + (y * inWidth! + x) * channels!;
            for (let c = 0; c < channels!; c++) {
              if (f[from + c]! > f[to + c]!) f[to + c] = f[from + c]!;
            }
          }
        }
      }
    }
  };

export const avgPool: KernelFactory =
  (f) =>
  (
    input,
    output,
    inHeight,
    inWidth,
    channels,
    outHeight,
    outWidth,
    windowHeight,
    windowWidth,
    strideY,
    strideX,
    padTop,
    padLeft,
    countPadding,
  ) => {
    let to = output! >> 2;
    for (let oy = 0; oy < outHeight!; oy++) {
      const top = Math.max(0, oy * strideY! - padTop!);
      const bottom = Math.min(inHeight!, oy * strideY! - padTop! + windowHeight!);
      for (let ox = 0; ox < outWidth!; ox++, to += channels!) {
        const left = Math.max(0, ox * strideX! - padLeft!);
        const right = Math.min(inWidth!, ox * strideX! - padLeft! + windowWidth!);
        const places = countPadding
          ? windowHeight! * windowWidth!
          : (bottom - top) * (right - left);
        for (let c = 0; c < channels!; c++) {
          let sum = 0;
          for (let y = top; y < bottom; y++) {
            const row = (input! >> 2) + y * inWidth! * channels! + c;
            for (let x = left; x < right; x++) sum += f[row + x * channels!]!;
          }
          f[to + c] = sum / places;
        }
      }
    }
  };

export const globalAvgPool: KernelFactory = (f) => (input, output, pixels, channels) => {
  for (let c = 0; c < channels!; c++) {
    let sum = 0;
    for (let p = 0; p < pixels!; p++) sum += f[(input! >> 2) + p * channels! + c]!;
    f[(output! >> 2) + c] = sum / pixels!;
  }
};
