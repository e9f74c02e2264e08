/** Sums, products and moves of whole tensors. Work goes image by image, so that neighbours in a schedule need not wait. */
import { kernel } from '../kernel.ts';

/** output = a + b; `size` is an image's. Output may be a or b. */
export const addTensors = kernel({
  name: 'addTensors',
  args: { a: 'in', b: 'in', output: 'out', size: 'i32' },
  unit: 'image',
  plain({ a, b, output, size }, begin, end) {
    for (let i = begin * size; i < end * size; i++) output[i] = a[i]! + b[i]!;
  },
});

/** output = a * b */
export const multiplyTensors = kernel({
  name: 'multiplyTensors',
  args: { a: 'in', b: 'in', output: 'out', size: 'i32' },
  unit: 'image',
  plain({ a, b, output, size }, begin, end) {
    for (let i = begin * size; i < end * size; i++) output[i] = a[i]! * b[i]!;
  },
});

/** output[p, c] = input[p, c] * factors[c], with factors of each image: squeeze-and-excite. */
export const scaleChannels = kernel({
  name: 'scaleChannels',
  args: { input: 'in', factors: 'in', output: 'out', pixels: 'i32', channels: 'i32' },
  unit: 'image',
  plain({ input, factors, output, pixels, channels }, begin, end) {
    for (let i = begin * pixels * channels; i < end * pixels * channels; i++) {
      const n = Math.floor(i / (pixels * channels));
      output[i] = input[i]! * factors[n * channels + (i % channels)]!;
    }
  },
});

/** The gradient to the factors: factorGradient[c] = sum over p of input[p, c] * gradient[p, c]. */
export const scaleChannelsGradient = kernel({
  name: 'scaleChannelsGradient',
  args: { input: 'in', gradient: 'in', factorGradient: 'out', pixels: 'i32', channels: 'i32' },
  unit: 'image',
  plain({ input, gradient, factorGradient, pixels, channels }, begin, end) {
    for (let n = begin; n < end; n++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let p = 0; p < pixels; p++) {
          const i = (n * pixels + p) * channels + c;
          sum += input[i]! * gradient[i]!;
        }
        factorGradient[n * channels + c] = sum;
      }
    }
  },
});

/**
 * Copies `count` channels from one image to another: concat, split and their gradients. `clear` zeroes the rest of the
 * output first.
 */
export const copyChannels = kernel({
  name: 'copyChannels',
  args: {
    input: 'in',
    output: 'inout',
    pixels: 'i32',
    count: 'i32',
    inputChannels: 'i32',
    inputFrom: 'i32',
    outputChannels: 'i32',
    outputFrom: 'i32',
    clear: 'i32',
  },
  unit: 'image',
  plain(a, begin, end) {
    if (a.clear)
      a.output.fill(0, begin * a.pixels * a.outputChannels, end * a.pixels * a.outputChannels);
    for (let p = begin * a.pixels; p < end * a.pixels; p++) {
      for (let c = 0; c < a.count; c++) {
        a.output[p * a.outputChannels + a.outputFrom + c] =
          a.input[p * a.inputChannels + a.inputFrom + c]!;
      }
    }
  },
});

/**
 * output[:, j * groups + g] = input[:, g * (channels / groups) + j] (ShuffleNet, 2017). The gradient is the same with
 * channels / groups for groups.
 */
export const shuffleChannels = kernel({
  name: 'shuffleChannels',
  args: { input: 'in', output: 'out', pixels: 'i32', channels: 'i32', groups: 'i32' },
  unit: 'image',
  plain({ input, output, pixels, channels, groups }, begin, end) {
    const each = channels / groups;
    for (let p = begin * pixels; p < end * pixels; p++) {
      for (let c = 0; c < channels; c++) {
        const to = (c % each) * groups + Math.floor(c / each);
        output[p * channels + to] = input[p * channels + c]!;
      }
    }
  },
});

/** The image in a frame of zeros (sizes are those of the output); with `inward`, the image without its frame. */
export const frameImage = kernel({
  name: 'frameImage',
  args: {
    input: 'in',
    output: 'out',
    height: 'i32',
    width: 'i32',
    channels: 'i32',
    top: 'i32',
    bottom: 'i32',
    left: 'i32',
    right: 'i32',
    inward: 'i32',
  },
  unit: 'image',
  plain({ input, output, height, width, channels, top, bottom, left, right, inward }, begin, end) {
    const innerHeight = height - top - bottom;
    const innerWidth = width - left - right;
    if (!inward) output.fill(0, begin * height * width * channels, end * height * width * channels);
    for (let n = begin; n < end; n++) {
      for (let y = 0; y < innerHeight; y++) {
        for (let i = 0; i < innerWidth * channels; i++) {
          const inner = (n * innerHeight + y) * innerWidth * channels + i;
          const outer = ((n * height + y + top) * width + left) * channels + i;
          if (inward) output[inner] = input[outer]!;
          else output[outer] = input[inner]!;
        }
      }
    }
  },
});

/** 32 bits for an element of a dropout layer in a step: a pure function, so that the backward pass draws the same. */
function dropoutBits(index: number, seed: number): number {
  let h = (Math.imul(index, 0x9e3779b1) + seed) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Keeps an element where its bits are at least `threshold`, times `scale`, and zeroes it otherwise (Srivastava et al.
 * 2014). The gradient is the same call with the same seed. `threshold` and `seed` are 32 bits, passed as i32.
 */
export const dropElements = kernel({
  name: 'dropElements',
  args: { input: 'in', output: 'out', size: 'i32', seed: 'i32', threshold: 'i32', scale: 'f32' },
  unit: 'image',
  plain({ input, output, size, seed, threshold, scale }, begin, end) {
    for (let i = begin * size; i < end * size; i++) {
      output[i] = dropoutBits(i, seed) >= threshold >>> 0 ? input[i]! * scale : 0;
    }
  },
});
