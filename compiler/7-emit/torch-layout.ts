/**
 * Weights as PyTorch and ONNX lay them out, and back. Kernels are [height, width, in / groups, out] and [in, out] here,
 * [out, in / groups, height, width] and [out, in] there; the rest has another name alone.
 */

import type { Graph, GraphNode } from '../graph/graph.ts';
import type { WeightSpec } from '../ops/op.ts';
import { type Weight, type WeightStore, weightName } from '../weights/store.ts';

export type TorchWord = 'weight' | 'bias' | 'running_mean' | 'running_var';

const words: { readonly [K in WeightSpec['name']]: TorchWord } = {
  kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  movingMean: 'running_mean',
  movingVariance: 'running_var',
};

export function torchWord(spec: Pick<WeightSpec, 'name'>): TorchWord {
  return words[spec.name];
}

/** The order of axes there, by the number of axes of a kernel. */
const axes: Readonly<Record<number, readonly number[]>> = { 4: [3, 2, 0, 1], 2: [1, 0] };

export function torchShape(spec: Pick<WeightSpec, 'name' | 'shape'>): readonly number[] {
  return spec.name === 'kernel'
    ? axesOf(spec).map((axis) => spec.shape[axis] as number)
    : spec.shape;
}

export function toTorch(spec: WeightSpec, { values }: Weight): Weight {
  const shape = torchShape(spec);
  if (spec.name !== 'kernel') return { shape, values };
  return { shape, values: transposed(values, spec.shape, axesOf(spec)) };
}

/** `values` are of `torchShape(spec)`. */
export function fromTorch(spec: WeightSpec, values: Float32Array): Weight {
  if (spec.name !== 'kernel') return { shape: spec.shape, values };
  const order = axesOf(spec);
  const back = order.map((_, axis) => order.indexOf(axis));
  return { shape: spec.shape, values: transposed(values, torchShape(spec), back) };
}

function axesOf({ shape }: Pick<WeightSpec, 'shape'>): readonly number[] {
  const order = axes[shape.length];
  if (!order) throw new Error(`netlathe bug: a kernel of ${shape.length} axes`);
  return order;
}

/** Axis i of the result is axis `order[i]` of `values`. */
function transposed(
  values: Float32Array,
  shape: readonly number[],
  order: readonly number[],
): Float32Array {
  const steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((n, d) => n * d, 1));
  const result = new Float32Array(values.length);
  let at = 0;
  const visit = (depth: number, from: number): void => {
    const axis = order[depth] as number;
    const step = steps[axis] as number;
    const end = from + step * (shape[axis] as number);
    if (depth < order.length - 1) for (let i = from; i < end; i += step) visit(depth + 1, i);
    else for (let i = from; i < end; i += step) result[at++] = values[i] as number;
  };
  visit(0, 0);
  return result;
}

/** Every weight of a network with its node, in the order of the Graph. */
export function* weightsOf(
  graph: Graph,
  weights: WeightStore,
): Generator<{ readonly node: GraphNode; readonly spec: WeightSpec; readonly weight: Weight }> {
  for (const node of graph.nodes) {
    for (const spec of node.weights) {
      const weight = weights.get(weightName(node, spec));
      if (!weight) throw new Error(`netlathe bug: ${weightName(node, spec)} has no values`);
      yield { node, spec, weight };
    }
  }
}

/** What a node's value is there: [N, C, H, W] or [N, C]. Here all are images. */
export type Rank = 'image' | 'vector';

export function rankAfter(node: GraphNode, inputs: readonly Rank[]): Rank {
  switch (node.op) {
    case 'dense':
    case 'flatten':
      return 'vector';
    case 'add':
    case 'multiply':
    case 'concat':
      return inputs.includes('image') ? 'image' : 'vector';
    default:
      return keepsRank(node) ? (inputs[0] as Rank) : 'image';
  }
}

/** Ops that take a vector as well as an image. The others get an image of one pixel. */
export function keepsRank({ op }: GraphNode): boolean {
  return pointwise.has(op) || op === 'split';
}

const pointwise: ReadonlySet<GraphNode['op']> = new Set([
  ...(['relu', 'relu6', 'hardSwish', 'hardSigmoid', 'silu', 'gelu'] as const),
  ...(['sigmoid', 'tanh', 'elu', 'leakyRelu', 'dropout'] as const),
]);

/** The rank that a node wants its inputs to have. */
export function rankBefore(node: GraphNode, inputs: readonly Rank[]): Rank {
  if (node.op === 'dense') return 'vector';
  if (node.op === 'flatten') return 'image';
  return rankAfter(node, inputs);
}
