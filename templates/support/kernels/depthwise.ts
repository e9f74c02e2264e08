/** Depthwise convolutions: their weights as they are, each channel for itself. */
import type { KernelFactory } from '../types.ts';
import { activateAll, pointwiseActivate } from './products.ts';

export const depthwiseActivate: KernelFactory =
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
    activation,
    parameter,
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
    activateAll(f, output! >> 2, to - (output! >> 2), activation!, parameter!);
  };

/** Line by line, the depthwise lines in the scratch. */
export const depthwisePointwise: KernelFactory = (f) => {
  const depthwise = depthwiseActivate(f);
  const pointwise = pointwiseActivate(f);
  return (
    input,
    weights,
    bias,
    packed,
    output,
    scratch,
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
    innerActivation,
    innerParameter,
    outChannels,
    activation,
    parameter,
    pool,
  ) => {
    const channels = inChannels! * multiplier!;
    const lines = pool! + 1;
    const strip = scratch! + lines * outWidth! * channels * 4;
    const line = ((outWidth! >> pool!) * outChannels!) << 2;
    for (let y = 0, to = output!; y < outHeight!; y += lines, to += line) {
      depthwise(
        input!,
        weights!,
        bias!,
        scratch!,
        inHeight!,
        inWidth!,
        inChannels!,
        lines,
        outWidth!,
        multiplier!,
        kernelHeight!,
        kernelWidth!,
        strideY!,
        strideX!,
        dilationY!,
        dilationX!,
        padTop! - y * strideY!,
        padLeft!,
        hasBias!,
        innerActivation!,
        innerParameter!,
      );
      pointwise(
        scratch!,
        packed!,
        to,
        strip,
        lines,
        outWidth!,
        channels,
        outChannels!,
        activation!,
        parameter!,
        pool!,
      );
    }
  };
};
