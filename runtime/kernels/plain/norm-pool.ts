/**
 * Batch norm, activation and 2x2 max pool in one pass: it stores the pooled values and, for the backward pass, the
 * norm's input at the largest of each window; the first of equals wins, as in PyTorch. Of the pixels of a window that
 * hold this input the first is the winner: one before it would have had the same value. Sizes are those of the input,
 * both even; gradients are those of the pooled output.
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

interface Window {
  /** Indices of the window's inputs, row by row, and of its output. */
  readonly from: readonly [number, number, number, number];
  readonly to: number;
  readonly channel: number;
}

function forEachWindow(a: Omit<Pass, 'input'>, n: number, visit: (window: Window) => void): void {
  const { height, width, channels } = a;
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      for (let channel = 0; channel < channels; channel++) {
        const to = ((n * (height / 2) + y / 2) * (width / 2) + x / 2) * channels + channel;
        const at = ((n * height + y) * width + x) * channels + channel;
        const below = at + width * channels;
        visit({ from: [at, at + channels, below, below + channels], to, channel });
      }
    }
  }
}

function valueAt(at: number, channel: number, { input, coefficients: k, ...a }: Pass): number {
  const z = input[at]! * k[channel]! + k[a.channels + channel]!;
  return activate(z, a.activation, a.parameter);
}

/** The number of the first of the largest. */
function winnerOf(from: Window['from'], channel: number, a: Pass): number {
  const values = from.map((at) => valueAt(at, channel, a));
  return [1, 2, 3].reduce((best, i) => (values[i]! > values[best]! ? i : best), 0);
}

export const normActivatePool = kernel({
  name: 'normActivatePool',
  args: { input: 'in', coefficients: 'in', output: 'out', winners: 'out', ...PASS },
  unit: 'image',
  plain({ output, winners, ...a }, begin, end) {
    for (let n = begin; n < end; n++) {
      forEachWindow(a, n, ({ from, to, channel }) => {
        const best = from[winnerOf(from, channel, a)]!;
        output[to] = valueAt(best, channel, a);
        winners[to] = a.input[best]!;
      });
    }
  },
});

/** As normActivatePool, with the number of each winner in its window too: 0 and 1 above, 2 and 3 below. */
export function poolNumbered(
  a: Pass & { readonly output: Floats; readonly winners: Floats; readonly numbers: Uint8Array },
  begin: number,
  end: number,
): void {
  for (let n = begin; n < end; n++) {
    forEachWindow(a, n, ({ from, to, channel }) => {
      const best = winnerOf(from, channel, a);
      a.output[to] = valueAt(from[best]!, channel, a);
      a.winners[to] = a.input[from[best]!]!;
      a.numbers[to] = best;
    });
  }
}

export const normPoolGradientSums = kernel({
  name: 'normPoolGradientSums',
  args: { winners: 'in', gradient: 'in', coefficients: 'in', partials: 'out', ...PASS },
  unit: 'image',
  plain({ winners, gradient, partials, ...a }, begin, end) {
    const { channels, coefficients: k } = a;
    for (let n = begin; n < end; n++) {
      partials.fill(0, n * 2 * channels, (n + 1) * 2 * channels);
      forEachWindow(a, n, ({ to, channel }) => {
        const dz = gradient[to]! * slopeAt(winners[to]!, channel, a);
        const normalised = (winners[to]! - k[2 * channels + channel]!) * k[3 * channels + channel]!;
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
    winners: 'in',
    gradient: 'in',
    coefficients: 'in',
    gradientCoefficients: 'in',
    inputGradient: 'out',
    ...PASS,
  },
  unit: 'image',
  plain({ winners, gradient, gradientCoefficients: g, inputGradient, ...a }, begin, end) {
    const { input, channels } = a;
    const size = a.height * a.width * channels;
    for (let i = begin * size; i < end * size; i++) {
      const c = i % channels;
      inputGradient[i] = input[i]! * g[channels + c]! + g[2 * channels + c]!;
    }
    for (let n = begin; n < end; n++) {
      forEachWindow(a, n, ({ from, to, channel }) => {
        const winner = from.find((at) => input[at] === winners[to]);
        // There is none where the winner is not a number; neither is the gradient then.
        if (winner === undefined) return;
        const dz = gradient[to]! * slopeAt(winners[to]!, channel, a);
        inputGradient[winner] = inputGradient[winner]! + dz * g[channel]!;
      });
    }
  },
});

/** The derivative of the activation where the norm's input is `x`. */
function slopeAt(x: number, channel: number, a: Omit<Pass, 'input'>): number {
  const z = x * a.coefficients[channel]! + a.coefficients[a.channels + channel]!;
  return derivative(z, a.activation, a.parameter);
}
