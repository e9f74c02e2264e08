/**
 * Which nodes run as one. A batch norm, the activation behind it and a 2x2 max pool behind that are one pass over the
 * data: what lies between is never stored, and the backward pass recomputes it from the norm's input. A 1x1 convolution
 * and a 2x2 max pool behind it share their backward pass; so do a network's first convolution and what is one pass there.
 */

import { type Graph, type GraphNode, readersOf, shapeOf } from '../graph/graph.ts';
import { type ActivationKind, isActivation } from './activation.ts';
import { isPointwise } from './ops/convolution.ts';
import { isStem } from './ops/stem.ts';

export type Activation = GraphNode<ActivationKind>;

export type FusedUnit =
  | { readonly kind: 'node'; readonly node: GraphNode }
  | {
      readonly kind: 'norm';
      readonly norm: GraphNode<'batchNorm'>;
      readonly activation: Activation | undefined;
      readonly pool: GraphNode<'maxPool2d'> | undefined;
      /** The network's first convolution, if the norm stands behind it and a pool behind the norm. */
      readonly stem: GraphNode<'conv2d'> | undefined;
    }
  | {
      readonly kind: 'pooled';
      readonly node: GraphNode<'conv2d'>;
      readonly pool: GraphNode<'maxPool2d'>;
    };

/** The node whose output a unit gives; values inside it exist nowhere. */
export function lastOf(unit: FusedUnit): GraphNode {
  if (unit.kind === 'node') return unit.node;
  return unit.kind === 'pooled' ? unit.pool : (unit.pool ?? unit.activation ?? unit.norm);
}

export function fuse(graph: Graph, wanted?: ReadonlySet<number>): readonly FusedUnit[] {
  const taken = new Set<number>();
  const follower = followerOf(graph, wanted);
  const units: FusedUnit[] = [];
  for (const node of graph.nodes) {
    if (taken.has(node.id)) continue;
    if (node.op !== 'batchNorm') {
      const unit = pooledUnit(graph, node, follower(node)) ?? { kind: 'node', node };
      if (unit.kind === 'pooled') taken.add(unit.pool.id);
      units.push(unit);
      continue;
    }
    const next = follower(node);
    const activation = next && isActivation(next) ? next : undefined;
    const last = follower(activation ?? node);
    const pool = last?.op === 'maxPool2d' && isHalving(last, activation ?? node) ? last : undefined;
    for (const inner of [activation, pool]) if (inner) taken.add(inner.id);
    const before = graph.nodes[node.inputs[0] as number];
    const isBehind = pool && before && follower(before) === node;
    const stem = isBehind && isStem(graph, before) ? before : undefined;
    units.push({ kind: 'norm', norm: node, activation, pool, stem });
  }
  return units;
}

/** Input channels that the kernels of a pooled convolution go through at once; with a rest they gain nothing. */
const POOLED_CHANNELS = 16;

function pooledUnit(
  graph: Graph,
  node: GraphNode,
  next: GraphNode | undefined,
): FusedUnit | undefined {
  if (node.op !== 'conv2d' || next?.op !== 'maxPool2d') return undefined;
  const { channels } = shapeOf(graph, node.inputs[0] as number);
  const gains = channels % POOLED_CHANNELS === 0;
  return gains && isPointwise(node) && isHalving(next, node)
    ? { kind: 'pooled', node, pool: next }
    : undefined;
}

/**
 * The one node that reads another's output, if it is the only one and the output is not the network's nor `wanted` by
 * something beside the graph.
 */
export function followerOf(
  graph: Graph,
  wanted?: ReadonlySet<number>,
): (node: GraphNode) => GraphNode | undefined {
  const readers = readersOf(graph);
  return (node) => {
    if (wanted?.has(node.id)) return undefined;
    const [only, ...more] = readers(node.id);
    if (only === undefined || more.length > 0 || node.id === graph.output) return undefined;
    return graph.nodes[only];
  };
}

/** A 2x2 window with stride 2 and no padding, over an even image. */
export function isHalving(pool: GraphNode<'maxPool2d'>, before: GraphNode): boolean {
  const { size, stride, padding } = pool.attributes;
  return (
    [...size, ...stride].every((n) => n === 2) &&
    padding.every((n) => n === 0) &&
    before.shape.height % 2 === 0 &&
    before.shape.width % 2 === 0
  );
}
