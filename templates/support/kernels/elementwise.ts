import type { KernelFactory } from '../types.ts';

export const addTensors: KernelFactory = (f) => (a, b, output, size) => {
  for (let i = 0; i < size!; i++) f[(output! >> 2) + i] = f[(a! >> 2) + i]! + f[(b! >> 2) + i]!;
};

export const multiplyTensors: KernelFactory = (f) => (a, b, output, size) => {
  for (let i = 0; i < size!; i++) f[(output! >> 2) + i] = f[(a! >> 2) + i]! * f[(b! >> 2) + i]!;
};

export const scaleChannels: KernelFactory = (f) => (input, factors, output, pixels, channels) => {
  for (let p = 0, i = 0; p < pixels!; p++) {
    for (let c = 0; c < channels!; c++, i++) {
      f[(output! >> 2) + i] = f[(input! >> 2) + i]! * f[(factors! >> 2) + c]!;
    }
  }
};

export const copyChannels: KernelFactory =
  (f) =>
  (input, output, pixels, count, inputChannels, inputFrom, outputChannels, outputFrom, clear) => {
    const target = output! >> 2;
    if (clear) f.fill(0, target, target + pixels! * outputChannels!);
    for (let p = 0; p < pixels!; p++) {
      const from = (input! >> 2) + p * inputChannels! + inputFrom!;
      const to = target + p * outputChannels! + outputFrom!;
      for (let c = 0; c < count!; c++) f[to + c] = f[from + c]!;
    }
  };

export const shuffleChannels: KernelFactory = (f) => (input, output, pixels, channels, groups) => {
  const each = channels! / groups!;
  for (let p = 0; p < pixels!; p++) {
    for (let g = 0, from = (input! >> 2) + p * channels!; g < groups!; g++) {
      const to = (output! >> 2) + p * channels! + g;
      for (let j = 0; j < each; j++, from++) f[to + j * groups!] = f[from]!;
    }
  }
};

/** The image in a frame of zeros; networks never take a frame off. */
export const frameImage: KernelFactory =
  (f) => (input, output, height, width, channels, top, bottom, left, right) => {
    const target = output! >> 2;
    f.fill(0, target, target + height! * width! * channels!);
    const rows = height! - top! - bottom!;
    const row = (width! - left! - right!) * channels!;
    for (let y = 0; y < rows; y++) {
      const from = (input! >> 2) + y * row;
      const to = target + ((y + top!) * width! + left!) * channels!;
      for (let i = 0; i < row; i++) f[to + i] = f[from + i]!;
    }
  };
