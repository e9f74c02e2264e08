/**
 * The names of layers as a tree of modules: `stage_1.unit_2.conv2d_1` is an attribute of an attribute. Layers without
 * weights have no module. The Graph alone decides, so that a run and its architecture give the same names.
 */

import type { Graph, GraphNode } from '../../graph/graph.ts';
import { weightName } from '../../weights/store.ts';
import { torchWord } from '../torch-layout.ts';
import { attributeName, unique } from './identifiers.ts';

export interface Branch {
  /** Attributes from the network to here. */
  readonly path: readonly string[];
  readonly segment: string;
  readonly children: ReadonlyMap<string, Branch>;
  /** The layer of this very name. */
  readonly node: GraphNode | undefined;
  /** All layers from here on, in the order of the Graph. */
  readonly nodes: readonly GraphNode[];
}

export function treeOf(graph: Graph): Branch {
  return grow(
    '',
    [],
    graph.nodes.map((node) => ({ node, rest: node.name.split('.') })),
  );
}

interface Member {
  readonly node: GraphNode;
  readonly rest: readonly string[];
}

function grow(segment: string, path: readonly string[], members: readonly Member[]): Branch {
  const groups = new Map<string, Member[]>();
  for (const { node, rest } of members) {
    const [first, ...more] = rest;
    if (first === undefined) continue;
    const group = groups.get(first) ?? [];
    group.push({ node, rest: more });
    groups.set(first, group);
  }
  const used = new Set<string>();
  const children = new Map<string, Branch>();
  // Names that stay as they are come first: they must not make way for one that had to be changed.
  const sorted = [...groups].sort(([a], [b]) => changed(a) - changed(b));
  for (const [key, group] of sorted) {
    const attribute = unique(attributeName(key), used);
    used.add(attribute);
    const inner = [...path, attribute];
    children.set(key, grow(key, inner, group));
  }
  const node = members.find(({ rest }) => rest.length === 0)?.node;
  return { segment, path, children, node, nodes: members.map((member) => member.node) };
}

function changed(segment: string): number {
  return attributeName(segment) === segment ? 0 : 1;
}

/** The attributes that lead to each layer's module. */
export function modulePaths(graph: Graph): ReadonlyMap<GraphNode, readonly string[]> {
  const paths = new Map<GraphNode, readonly string[]>();
  const visit = ({ node, path, children }: Branch): void => {
    // A layer with weights below whose name other layers stand: the two must not be one module.
    const both = node !== undefined && node.weights.length > 0 && children.size > 0;
    if (node) paths.set(node, both ? [...path, ownName(children)] : path);
    for (const child of children.values()) visit(child);
  };
  visit(treeOf(graph));
  return paths;
}

function ownName(children: ReadonlyMap<string, Branch>): string {
  return unique(
    'layer_itself',
    new Set([...children.values()].map(({ path }) => path.at(-1) ?? '')),
  );
}

/** Names of the weights in the state dict, by netlathe's. */
export function torchNames(graph: Graph): ReadonlyMap<string, string> {
  const paths = modulePaths(graph);
  const names = new Map<string, string>();
  for (const node of graph.nodes) {
    for (const spec of node.weights) {
      const path = paths.get(node) as readonly string[];
      names.set(weightName(node, spec), [...path, torchWord(spec)].join('.'));
    }
  }
  return names;
}
