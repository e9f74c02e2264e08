/** Pooling. Padding is given at the top and left; beyond the bottom and right is what the output's size asks for. */
import { type Floats, type KernelArgs, kernel } from '../kernel.ts';

export const POOL_GEOMETRY = {
  inHeight: 'i32',
  inWidth: 'i32',
  channels: 'i32',
  outHeight: 'i32',
  outWidth: 'i32',
  windowHeight: 'i32',
  windowWidth: 'i32',
  strideY: 'i32',
  strideX: 'i32',
  padTop: 'i32',
  padLeft: 'i32',
} as const satisfies KernelArgs;

export type PoolShape = { readonly [K in keyof typeof POOL_GEOMETRY]: number };

/** Index of each output in the images [begin, end), and the indices of the inputs that its window covers. */
function* windows(
  s: PoolShape,
  begin: number,
  end: number,
): Generator<readonly [number, readonly number[]]> {
  for (let n = begin; n < end; n++) {
    for (let oy = 0; oy < s.outHeight; oy++) {
      for (let ox = 0; ox < s.outWidth; ox++) {
        for (let c = 0; c < s.channels; c++) {
          const covered: number[] = [];
          for (let dy = 0; dy < s.windowHeight; dy++) {
            for (let dx = 0; dx < s.windowWidth; dx++) {
              const y = oy * s.strideY + dy - s.padTop;
              const x = ox * s.strideX + dx - s.padLeft;
              if (y < 0 || y >= s.inHeight || x < 0 || x >= s.inWidth) continue;
              covered.push(((n * s.inHeight + y) * s.inWidth + x) * s.channels + c);
            }
          }
          yield [((n * s.outHeight + oy) * s.outWidth + ox) * s.channels + c, covered];
        }
      }
    }
  }
}

/** The index of the largest; the first of equals, as in PyTorch. */
function largest(input: Floats, covered: readonly number[]): number {
  return covered.reduce((best, i) => (input[i]! > input[best]! ? i : best), covered[0]!);
}

export const maxPool = kernel({
  name: 'maxPool',
  args: { input: 'in', output: 'out', ...POOL_GEOMETRY },
  unit: 'image',
  plain({ input, output, ...shape }, begin, end) {
    for (const [to, covered] of windows(shape, begin, end))
      output[to] = input[largest(input, covered)]!;
  },
});

/** The gradient goes to the largest input of each window, found again. */
export const maxPoolGradient = kernel({
  name: 'maxPoolGradient',
  args: { input: 'in', gradient: 'in', inputGradient: 'out', ...POOL_GEOMETRY },
  unit: 'image',
  plain({ input, gradient, inputGradient, ...shape }, begin, end) {
    const size = shape.inHeight * shape.inWidth * shape.channels;
    inputGradient.fill(0, begin * size, end * size);
    for (const [to, covered] of windows(shape, begin, end)) {
      const from = largest(input, covered);
      inputGradient[from] = inputGradient[from]! + gradient[to]!;
    }
  },
});

/** The mean of a window: of all its places, padding included, with `countPadding`; else of those in the image. */
export const avgPool = kernel({
  name: 'avgPool',
  args: { input: 'in', output: 'out', ...POOL_GEOMETRY, countPadding: 'i32' },
  unit: 'image',
  plain({ input, output, countPadding, ...shape }, begin, end) {
    const places = shape.windowHeight * shape.windowWidth;
    for (const [to, covered] of windows(shape, begin, end)) {
      const sum = covered.reduce((total, i) => total + input[i]!, 0);
      output[to] = sum / (countPadding ? places : covered.length);
    }
  },
});

export const avgPoolGradient = kernel({
  name: 'avgPoolGradient',
  args: { gradient: 'in', inputGradient: 'out', ...POOL_GEOMETRY, countPadding: 'i32' },
  unit: 'image',
  plain({ gradient, inputGradient, countPadding, ...shape }, begin, end) {
    const size = shape.inHeight * shape.inWidth * shape.channels;
    inputGradient.fill(0, begin * size, end * size);
    const places = shape.windowHeight * shape.windowWidth;
    for (const [to, covered] of windows(shape, begin, end)) {
      const share = gradient[to]! / (countPadding ? places : covered.length);
      for (const i of covered) inputGradient[i] = inputGradient[i]! + share;
    }
  },
});

/** output[n, c] = the mean of channel c of image n. */
export const globalAvgPool = kernel({
  name: 'globalAvgPool',
  args: { input: 'in', output: 'out', pixels: 'i32', channels: 'i32' },
  unit: 'image',
  plain({ input, output, pixels, channels }, begin, end) {
    for (let n = begin; n < end; n++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let p = 0; p < pixels; p++) sum += input[(n * pixels + p) * channels + c]!;
        output[n * channels + c] = sum / pixels;
      }
    }
  },
});

export const globalAvgPoolGradient = kernel({
  name: 'globalAvgPoolGradient',
  args: { gradient: 'in', inputGradient: 'out', pixels: 'i32', channels: 'i32' },
  unit: 'image',
  plain({ gradient, inputGradient, pixels, channels }, begin, end) {
    for (let i = begin * pixels * channels; i < end * pixels * channels; i++) {
      const n = Math.floor(i / (pixels * channels));
      inputGradient[i] = gradient[n * channels + (i % channels)]! / pixels;
    }
  },
});
