/** Random layers of every op that fit the image that reaches them. */
import type { Shape } from '../../compiler/graph/shape.ts';
import type { AttributeSpec } from '../../compiler/ops/attributes.ts';
import { type OpKind, ops } from '../../compiler/ops/index.ts';
import { initializerNames } from '../../compiler/ops/initializers.ts';
import type { Op } from '../../compiler/ops/op.ts';
import { divisors } from '../../compiler/ops/window.ts';
import type { Draw } from './draw.ts';

export type Written = Readonly<Record<string, unknown>>;
/** A layer as it is written, and what leaves it. */
export type Made = readonly [layer: unknown, shape: Shape];

const plain = [
  'relu',
  'relu6',
  'hardSwish',
  'hardSigmoid',
  'silu',
  'sigmoid',
  'tanh',
  'gelu',
  'elu',
  'leakyRelu',
] as const;

/** Sizes that keep a network quick to run. */
export const widest = 24;

export function randomLayer(draw: Draw, shape: Shape): Made {
  const kind = draw.pick(['act', 'norm', 'conv', 'conv', 'pool', 'move', 'move'] as const);
  switch (kind) {
    case 'act':
      return keeping(randomActivation(draw), shape);
    case 'norm':
      return keeping(randomNorm(draw), shape);
    case 'conv':
      return fitting(randomConvolution(draw, shape), shape);
    case 'pool':
      return fitting(randomPool(draw, shape), shape);
    case 'move':
      return fitting(randomMove(draw, shape), shape);
  }
}

/** A layer that leaves the shape alone. */
export function randomKeeper(draw: Draw, shape: Shape): unknown {
  const kind = draw.pick(['act', 'norm', 'conv', 'shuffle', 'pool'] as const);
  switch (kind) {
    case 'act':
      return randomActivation(draw);
    case 'norm':
      return randomNorm(draw);
    case 'shuffle':
      return { op: 'channelShuffle', groups: draw.pick(divisors(shape.channels)) };
    case 'pool':
      return {
        op: draw.pick(['maxPool2d', 'avgPool2d'] as const),
        size: draw.pick([3, 2, 1]),
        stride: 1,
        padding: 'same',
      };
    case 'conv':
      return {
        ...randomConvolution(draw, shape),
        ...{ filters: draw.pick(['in', shape.channels]), stride: 1, padding: 'same' },
        groups: draw.pick([1, 'depthwise', draw.pick(divisors(shape.channels))]),
      };
  }
}

export function randomActivation(draw: Draw): unknown {
  const op = draw.pick(plain);
  if (op === 'gelu' && draw.once(2)) return { op, approximate: 'tanh' };
  if (op === 'elu' && draw.once(2)) return { op, alpha: draw.pick([0.5, 1.5]) };
  if (op === 'leakyRelu' && draw.once(2)) return { op, slope: draw.pick([0, 0.2]) };
  return op;
}

export function randomNorm(draw: Draw): unknown {
  if (draw.below(2) === 0) return 'batchNorm';
  return {
    op: 'batchNorm',
    epsilon: draw.pick([1e-3, 1e-5]),
    momentum: draw.pick([0.1, 0.01, 1]),
    affine: draw.pick([true, false]),
    gammaInitializer: draw.pick(['ones', 'zeros']),
  };
}

function randomConvolution(draw: Draw, { channels }: Shape): Written {
  const groups = draw.pick([1, 'depthwise', draw.pick(divisors(channels))] as const);
  const step = groups === 'depthwise' ? channels : groups;
  const filters = Math.max(1, Math.floor(draw.between(1, widest) / step)) * step;
  return {
    op: 'conv2d',
    kernel: draw.pick([1, 3, 2, 5, [1, 3], [3, 2]]),
    filters: filters === channels && draw.once(2) ? 'in' : filters,
    groups,
    stride: draw.pick([1, 2, 1, [1, 2]]),
    dilation: draw.pick([1, 1, 1, 2, [2, 1]]),
    padding: draw.pick(['same', 0, 1, 'valid', [1, 0], 2]),
    bias: draw.pick([true, false]),
    ...(draw.once(3) ? { initializer: draw.pick(initializerNames) } : {}),
  };
}

function randomPool(draw: Draw, { height, width }: Shape): Written {
  const size = draw.pick([2, 3, [2, 1], 1, [1, 3]] as const);
  const smallest = typeof size === 'number' ? size : Math.min(...size);
  const counted = draw.below(Math.floor(smallest / 2) + 1);
  return {
    op: draw.pick(['maxPool2d', 'avgPool2d'] as const),
    size,
    stride: draw.pick(Math.min(height, width) > 3 ? [2, 1, [1, 2], 3] : [1, 2]),
    padding: draw.pick([counted, 'same', 'valid']),
  };
}

function randomMove(draw: Draw, { channels }: Shape): Written {
  const op = draw.pick(['dropout', 'channelShuffle', 'split', 'zeroPad'] as const);
  switch (op) {
    case 'dropout':
      return { op, rate: draw.pick([0.5, 0, 0.1]) };
    case 'channelShuffle':
      return { op, groups: draw.pick(divisors(channels)) };
    case 'split': {
      const parts = draw.pick(divisors(channels).slice(0, 3));
      return { op, parts, part: draw.below(parts) };
    }
    case 'zeroPad':
      return { op, padding: draw.pick([1, [0, 1, 0, 1], [1, 0, 2, 0]]) };
  }
}

function keeping(layer: unknown, shape: Shape): Made {
  return [layer, shape];
}

/** The layer and its shape, or a plain relu where the window is larger than the image. */
function fitting(layer: Written, shape: Shape): Made {
  const after = shapeAfter(layer, shape);
  return after ? [layer, after] : ['relu', shape];
}

/** What the op's own rule says. Expressions are `in` alone. */
export function shapeAfter(layer: Written, shape: Shape): Shape | undefined {
  const record = ops[layer.op as OpKind] as unknown as Op;
  const values = Object.entries(record.attributes).map(([key, spec]) => {
    const given = layer[key] === 'in' ? shape.channels : layer[key];
    return [key, resolve(spec, given)];
  });
  const result = record.infer(Object.fromEntries(values) as never, [shape]);
  return result.ok ? result.shape : undefined;
}

function resolve(spec: AttributeSpec, given: unknown): unknown {
  const value = given ?? ('default' in spec ? spec.default : undefined);
  if (typeof value !== 'number') return value;
  if (spec.kind === 'pair' || spec.kind === 'padding') return [value, value];
  return spec.kind === 'edges' ? [value, value, value, value] : value;
}
