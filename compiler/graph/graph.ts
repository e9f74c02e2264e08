/** The one intermediate representation: a checked network with every size known. NHWC, float32. */

import type { Place } from '../diagnostics/diagnostic.ts';
import type { AttributesOf, OpKind } from '../ops/index.ts';
import type { Reach, WeightSpec } from '../ops/op.ts';
import type { Shape } from './shape.ts';

/** Where a layer came from in the user's files. */
export interface Origin {
  readonly place: Place;
  /** The value of each attribute that was written. */
  readonly attributes: ReadonlyMap<string, Place>;
  /** What the written values refer to: bandwidth entries, block arguments. */
  readonly sources: ReadonlyMap<string, readonly Place[]>;
  /** The block calls around it, outermost first. */
  readonly calls: readonly Place[];
  /** The parts it stands in, outermost first: a segment of its name each, and where that part is written. */
  readonly path: readonly Part[];
}

export interface Part {
  readonly kind: 'block' | 'group' | 'branch';
  readonly segment: string;
  readonly place: Place;
}

interface NodeOf<K extends OpKind> {
  /** Position in `Graph.nodes`; inputs come before their users. */
  readonly id: number;
  /** Unique; prefixes its weights in files: `separable_1.conv2d_2.kernel`. */
  readonly name: string;
  readonly op: K;
  readonly attributes: AttributesOf<K>;
  /** Ids of nodes, or `graphInput`. */
  readonly inputs: readonly number[];
  readonly shape: Shape;
  readonly weights: readonly WeightSpec[];
  readonly macs: number;
  readonly reach: Reach;
  readonly origin: Origin;
}

export type GraphNode<K extends OpKind = OpKind> = { [P in K]: NodeOf<P> }[K];

/** The id that stands for the image itself. */
export const graphInput = -1;

export interface Preprocessing {
  /** How a photo of another shape becomes the input: `cover` crops the centre, `fit` pads, `stretch` distorts. */
  readonly resize: 'stretch' | 'cover' | 'fit';
  /** Of values scaled to 0..1, a channel each. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export interface Graph {
  readonly name: string;
  readonly input: Shape;
  readonly preprocessing: Preprocessing;
  /** Labels in the order of the logits; generated names where the file gives only a number. */
  readonly classes: readonly string[];
  /** Whether the file names its classes; otherwise the data does. */
  readonly labelled: boolean;
  readonly nodes: readonly GraphNode[];
  /** The node that gives the logits. */
  readonly output: number;
}

export function nodeOf(graph: Graph, id: number): GraphNode {
  const node = graph.nodes[id];
  if (!node) throw new Error(`netlathe bug: no node ${id} in ${graph.name}`);
  return node;
}

export function shapeOf(graph: Graph, id: number): Shape {
  return id === graphInput ? graph.input : nodeOf(graph, id).shape;
}

export function size(weight: WeightSpec): number {
  return weight.shape.reduce((product, n) => product * n, 1);
}

/** Ids of the nodes that read each node's output; index -1 + 1 = 0 holds those that read the image. */
export function readersOf(graph: Graph): (id: number) => readonly number[] {
  const readers: number[][] = Array.from({ length: graph.nodes.length + 1 }, () => []);
  for (const node of graph.nodes) {
    for (const input of new Set(node.inputs)) (readers[input + 1] as number[]).push(node.id);
  }
  return (id) => readers[id + 1] ?? [];
}
