/**
 * Batch norm, activation and 2x2 max pool in one pass: only the pooled values are stored. The backward pass finds the
 * largest of each window again, from the norm's input; the first of equals wins, as in PyTorch. Sizes are those of
 * the input, both even; gradients are those of the pooled output.
 */
import { type Floats, type KernelArgs, kernel } from '../kernel.ts';
import { activate, derivative } from './activation.ts';

const PASS = {
  height: 'i32',
  width: 'i32',
  channels: 'i32',
  activation: 'i32',
  parameter: 'f32',
} as const satisfies KernelArgs;

interface Pass {
  readonly input: Floats;
  readonly coefficients: Floats;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly activation: number;
  readonly parameter: number;
}

interface Winner {
  /** Index of the window's largest input, and of the window's output. */
  readonly from: number;
  readonly to: number;
  readonly channel: number;
  readonly z: number;
  readonly value: number;
}

function forEachWindow(a: Pass, n: number, visit: (winner: Winner) => void): void {
  const { height, width, channels } = a;
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      for (let c = 0; c < channels; c++) {
        let best: Winner | undefined;
        const to = ((n * (height / 2) + y / 2) * (width / 2) + x / 2) * channels + c;
        for (const [dy, dx] of [
          [0, 0],
          [0, 1],
          [1, 0],
          [1, 1],
        ] as const) {
          const from = ((n * height + y + dy) * width + x + dx) * channels + c;
          const z = a.input[from]! * a.coefficients[c]! + a.coefficients[channels + c]!;
          const value = activate(z, a.activation, a.parameter);
          if (!best || value > best.value) best = { from, to, channel: c, z, value };
        }
        visit(best!);
      }
    }
  }
}

export const normActivatePool = kernel({
  name: 'normActivatePool',
  args: { input: 'in', coefficients: 'in', output: 'out', ...PASS },
  unit: 'image',
  plain({ output, ...a }, begin, end) {
    for (let n = begin; n < end; n++) {
      forEachWindow(a, n, ({ to, value }) => {
        output[to] = value;
      });
    }
  },
});

export const normPoolGradientSums = kernel({
  name: 'normPoolGradientSums',
  args: { input: 'in', gradient: 'in', coefficients: 'in', partials: 'out', ...PASS },
  unit: 'image',
  plain({ gradient, partials, ...a }, begin, end) {
    const { channels, coefficients } = a;
    for (let n = begin; n < end; n++) {
      partials.fill(0, n * 2 * channels, (n + 1) * 2 * channels);
      forEachWindow(a, n, ({ from, to, channel, z }) => {
        const dz = gradient[to]! * derivative(z, a.activation, a.parameter);
        const mean = coefficients[2 * channels + channel]!;
        const normalised = (a.input[from]! - mean) * coefficients[3 * channels + channel]!;
        const at = n * 2 * channels + channel;
        partials[at] = partials[at]! + dz;
        partials[at + channels] = partials[at + channels]! + dz * normalised;
      });
    }
  },
});

export const normPoolInputGradient = kernel({
  name: 'normPoolInputGradient',
  args: {
    input: 'in',
    gradient: 'in',
    coefficients: 'in',
    gradientCoefficients: 'in',
    inputGradient: 'out',
    ...PASS,
  },
  unit: 'image',
  plain({ gradient, gradientCoefficients: g, inputGradient, ...a }, begin, end) {
    const { channels } = a;
    const size = a.height * a.width * channels;
    for (let i = begin * size; i < end * size; i++) {
      const c = i % channels;
      inputGradient[i] = a.input[i]! * g[channels + c]! + g[2 * channels + c]!;
    }
    for (let n = begin; n < end; n++) {
      forEachWindow(a, n, ({ from, to, channel, z }) => {
        const dz = gradient[to]! * derivative(z, a.activation, a.parameter);
        inputGradient[from] = inputGradient[from]! + dz * g[channel]!;
      });
    }
  },
});
