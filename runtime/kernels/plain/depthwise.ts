/** Depthwise convolution of any kernel, stride, dilation and multiplier; padding as in convolution.ts. */
import { type KernelArgs, kernel } from '../kernel.ts';
import { chunkRange } from './partials.ts';

export const DEPTHWISE_GEOMETRY = {
  inHeight: 'i32',
  inWidth: 'i32',
  inChannels: 'i32',
  outHeight: 'i32',
  outWidth: 'i32',
  multiplier: 'i32',
  kernelHeight: 'i32',
  kernelWidth: 'i32',
  strideY: 'i32',
  strideX: 'i32',
  dilationY: 'i32',
  dilationX: 'i32',
  padTop: 'i32',
  padLeft: 'i32',
} as const satisfies KernelArgs;

export type DepthwiseShape = { readonly [K in keyof typeof DEPTHWISE_GEOMETRY]: number };

/** Calls `visit` with the indices of each product: input, weight, output. */
function forEachProduct(
  shape: DepthwiseShape,
  image: number,
  visit: (input: number, weight: number, output: number) => void,
): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, multiplier } = shape;
  const outChannels = inChannels * multiplier;
  for (let oy = 0; oy < outHeight; oy++) {
    for (let ox = 0; ox < outWidth; ox++) {
      for (let ky = 0; ky < shape.kernelHeight; ky++) {
        const iy = oy * shape.strideY + ky * shape.dilationY - shape.padTop;
        if (iy < 0 || iy >= inHeight) continue;
        for (let kx = 0; kx < shape.kernelWidth; kx++) {
          const ix = ox * shape.strideX + kx * shape.dilationX - shape.padLeft;
          if (ix < 0 || ix >= inWidth) continue;
          for (let co = 0; co < outChannels; co++) {
            visit(
              ((image * inHeight + iy) * inWidth + ix) * inChannels + Math.floor(co / multiplier),
              (ky * shape.kernelWidth + kx) * outChannels + co,
              ((image * outHeight + oy) * outWidth + ox) * outChannels + co,
            );
          }
        }
      }
    }
  }
}

export const depthwise = kernel({
  name: 'depthwise',
  args: {
    input: 'in',
    weights: 'in',
    bias: 'in',
    output: 'out',
    ...DEPTHWISE_GEOMETRY,
    hasBias: 'i32',
  },
  unit: 'image',
  plain({ input, weights, bias, output, hasBias, ...shape }, begin, end) {
    const channels = shape.inChannels * shape.multiplier;
    const imageSize = shape.outHeight * shape.outWidth * channels;
    for (let i = begin * imageSize; i < end * imageSize; i++) {
      output[i] = hasBias ? bias[i % channels]! : 0;
    }
    for (let image = begin; image < end; image++) {
      forEachProduct(shape, image, (x, w, y) => {
        output[y] = output[y]! + input[x]! * weights[w]!;
      });
    }
  },
});

export const depthwiseInputGradient = kernel({
  name: 'depthwiseInputGradient',
  args: { gradient: 'in', weights: 'in', inputGradient: 'out', ...DEPTHWISE_GEOMETRY },
  unit: 'image',
  plain({ gradient, weights, inputGradient, ...shape }, begin, end) {
    const imageSize = shape.inHeight * shape.inWidth * shape.inChannels;
    inputGradient.fill(0, begin * imageSize, end * imageSize);
    for (let image = begin; image < end; image++) {
      forEachProduct(shape, image, (x, w, y) => {
        inputGradient[x] = inputGradient[x]! + gradient[y]! * weights[w]!;
      });
    }
  },
});

/** The gradient to the weights: partials [chunks, kernelHeight, kernelWidth, channels], for sumPartials. */
export const depthwiseWeightGradient = kernel({
  name: 'depthwiseWeightGradient',
  args: {
    input: 'in',
    gradient: 'in',
    partials: 'out',
    batch: 'i32',
    ...DEPTHWISE_GEOMETRY,
    chunks: 'i32',
  },
  unit: 'chunk of the batch',
  plain({ input, gradient, partials, batch, chunks, ...shape }, begin, end) {
    const { kernelHeight, kernelWidth, inChannels, multiplier } = shape;
    const size = kernelHeight * kernelWidth * inChannels * multiplier;
    partials.fill(0, begin * size, end * size);
    for (let chunk = begin; chunk < end; chunk++) {
      const [first, last] = chunkRange(batch, chunks, chunk);
      for (let image = first; image < last; image++) {
        forEachProduct(shape, image, (x, w, y) => {
          const to = chunk * size + w;
          partials[to] = partials[to]! + input[x]! * gradient[y]!;
        });
      }
    }
  },
});
