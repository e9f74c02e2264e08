/** Sliding windows: output sizes and explicit padding, as convolutions and pools share them. */

import { windowTooLarge } from '../diagnostics/codes/infer.ts';
import type { Shape } from '../graph/shape.ts';
import type { Edges, Padding, Pair } from './attributes.ts';
import { type Problem, problem } from './op.ts';

export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly padding: Padding;
}

export interface Placed {
  readonly ok: true;
  readonly edges: Edges;
  readonly height: number;
  readonly width: number;
}

/** What a kernel covers once its taps are spread by the dilation. */
export function extent(kernel: number, dilation: number): number {
  return (kernel - 1) * dilation + 1;
}

/**
 * Output size and explicit padding of a window over an image.
 * A number pads both sides, as in PyTorch; `same` keeps ceil(size / stride) and puts an odd pixel at the end, as Keras
 * does; `valid` is no padding.
 */
export function placeWindow(input: Shape, window: Window): Placed | Problem {
  const vertical = placeAxis(input.height, window, 0);
  const horizontal = placeAxis(input.width, window, 1);
  for (const [axis, placed] of [
    ['height', vertical],
    ['width', horizontal],
  ] as const) {
    if (placed.output >= 1) continue;
    const size = axis === 'height' ? input.height : input.width;
    return problem(
      windowTooLarge,
      { axis, window: placed.extent, size: size + placed.before + placed.after },
      {
        attribute: 'kernel' in window ? 'kernel' : 'size',
        related: [
          { input: 0, message: `${input.height}x${input.width}x${input.channels} enters here` },
        ],
        hint: `use a window of at most ${size}, or padding: same`,
      },
    );
  }
  return {
    ok: true,
    edges: [vertical.before, vertical.after, horizontal.before, horizontal.after],
    height: vertical.output,
    width: horizontal.output,
  };
}

function placeAxis(size: number, window: Window, axis: 0 | 1) {
  const stride = window.stride[axis];
  const covered = extent(window.kernel[axis], window.dilation[axis]);
  let before = 0;
  let after = 0;
  if (window.padding === 'same') {
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + covered - size);
    before = Math.floor(total / 2);
    after = total - before;
  } else if (window.padding !== 'valid') {
    before = after = window.padding[axis];
  }
  const output = Math.floor((size + before + after - covered) / stride) + 1;
  return { before, after, output, extent: covered };
}

/** All divisors of n, ascending; n is a channel count, so trial division is quick. */
export function divisors(n: number): readonly number[] {
  const small: number[] = [];
  const large: number[] = [];
  for (let d = 1; d * d <= n; d++) {
    if (n % d !== 0) continue;
    small.push(d);
    if (d * d !== n) large.unshift(n / d);
  }
  return [...small, ...large];
}

/** "nearest that fit: 4, 8": the divisors of `n` closest to what was asked. */
export function nearestDivisors(n: number, asked: number): string {
  const near = [...divisors(n)]
    .sort((a, b) => Math.abs(a - asked) - Math.abs(b - asked) || a - b)
    .slice(0, 3)
    .sort((a, b) => a - b);
  return `nearest that fit: ${near.join(', ')}`;
}

/** "nearest that fit: 8, 12": multiples of `step` around what was asked. */
export function nearestMultiples(step: number, asked: number): string {
  const below = Math.floor(asked / step) * step;
  const near = below > 0 ? [below, below + step] : [step];
  return `nearest that fit: ${near.join(', ')}`;
}
