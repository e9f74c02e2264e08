/**
 * What changed from one network to another: layers aligned by the longest common sequence of ops, preferring equal
 * names, then grouped by the pair of YAML lines they come from.
 */

import type { Compiled } from '../compile.ts';
import { type GraphNode, size } from '../graph/graph.ts';
import { formatShape } from '../graph/shape.ts';
import { type Metric, measured, metrics } from './check.ts';

export interface Side {
  readonly name: string;
  readonly op: string;
  readonly output: string;
  readonly params: number;
  readonly macs: number;
  readonly file: string;
  readonly line: number;
}

export interface LayerChange {
  readonly kind: 'added' | 'removed' | 'changed' | 'same';
  readonly before: Side | undefined;
  readonly after: Side | undefined;
  /** Attributes that differ, as `key: old -> new`. */
  readonly attributes: readonly string[];
}

export interface TotalChange {
  readonly metric: Metric;
  readonly before: number;
  readonly after: number;
}

export interface Diff {
  readonly before: string;
  readonly after: string;
  readonly layers: readonly LayerChange[];
  readonly totals: readonly TotalChange[];
}

export function diff(before: Compiled, after: Compiled): Diff {
  const pairs = align(before.graph.nodes, after.graph.nodes);
  return {
    before: before.normal.name,
    after: after.normal.name,
    layers: pairs.map(([a, b]) => compare(a, b)),
    totals: metrics.map((metric) => ({
      metric,
      before: measured(before.counts, metric),
      after: measured(after.counts, metric),
    })),
  };
}

type Pair = readonly [GraphNode | undefined, GraphNode | undefined];

/** How much two layers are the same one; 0 for layers that are not. */
function likeness(a: GraphNode, b: GraphNode): number {
  if (a.op !== b.op) return 0;
  const named = a.name === b.name ? 2 : 0;
  const shaped = formatShape(a.shape) === formatShape(b.shape) ? 1 : 0;
  const sized = costOf(a) === costOf(b) ? 1 : 0;
  return 4 + named + shaped + sized;
}

/** The alignment of greatest likeness in all; what is left over was removed or added. */
function align(a: readonly GraphNode[], b: readonly GraphNode[]): readonly Pair[] {
  const width = b.length + 1;
  const best = new Int32Array((a.length + 1) * width);
  const at = (i: number, j: number) => best[i * width + j] as number;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const like = likeness(a[i] as GraphNode, b[j] as GraphNode);
      const matched = like > 0 ? like + at(i + 1, j + 1) : 0;
      best[i * width + j] = Math.max(matched, at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: Pair[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const [x, y] = [a[i], b[j]];
    const like = x && y ? likeness(x, y) : 0;
    if (like > 0 && at(i, j) === like + at(i + 1, j + 1)) {
      pairs.push([x, y]);
      i++;
      j++;
    } else if (x && (!y || at(i, j) === at(i + 1, j))) {
      pairs.push([x, undefined]);
      i++;
    } else {
      pairs.push([undefined, y]);
      j++;
    }
  }
  return pairs;
}

function compare(a: GraphNode | undefined, b: GraphNode | undefined): LayerChange {
  const attributes = a && b ? changedAttributes(a, b) : [];
  const [before, after] = [a && sideOf(a), b && sideOf(b)];
  const isSame =
    before?.params === after?.params &&
    before?.macs === after?.macs &&
    before?.output === after?.output &&
    attributes.length === 0;
  const kind = !before ? 'added' : !after ? 'removed' : isSame ? 'same' : 'changed';
  return { kind, before, after, attributes };
}

function changedAttributes(a: GraphNode, b: GraphNode): readonly string[] {
  const [old, now] = [a.attributes, b.attributes] as readonly Readonly<Record<string, unknown>>[];
  const show = (value: unknown) => (Array.isArray(value) ? `[${value.join(', ')}]` : String(value));
  return Object.keys(now ?? {})
    .map((key) => [key, show(old?.[key]), show(now?.[key])] as const)
    .filter(([, before, after]) => before !== after)
    .map(([key, before, after]) => `${key}: ${before} → ${after}`);
}

function costOf(node: GraphNode): number {
  return node.weights.reduce((sum, w) => (w.trainable ? sum + size(w) : sum), 0);
}

function sideOf(node: GraphNode): Side {
  const { file, range } = node.origin.place;
  return {
    name: node.name,
    op: node.op,
    output: formatShape(node.shape),
    params: costOf(node),
    macs: node.macs,
    file,
    line: range.start.line,
  };
}
