/**
 * Batch norm, activation and 2x2 max pool with stride 2, as one. Only the pooled output exists: the backward finds each
 * window's winner again. The first of equals wins, as in PyTorch; a last odd row or column is dropped. A NaN is kept only
 * where it comes first: with NaN in x the statistics are NaN, so all are.
 */
import { type Floats, kernel } from '../kernel.ts';
import { activate, derivative } from './activation.ts';

interface Pooled {
  readonly x: Floats;
  readonly scale: Floats;
  readonly shift: Floats;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly activation: number;
  readonly parameter: number;
}

/** Calls `visit` with each output's index, its channel and the index of the x that won its window. */
function forEachWindow(
  a: Pooled,
  image: number,
  visit: (output: number, channel: number, winner: number, largest: number) => void,
): void {
  const { height, width, channels } = a;
  const [rows, columns] = [height >> 1, width >> 1];
  const value = (at: number, c: number) =>
    activate(a.x[at]! * a.scale[c]! + a.shift[c]!, a.activation, a.parameter);
  for (let o = 0; o < rows * columns * channels; o++) {
    const c = o % channels;
    const ox = Math.floor(o / channels) % columns;
    const oy = Math.floor(o / (channels * columns));
    let winner = ((image * height + oy * 2) * width + ox * 2) * channels + c;
    let largest = value(winner, c);
    const first = winner;
    for (const [dy, dx] of [
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const at = first + (dy * width + dx) * channels;
      const rival = value(at, c);
      if (rival > largest) [winner, largest] = [at, rival];
    }
    visit(image * rows * columns * channels + o, c, winner, largest);
  }
}

const GEOMETRY = {
  height: 'i32',
  width: 'i32',
  channels: 'i32',
  activation: 'i32',
  parameter: 'f32',
} as const;

/** y [N, H / 2, W / 2, C]. */
export const batchNormApplyPool = kernel({
  name: 'batchNormApplyPool',
  args: { x: 'in', scale: 'in', shift: 'in', y: 'out', ...GEOMETRY },
  unit: 'image',
  plain({ y, ...a }, begin, end) {
    for (let image = begin; image < end; image++) {
      forEachWindow(a, image, (output, _channel, _winner, largest) => {
        y[output] = largest;
      });
    }
  },
});

/** batchNormBackwardReduce with dy at the pooled size. */
export const batchNormBackwardReducePool = kernel({
  name: 'batchNormBackwardReducePool',
  args: {
    x: 'in',
    dy: 'in',
    mean: 'in',
    invStd: 'in',
    scale: 'in',
    shift: 'in',
    partials: 'out',
    ...GEOMETRY,
  },
  unit: 'image',
  plain({ dy, mean, invStd, partials, ...a }, begin, end) {
    const { x, scale, shift, channels } = a;
    partials.fill(0, begin * 2 * channels, end * 2 * channels);
    for (let image = begin; image < end; image++) {
      forEachWindow(a, image, (output, c, winner) => {
        const z = x[winner]! * scale[c]! + shift[c]!;
        const dz = dy[output]! * derivative(z, a.activation, a.parameter);
        const to = image * 2 * channels + c;
        partials[to]! += dz;
        partials[to + channels]! += dz * (x[winner]! - mean[c]!) * invStd[c]!;
      });
    }
  },
});

/** batchNormBackwardApply with dy at the pooled size and dx at the full one. */
export const batchNormBackwardApplyPool = kernel({
  name: 'batchNormBackwardApplyPool',
  args: {
    x: 'in',
    dy: 'in',
    scale: 'in',
    shift: 'in',
    correction: 'in',
    dx: 'out',
    ...GEOMETRY,
  },
  unit: 'image',
  plain({ dy, correction, dx, ...a }, begin, end) {
    const { x, scale, shift, channels } = a;
    const size = a.height * a.width * channels;
    for (let i = begin * size; i < end * size; i++) {
      dx[i] = correction[i % channels]! * x[i]! + correction[channels + (i % channels)]!;
    }
    for (let image = begin; image < end; image++) {
      forEachWindow(a, image, (output, c, winner) => {
        const z = x[winner]! * scale[c]! + shift[c]!;
        dx[winner]! += scale[c]! * dy[output]! * derivative(z, a.activation, a.parameter);
      });
    }
  },
});
