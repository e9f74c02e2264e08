/** From the image that one network sees to that of another: size, channels, normalisation, and the order of classes. */
import { kernel } from '../kernel.ts';

/** Samples an axis that an output pixel takes at most, where the image becomes smaller. */
const MOST_SAMPLES = 8;

const clamp = (v: number, low: number, high: number) => Math.min(Math.max(v, low), high);

/** Bilinear with pixel centres at halves; the mean of several samples where the image becomes smaller. */
export const resampleImage = kernel({
  name: 'resampleImage',
  args: {
    input: 'in',
    output: 'out',
    inHeight: 'i32',
    inWidth: 'i32',
    outHeight: 'i32',
    outWidth: 'i32',
    channels: 'i32',
  },
  unit: 'image',
  plain({ input, output, inHeight, inWidth, outHeight, outWidth, channels }, begin, end) {
    const [scaleY, scaleX] = [inHeight / outHeight, inWidth / outWidth];
    const samples = clamp(Math.ceil(Math.max(scaleY, scaleX) - 0.01), 1, MOST_SAMPLES);
    for (let n = begin; n < end; n++) {
      const at = (y: number, x: number, c: number) =>
        input[((n * inHeight + y) * inWidth + x) * channels + c]!;
      const sample = (py: number, px: number, c: number) => {
        const [y, x] = [clamp(py, 0, inHeight - 1), clamp(px, 0, inWidth - 1)];
        const [y0, x0] = [Math.floor(y), Math.floor(x)];
        const [y1, x1] = [Math.min(y0 + 1, inHeight - 1), Math.min(x0 + 1, inWidth - 1)];
        const top = at(y0, x0, c) + (at(y0, x1, c) - at(y0, x0, c)) * (x - x0);
        const bottom = at(y1, x0, c) + (at(y1, x1, c) - at(y1, x0, c)) * (x - x0);
        return top + (bottom - top) * (y - y0);
      };
      for (let i = 0; i < outHeight * outWidth * channels; i++) {
        const [pixel, c] = [Math.floor(i / channels), i % channels];
        const [y, x] = [Math.floor(pixel / outWidth), pixel % outWidth];
        let sum = 0;
        for (let j = 0; j < samples; j++) {
          for (let k = 0; k < samples; k++) {
            const py = (y + (j + 0.5) / samples) * scaleY - 0.5;
            const px = (x + (k + 0.5) / samples) * scaleX - 0.5;
            sum += sample(py, px, c);
          }
        }
        output[n * outHeight * outWidth * channels + i] = sum / (samples * samples);
      }
    }
  },
});

/** Each output channel is a sum of input channels and a constant: `matrix` is [outChannels, inChannels + 1]. */
export const mixChannels = kernel({
  name: 'mixChannels',
  args: {
    input: 'in',
    matrix: 'in',
    output: 'out',
    pixels: 'i32',
    inChannels: 'i32',
    outChannels: 'i32',
  },
  unit: 'image',
  plain({ input, matrix, output, pixels, inChannels, outChannels }, begin, end) {
    for (let p = begin * pixels; p < end * pixels; p++) {
      for (let c = 0; c < outChannels; c++) {
        const row = c * (inChannels + 1);
        let sum = matrix[row + inChannels]!;
        for (let i = 0; i < inChannels; i++) sum += matrix[row + i]! * input[p * inChannels + i]!;
        output[p * outChannels + c] = sum;
      }
    }
  },
});

/** output[n, c] = input[n, order[c]]. */
export const reorderColumns = kernel({
  name: 'reorderColumns',
  args: { input: 'in', order: 'in', output: 'out', classes: 'i32' },
  unit: 'image',
  plain({ input, order, output, classes }, begin, end) {
    for (let n = begin; n < end; n++) {
      for (let c = 0; c < classes; c++) {
        output[n * classes + c] = input[n * classes + order[c]!]!;
      }
    }
  },
});
