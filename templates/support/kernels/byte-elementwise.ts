/** What int8 inference does between its products; the arithmetic is that of bytes.ts. */
import type { KernelFactory } from '../types.ts';
import { toRange } from './bytes.ts';

/** x * scale + zero. */
export const quantize: KernelFactory = (f) => {
  const bytes = new Uint8Array(f.buffer);
  return (input, output, size, scale, zero) => {
    for (let i = 0; i < size!; i++) {
      const x = Math.fround(f[(input! >> 2) + i]! * scale!);
      bytes[output! + i] = toRange(Math.fround(x + zero!), 0, 127);
    }
  };
};

/** (q - zero) * scale. */
export const dequantize: KernelFactory = (f) => {
  const bytes = new Uint8Array(f.buffer);
  return (input, output, size, scale, zero) => {
    for (let i = 0; i < size!; i++) {
      f[(output! >> 2) + i] = Math.fround(bytes[input! + i]! - zero!) * scale!;
    }
  };
};

/** a * scaleA + b * scaleB + zero. */
export const addBytes: KernelFactory = (f) => {
  const bytes = new Uint8Array(f.buffer);
  return (a, b, output, size, scaleA, scaleB, zero, low, high) => {
    for (let i = 0; i < size!; i++) {
      const x = Math.fround(bytes[a! + i]! * scaleA!);
      const y = Math.fround(bytes[b! + i]! * scaleB!);
      bytes[output! + i] = toRange(Math.fround(Math.fround(x + y) + zero!), low!, high!);
    }
  };
};

/** (a - zeroA) * (b - zeroB) * scale + zero; b has a value each, or one a channel. */
export const multiplyByteTensors: KernelFactory = (f) => {
  const bytes = new Uint8Array(f.buffer);
  return (a, b, output, pixels, channels, perChannel, zeroA, zeroB, scale, zero) => {
    for (let p = 0, i = 0; p < pixels!; p++) {
      for (let c = 0; c < channels!; c++, i++) {
        const x = Math.fround(bytes[a! + i]! - zeroA!);
        const y = Math.fround(bytes[b! + (perChannel ? c : i)]! - zeroB!);
        const product = Math.fround(Math.fround(x * y) * scale!);
        bytes[output! + i] = toRange(Math.fround(product + zero!), 0, 127);
      }
    }
  };
};

/** q * scale + shift, both of the channel, into some channels of the output's pixels. */
export const affineBytes: KernelFactory = (f) => {
  const bytes = new Uint8Array(f.buffer);
  return (input, coefficients, output, pixels, channels, outputChannels, outputFrom, low, high) => {
    const scales = coefficients! >> 2;
    for (let p = 0, i = input!; p < pixels!; p++) {
      const to = output! + p * outputChannels! + outputFrom!;
      for (let c = 0; c < channels!; c++, i++) {
        const x = Math.fround(bytes[i]! * f[scales + c]!);
        bytes[to + c] = toRange(Math.fround(x + f[scales + channels! + c]!), low!, high!);
      }
    }
  };
};

export const tableBytes: KernelFactory = (f) => {
  const bytes = new Uint8Array(f.buffer);
  return (input, table, output, size) => {
    for (let i = 0; i < size!; i++) bytes[output! + i] = bytes[table! + bytes[input! + i]!]!;
  };
};

export const copyBytes: KernelFactory = (f) => {
  const bytes = new Uint8Array(f.buffer);
  return (input, output, pixels, count, inputChannels, inputFrom) => {
    for (let p = 0, to = output!; p < pixels!; p++) {
      const from = input! + p * inputChannels! + inputFrom!;
      for (let c = 0; c < count!; c++, to++) bytes[to] = bytes[from + c]!;
    }
  };
};

export const shuffleBytes: KernelFactory = (f) => {
  const bytes = new Uint8Array(f.buffer);
  return (input, output, pixels, channels, groups) => {
    const each = channels! / groups!;
    for (let p = 0, from = input!; p < pixels!; p++) {
      for (let g = 0; g < groups!; g++) {
        const to = output! + p * channels! + g;
        for (let j = 0; j < each; j++, from++) bytes[to + j * groups!] = bytes[from]!;
      }
    }
  };
};

/** The image in a frame of `fill`. */
export const frameBytes: KernelFactory = (f) => {
  const bytes = new Uint8Array(f.buffer);
  return (input, output, height, width, channels, top, bottom, left, right, fill) => {
    bytes.fill(fill!, output!, output! + height! * width! * channels!);
    const rows = height! - top! - bottom!;
    const row = (width! - left! - right!) * channels!;
    for (let y = 0; y < rows; y++) {
      const to = output! + ((y + top!) * width! + left!) * channels!;
      bytes.copyWithin(to, input! + y * row, input! + (y + 1) * row);
    }
  };
};

export const maxPoolBytes: KernelFactory = (f) => {
  const bytes = new Uint8Array(f.buffer);
  return (
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
    let to = output!;
    for (let oy = 0; oy < outHeight!; oy++) {
      const top = Math.max(0, oy * strideY! - padTop!);
      const bottom = Math.min(inHeight!, oy * strideY! - padTop! + windowHeight!);
      for (let ox = 0; ox < outWidth!; ox++) {
        const left = Math.max(0, ox * strideX! - padLeft!);
        const right = Math.min(inWidth!, ox * strideX! - padLeft! + windowWidth!);
        for (let c = 0; c < channels!; c++, to++) {
          let best = 0;
          for (let y = top; y < bottom; y++) {
            for (let x = left; x < right; x++) {
              best = Math.max(best, bytes[input! + (y * inWidth! + x) * channels! + c]!);
            }
          }
          bytes[to] = best;
        }
      }
    }
  };
};

/** sum * (scale / places) + zero, where what lies outside is the input's zero. */
export const avgPoolBytes: KernelFactory = (f) => {
  const bytes = new Uint8Array(f.buffer);
  return (
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
    inputZero,
    scale,
    zero,
  ) => {
    let to = output!;
    for (let oy = 0; oy < outHeight!; oy++) {
      const top = Math.max(0, oy * strideY! - padTop!);
      const bottom = Math.min(inHeight!, oy * strideY! - padTop! + windowHeight!);
      for (let ox = 0; ox < outWidth!; ox++) {
        const left = Math.max(0, ox * strideX! - padLeft!);
        const right = Math.min(inWidth!, ox * strideX! - padLeft! + windowWidth!);
        const inside = (bottom - top) * (right - left);
        const factor = Math.fround(scale! / (countPadding ? windowHeight! * windowWidth! : inside));
        for (let c = 0; c < channels!; c++, to++) {
          let sum = -inside * inputZero!;
          for (let y = top; y < bottom; y++) {
            for (let x = left; x < right; x++) {
              sum += bytes[input! + (y * inWidth! + x) * channels! + c]!;
            }
          }
          const mean = Math.fround(Math.fround(sum) * factor);
          bytes[to] = toRange(Math.fround(mean + zero!), 0, 127);
        }
      }
    }
  };
};
