/** The layers of a network as rows of a table: its parts as headings, or one row each where there are too many. */

import type { Compiled } from '../../compiler/compile.ts';
import { type GraphNode, type Part, shapeOf } from '../../compiler/graph/graph.ts';
import { formatShape, sameShape } from '../../compiler/graph/shape.ts';

export interface Row {
  /** Line of the YAML file; a star says that it is another file's. */
  readonly line: string;
  readonly depth: number;
  readonly name: string;
  readonly detail: string;
  /** Empty where it is what entered. */
  readonly output: string;
  readonly params: number;
  readonly macs: number;
  /** A heading: its numbers are those of the rows below it. */
  readonly heading: boolean;
}

/** A screen or two; beyond that the inside of blocks is folded away, innermost first. */
const mostRows = 64;

export function rowsOf(compiled: Compiled, all = false): readonly Row[] {
  const deepest = Math.max(0, ...compiled.graph.nodes.map((n) => n.origin.path.length));
  for (let depth = deepest; depth >= 0; depth--) {
    const rows = rowsTo(depth, compiled);
    if (all || rows.length <= mostRows || depth === 0) return rows;
  }
  return [];
}

/** Parts deeper than `depth` become one row. */
function rowsTo(depth: number, compiled: Compiled): readonly Row[] {
  const { graph } = compiled;
  const rows: Row[] = [];
  let open: readonly string[] = [];
  for (let id = 0; id < graph.nodes.length; ) {
    const node = graph.nodes[id] as GraphNode;
    const { path } = node.origin;
    const keys = path.map((_, i) => keyOf(path, i));
    path.slice(0, depth).forEach((part, i) => {
      if (open[i] === keys[i]) return;
      open = [...keys.slice(0, i)];
      rows.push(heading(part, i, compiled));
    });
    open = keys.slice(0, depth);
    if (path.length <= depth) {
      rows.push(layerRow(node, compiled));
      id++;
      continue;
    }
    const inside = graph.nodes
      .slice(id)
      .findIndex((n) => keyOf(n.origin.path, depth) !== keys[depth]);
    const end = inside < 0 ? graph.nodes.length : id + inside;
    rows.push(folded(path[depth] as Part, depth, id, end, compiled));
    id = end;
  }
  return rows;
}

function keyOf(path: readonly Part[], index: number): string {
  return index < path.length
    ? path
        .slice(0, index + 1)
        .map((p) => p.segment)
        .join('.')
    : '';
}

function lineOf(place: Part['place'], { document }: Compiled): string {
  return `${place.range.start.line}${place.file === document.root.file ? '' : '*'}`;
}

function heading(part: Part, depth: number, compiled: Compiled): Row {
  const name = part.kind === 'branch' ? part.segment.replace(/^.*\./, '') : part.segment;
  const line = part.kind === 'branch' ? '' : lineOf(part.place, compiled);
  return { line, depth, name, detail: '', output: '', params: 0, macs: 0, heading: true };
}

function layerRow(node: GraphNode, compiled: Compiled): Row {
  const { graph, counts } = compiled;
  const { path, place } = node.origin;
  const prefix = path.map((p) => `${p.segment}.`).join('');
  const name = node.name.startsWith(prefix) ? node.name.slice(prefix.length) : node.name;
  const count = counts.layers[node.id];
  const unchanged = sameShape(node.shape, shapeOf(graph, node.inputs[0] as number));
  return {
    line: lineOf(place, compiled),
    depth: path.length,
    name,
    detail: describe(node, name),
    output: unchanged ? '' : formatShape(node.shape),
    params: count?.params ?? 0,
    macs: node.macs,
    heading: false,
  };
}

function folded(part: Part, depth: number, from: number, to: number, compiled: Compiled): Row {
  const layers = compiled.counts.layers.slice(from, to);
  const last = compiled.graph.nodes[to - 1] as GraphNode;
  return {
    ...heading(part, depth, compiled),
    detail: `${layers.length} layer${layers.length === 1 ? '' : 's'}`,
    output: formatShape(last.shape),
    params: layers.reduce((sum, l) => sum + l.params, 0),
    macs: layers.reduce((sum, l) => sum + l.macs, 0),
    heading: false,
  };
}

/** `3x3 /2 depthwise`; the op itself too where the name does not tell it. */
function describe(node: GraphNode, name: string): string {
  const words = name.startsWith(node.op) ? [] : [node.op as string];
  const pair = ([a, b]: readonly [number, number]) => (a === b ? `${a}` : `${a}x${b}`);
  const { attributes } = node;
  if ('size' in attributes) words.push([attributes.size].flat().join('x'));
  if ('kernel' in attributes) words.push(attributes.kernel.join('x'));
  if ('stride' in attributes && pair(attributes.stride) !== '1') {
    words.push(`/${pair(attributes.stride)}`);
  }
  if (node.op === 'conv2d') {
    const { dilation, groups } = node.attributes;
    if (pair(dilation) !== '1') words.push(`dilation ${pair(dilation)}`);
    if (groups > 1) words.push(isDepthwise(node, groups) ? 'depthwise' : `${groups} groups`);
  }
  return words.join(' ');
}

function isDepthwise(node: GraphNode, groups: number): boolean {
  return node.weights.find((w) => w.name === 'kernel')?.shape[2] === 1 && groups > 1;
}
