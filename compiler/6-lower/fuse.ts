/**
 * Which nodes run as one. A batch norm, the activation behind it and a 2x2 max pool behind that are one pass over the
 * data: what lies between is never stored, and the backward pass recomputes it from the norm's input. A 1x1 convolution
 * and a 2x2 max pool behind it share their backward pass. A network's first convolution is one with what is a pass behind it.
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
    }
  | {
      readonly kind: 'stem';
      readonly node: GraphNode<'conv2d'>;
      readonly norm: GraphNode<'batchNorm'>;
      readonly activation: Activation | undefined;
      readonly pool: GraphNode<'maxPool2d'>;
    }
  | {
      readonly kind: 'pooled';
      readonly node: GraphNode<'conv2d'>;
      readonly pool: GraphNode<'maxPool2d'>;
    };

/** The node whose output a unit gives; values inside it exist nowhere. */
export function lastOf(unit: FusedUnit): GraphNode {
  if (unit.kind === 'node') return unit.node;
  return unit.kind === 'norm' ? (unit.pool ?? unit.activation ?? unit.norm) : unit.pool;
}

export function fuse(graph: Graph, wanted?: ReadonlySet<number>): readonly FusedUnit[] {
  const taken = new Set<number>();
  const follower = followerOf(graph, wanted);
  const units: FusedUnit[] = [];
  for (const node of graph.nodes) {
    if (taken.has(node.id)) continue;
    const unit = unitAt(graph, node, follower);
    for (const inner of behindFirst(unit)) taken.add(inner.id);
    units.push(unit);
  }
  return units;
}

type Follower = (node: GraphNode) => GraphNode | undefined;

function unitAt(graph: Graph, node: GraphNode, follower: Follower): FusedUnit {
  if (node.op === 'batchNorm') return normUnit(node, follower);
  return (
    stemUnit(graph, node, follower) ??
    pooledUnit(graph, node, follower(node)) ?? { kind: 'node', node }
  );
}

/** The nodes of a unit but the first. */
function behindFirst(unit: FusedUnit): readonly GraphNode[] {
  if (unit.kind === 'node') return [];
  const norm = unit.kind === 'stem' ? unit.norm : undefined;
  const activation = unit.kind === 'pooled' ? undefined : unit.activation;
  return [norm, activation, unit.pool].filter((node) => node !== undefined);
}

function normUnit(norm: GraphNode<'batchNorm'>, follower: Follower) {
  const next = follower(norm);
  const activation = next && isActivation(next) ? next : undefined;
  const last = follower(activation ?? norm);
  const pool = last?.op === 'maxPool2d' && isHalving(last, activation ?? norm) ? last : undefined;
  return { kind: 'norm', norm, activation, pool } as const;
}

function stemUnit(graph: Graph, node: GraphNode, follower: Follower): FusedUnit | undefined {
  const norm = follower(node);
  if (!isStem(graph, node) || norm?.op !== 'batchNorm') return undefined;
  const { activation, pool } = normUnit(norm, follower);
  return pool && { kind: 'stem', node, norm, activation, pool };
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
