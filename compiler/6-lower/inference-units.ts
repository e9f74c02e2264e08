/**
 * Which nodes inference runs as one: a convolution or dense layer with the batch norm, the activation and the 2x2 max
 * pool behind it; a depthwise convolution and the pointwise one that reads it; a batch norm and its activation. What
 * lies inside a unit is read by nothing else.
 */

import { foldsIntoConvolution } from '../graph/folding.ts';
import { type Graph, type GraphNode, shapeOf } from '../graph/graph.ts';
import { isActivation } from './activation.ts';
import type { Weighted } from './forward-context.ts';
import { type Activation, followerOf, isHalving } from './fuse.ts';
import { isDepthwise, isPointwise } from './ops/convolution.ts';

/** A product and what is done to its values one by one. */
export interface Stage {
  readonly node: Weighted;
  readonly activation: Activation | undefined;
  /** The node whose output it gives. */
  readonly last: GraphNode;
}

export type Product = Extract<InferenceUnit, { readonly kind: 'product' }>;

export type InferenceUnit =
  | { readonly kind: 'node'; readonly node: GraphNode }
  | {
      readonly kind: 'norm';
      readonly norm: GraphNode<'batchNorm'>;
      readonly activation: Activation | undefined;
    }
  | {
      readonly kind: 'product';
      /** A depthwise convolution that only `main`, a pointwise one, reads. */
      readonly depthwise: Stage | undefined;
      readonly main: Stage;
      readonly pool: GraphNode<'maxPool2d'> | undefined;
    };

/** How much runs along: all; the activations alone, for int8; or nothing, so that each node's values can be seen. */
export type Fusing = 'all' | 'activations' | 'none';

/** The outputs of `wanted` nodes are read by something beside the graph. */
export function inferenceUnits(
  graph: Graph,
  fusing: Fusing = 'all',
  wanted?: ReadonlySet<number>,
): readonly InferenceUnit[] {
  const follower = followerOf(graph, wanted);
  const taken = new Set<number>();
  const take = <N extends GraphNode>(node: N): N => {
    taken.add(node.id);
    return node;
  };
  const activationBehind = (node: GraphNode): Activation | undefined => {
    const next = fusing === 'none' ? undefined : follower(node);
    return next && isActivation(next) ? take(next) : undefined;
  };
  const stageOf = (node: Weighted): Stage => {
    take(node);
    const next = follower(node);
    const norm = next?.op === 'batchNorm' && foldsIntoConvolution(graph, next) ? take(next) : node;
    const activation = activationBehind(norm);
    return { node, activation, last: activation ?? norm };
  };
  const productOf = (node: Weighted): InferenceUnit => {
    const first = stageOf(node);
    if (fusing !== 'all')
      return { kind: 'product', depthwise: undefined, main: first, pool: undefined };
    const isFirstDepthwise = isDepthwiseNode(graph, node);
    const next = isFirstDepthwise ? follower(first.last) : undefined;
    const second =
      next?.op === 'conv2d' && isPointwise(next) && !isDepthwiseNode(graph, next)
        ? stageOf(next)
        : undefined;
    const main = second ?? first;
    const behind = isDepthwiseNode(graph, main.node) ? undefined : follower(main.last);
    const pool =
      behind?.op === 'maxPool2d' && isHalving(behind, main.last) ? take(behind) : undefined;
    return { kind: 'product', depthwise: second && first, main, pool };
  };
  return graph.nodes.flatMap((node): readonly InferenceUnit[] => {
    if (taken.has(node.id)) return [];
    if (node.op === 'conv2d' || node.op === 'dense') return [productOf(node)];
    if (node.op !== 'batchNorm') return [{ kind: 'node', node }];
    return [{ kind: 'norm', norm: node, activation: activationBehind(node) }];
  });
}

/** Of each layer that int8 inference runs as part of another, the name of that one: norms and activations behind. */
export function headsOf(graph: Graph): ReadonlyMap<string, string> {
  const follower = followerOf(graph);
  return new Map(
    inferenceUnits(graph, 'activations').flatMap((unit): readonly (readonly [string, string])[] => {
      if (unit.kind === 'node') return [];
      const head = unit.kind === 'norm' ? unit.norm : unit.main.node;
      const last = unit.kind === 'norm' ? (unit.activation ?? unit.norm) : unit.main.last;
      const inside: GraphNode[] = [];
      for (let node: GraphNode | undefined = head; node && node !== last; ) {
        node = follower(node);
        if (node) inside.push(node);
      }
      return inside.map(({ name }) => [name, head.name]);
    }),
  );
}

export function isDepthwiseNode(graph: Graph, node: Weighted): node is GraphNode<'conv2d'> {
  return node.op === 'conv2d' && isDepthwise(node, shapeOf(graph, node.inputs[0] as number));
}
