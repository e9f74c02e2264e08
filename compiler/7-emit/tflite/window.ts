/** Padding as TFLite has it: SAME, VALID, or an operator before the window. */

import type { Shape } from '../../graph/shape.ts';
import type { Edges, Pair } from '../../ops/attributes.ts';
import { extent, placeWindow } from '../../ops/window.ts';
import type { TfliteBuilder, Value } from './builder.ts';
import { paddings } from './schema.ts';

export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly padding: Edges;
}

export interface Placed {
  readonly value: Value;
  readonly padding: number;
}

const lowest = -(2 - 2 ** -23) * 2 ** 127;

/**
 * What is to slide over the value, and how. `fill`: what stands outside of the image where it has to be written out,
 * which `isWritten` asks for.
 */
export function place(
  builder: TfliteBuilder,
  value: Value,
  layer: string,
  about: {
    readonly window: Window;
    readonly entering: Shape;
    readonly leaving: Shape;
    readonly fill: 'zeros' | 'lowest';
  },
  isWritten = false,
): Placed {
  const { window, entering, leaving, fill } = about;
  if (window.padding.every((n) => n === 0)) return { value, padding: paddings.valid };
  if (!isWritten && isSame(window, entering, leaving)) return { value, padding: paddings.same };
  const edges = neededEdges(window, entering, leaving);
  return { value: pad(builder, value, `${layer}/padded`, edges, fill), padding: paddings.valid };
}

/** TFLite's SAME is that of the language. */
function isSame({ padding, ...window }: Window, entering: Shape, leaving: Shape): boolean {
  const same = placeWindow(entering, { ...window, padding: 'same' });
  return (
    same.ok &&
    same.height === leaving.height &&
    same.width === leaving.width &&
    same.edges.every((n, i) => n === padding[i])
  );
}

/** Without what no window reaches at the end. */
function neededEdges(
  { kernel, stride, dilation, padding: [top, , left] }: Window,
  entering: Shape,
  leaving: Shape,
): Edges {
  const after = (axis: 0 | 1, size: number, output: number, before: number): number => {
    const reached = (output - 1) * stride[axis] + extent(kernel[axis], dilation[axis]);
    return Math.max(0, reached - size - before);
  };
  return [
    top,
    after(0, entering.height, leaving.height, top),
    left,
    after(1, entering.width, leaving.width, left),
  ];
}

export function pad(
  builder: TfliteBuilder,
  value: Value,
  name: string,
  [top, bottom, left, right]: Edges,
  fill: 'zeros' | 'lowest' = 'zeros',
): Value {
  const [batch, height, width, channels] = value.shape as readonly [number, number, number, number];
  const shape = [batch, height + top + bottom, width + left + right, channels];
  const edges = builder.integers(`${name}/edges`, [0, 0, top, bottom, left, right, 0, 0], [4, 2]);
  if (fill === 'zeros') return builder.add('PAD', [value, edges], { name, shape, options: {} });
  const outside = builder.floats(`${name}/lowest`, [], [lowest]);
  return builder.add('PADV2', [value, edges, outside], { name, shape, options: {} });
}
