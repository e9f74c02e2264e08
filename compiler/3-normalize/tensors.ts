/** Tensors of the network under construction: what shape leaves a layer, as far as it is known. */

import type { Shape } from '../graph/shape.ts';
import type { AttributeValue } from '../ops/attributes.ts';
import { type OpKind, ops } from '../ops/index.ts';
import type { Op } from '../ops/op.ts';
import type { Tensor } from './scope.ts';

/** Stands for what would have come out, where an error was found. */
export function unknown(tensor: Tensor): Tensor {
  return { name: tensor.name, shape: undefined };
}

/** The shape rule of the op, without its complaints. */
export function shapeAfter(
  op: OpKind,
  attributes: Readonly<Record<string, AttributeValue>>,
  inputs: readonly Tensor[],
): Shape | undefined {
  const shapes = inputs.map((t) => t.shape);
  if (!shapes.every((s) => s !== undefined)) return undefined;
  const result = (ops[op] as unknown as Op).infer(attributes as never, shapes);
  return result.ok ? result.shape : undefined;
}
