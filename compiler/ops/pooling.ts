/** Pooling: maximum or mean of a window, and the mean of the whole image. */

import { poolPadding } from '../diagnostics/codes/infer.ts';
import type { Shape } from '../graph/shape.ts';
import type { Edges, Padding, Pair } from './attributes.ts';
import { inferred, only, op, type Problem, problem } from './op.ts';
import { placeWindow } from './window.ts';

export interface PoolAttributes {
  readonly size: Pair;
  readonly stride: Pair;
  readonly padding: Edges;
}
/** PyTorch counts padded zeros in the mean (numeric padding); Keras leaves them out (`same`). */
export interface AvgPoolAttributes extends PoolAttributes {
  readonly countPadding: boolean;
}

const window = {
  size: {
    kind: 'pair',
    minimum: 1,
    default: 2,
    description: 'Window: one number, or [height, width].',
    example: 3,
  },
  stride: {
    kind: 'pair',
    minimum: 1,
    optional: true,
    description: 'Step of the window.',
    defaultText: 'the window',
    example: 2,
  },
  padding: {
    kind: 'padding',
    default: 0,
    description: 'Padding: a number for each side, `same` or `valid`.',
    example: 'same',
  },
} as const;

interface Given {
  readonly size: Pair;
  readonly stride: Pair | undefined;
  readonly padding: Padding;
}

function pool(given: Given, inputs: readonly Shape[]) {
  const input = only(inputs);
  const { size, padding } = given;
  const stride = given.stride ?? size;
  const wrong = checkPadding(padding, size);
  if (wrong) return wrong;
  const placed = placeWindow(input, { kernel: size, stride, dilation: [1, 1], padding });
  if (!placed.ok) return { ...placed, attribute: 'size' };
  const { height, width, edges } = placed;
  return inferred(
    { size, stride, padding: edges },
    { height, width, channels: input.channels },
    { reach: { kernel: size, stride } },
  );
}

function checkPadding(padding: Padding, size: Pair): Problem | undefined {
  if (typeof padding === 'string') return undefined;
  for (const axis of [0, 1] as const) {
    if (padding[axis] * 2 <= size[axis]) continue;
    return problem(
      poolPadding,
      { padding: padding[axis], size: size[axis] },
      { attribute: 'padding', hint: `use at most ${Math.floor(size[axis] / 2)}` },
    );
  }
  return undefined;
}

export const maxPool2d = op({
  kind: 'maxPool2d',
  summary: 'Maximum of each window.',
  arity: 'single',
  inPlace: false,
  attributes: window,
  infer: (given, inputs) => pool(given, inputs),
});

export const avgPool2d = op({
  kind: 'avgPool2d',
  summary:
    'Mean of each window. Numeric padding counts as zeros (PyTorch), `same` does not (Keras).',
  arity: 'single',
  inPlace: false,
  attributes: window,
  infer(given, inputs) {
    const result = pool(given, inputs);
    if (!result.ok) return result;
    const attributes: AvgPoolAttributes = {
      ...result.attributes,
      countPadding: given.padding !== 'same',
    };
    return { ...result, attributes };
  },
});

export const globalAvgPool = op({
  kind: 'globalAvgPool',
  summary: 'Mean of each channel over the whole image; gives a vector.',
  arity: 'single',
  inPlace: false,
  attributes: {},
  infer: (_given, inputs) =>
    inferred({}, { height: 1, width: 1, channels: only(inputs).channels }, { reach: 'global' }),
});
