/**
 * What is drawn: a convolution with its norm and activation is one box, a call of a block is one box that a panel
 * explains, and what repeats is drawn once.
 */

import { type GraphNode, size } from '../graph/graph.ts';
import { formatShape, type Shape } from '../graph/shape.ts';
import type { Item } from './tree.ts';

export interface Common {
  /** Equal for what looks the same but for the number of channels. */
  readonly structure: string;
  /** What comes out of the last time it stands there. */
  readonly shape: Shape;
  /** Trainable, of all times together. */
  readonly params: number;
  /** Times it stands there, one behind the other. */
  readonly count: number;
}
export interface Box extends Common {
  readonly kind: 'box';
  readonly title: string;
  readonly detail: string;
  readonly names: readonly string[];
  readonly line: number;
}
export interface Call extends Common {
  readonly kind: 'call';
  readonly word: string;
  readonly name: string;
  readonly views: readonly View[];
}
export interface Join extends Common {
  readonly kind: 'join';
  readonly op: string;
  readonly branches: readonly (readonly View[])[];
}
/** Several things that repeat as a sequence. */
export interface Loop extends Common {
  readonly kind: 'loop';
  readonly views: readonly View[];
}
export type View = Box | Call | Join | Loop;

/** What follows a layer and belongs to it. */
const companions = new Set([
  'batchNorm',
  'dropout',
  'elu',
  'gelu',
  'hardSigmoid',
  'hardSwish',
  'leakyRelu',
  'relu',
  'relu6',
  'sigmoid',
  'silu',
  'tanh',
]);
const hosts = new Set(['conv2d', 'dense']);

export function viewsOf(items: readonly Item[]): readonly View[] {
  const uses = new Map<string, number>();
  const all = fold(unfolded(items));
  countUses(all, uses);
  return fold(inlined(all, uses));
}

function countUses(views: readonly View[], uses: Map<string, number>): void {
  for (const view of views) {
    if (view.kind === 'call')
      uses.set(view.structure, (uses.get(view.structure) ?? 0) + view.count);
    for (const inner of innerOf(view)) countUses(inner, uses);
  }
}

function innerOf(view: View): readonly (readonly View[])[] {
  if (view.kind === 'box') return [];
  return view.kind === 'join' ? view.branches : [view.views];
}

/** A block that is used once, or does nothing but call others, is drawn in its place: a panel would tell no more. */
function inlined(views: readonly View[], uses: ReadonlyMap<string, number>): readonly View[] {
  return views.flatMap((view): readonly View[] => {
    if (view.kind === 'box') return [view];
    if (view.kind === 'join') {
      return [{ ...view, branches: view.branches.map((b) => inlined(b, uses)) }];
    }
    const inner = inlined(view.views, uses);
    if (view.kind === 'loop') return [{ ...view, views: inner }];
    const isList = view.views.every((v) => v.kind === 'call') && view.views.length > 1;
    const isInlined = view.count === 1 && (uses.get(view.structure) === 1 || isList);
    return isInlined ? inner : [{ ...view, views: inner }];
  });
}

function stackOf(items: readonly Item[]): readonly View[] {
  return fold(unfolded(items));
}

function unfolded(items: readonly Item[]): readonly View[] {
  const views: View[] = [];
  const flat = items.flatMap(flatten);
  for (let i = 0; i < flat.length; i++) {
    const item = flat[i] as Item;
    if (item.kind === 'block') views.push(callOf(item));
    else if (item.kind === 'join') views.push(joinOf(item));
    else {
      const group = [item.node];
      const isHost = hosts.has(item.node.op) || companions.has(item.node.op);
      for (let next = flat[i + 1]; isHost && next?.kind === 'layer'; next = flat[i + 1]) {
        if (!companions.has(next.node.op) || next.from) break;
        group.push(next.node);
        i++;
      }
      views.push(boxOf(group, item.from));
    }
  }
  return views;
}

/** A block that is one convolution with its companions needs no panel. */
function flatten(item: Item): readonly Item[] {
  if (item.kind !== 'block') return [item];
  const items = item.items.flatMap(flatten);
  const heavy = items.filter((i) => i.kind !== 'layer' || !companions.has(i.node.op));
  const simple = items.every((i) => i.kind === 'layer') && heavy.length <= 1;
  return simple ? items : [{ ...item, items }];
}

function paramsOf(nodes: readonly GraphNode[]): number {
  const weights = nodes.flatMap((n) => n.weights).filter((w) => w.trainable);
  return weights.reduce((sum, w) => sum + size(w), 0);
}

function boxOf(nodes: readonly GraphNode[], from: string | undefined): Box {
  const [host, ...rest] = nodes as [GraphNode, ...GraphNode[]];
  const last = nodes.at(-1) as GraphNode;
  const isBare = companions.has(host.op);
  const title = isBare ? nodes.map((n) => n.op).join(' · ') : titleOf(host);
  const detail: string[] = isBare ? [] : rest.map((n) => n.op);
  const structure = `${title}(${detail.join()})${from === undefined ? '' : '<'}`;
  if (from !== undefined) detail.unshift(`from ${from}`);
  return {
    kind: 'box',
    title,
    detail: detail.join(' · '),
    structure,
    shape: last.shape,
    params: paramsOf(nodes),
    count: 1,
    names: nodes.map((n) => n.name),
    line: host.origin.place.range.start.line,
  };
}

function titleOf(node: GraphNode): string {
  switch (node.op) {
    case 'conv2d': {
      const { kernel, stride, dilation, groups } = node.attributes;
      const input = (node.weights[0]?.shape[2] ?? 1) * groups;
      const parts = [`conv ${kernel.join('×')}`];
      if (groups > 1)
        parts[0] = groups === input ? `depthwise ${kernel.join('×')}` : (parts[0] as string);
      if (groups > 1 && groups !== input) parts.push(`${groups} groups`);
      if (Math.max(...stride) > 1)
        parts.push(`stride ${new Set(stride).size === 1 ? stride[0] : stride.join('×')}`);
      if (Math.max(...dilation) > 1) parts.push(`dilation ${dilation[0]}`);
      return parts.join(', ');
    }
    case 'maxPool2d':
    case 'avgPool2d': {
      const { size: window, stride: step } = node.attributes;
      const stride = step.join() === window.join() ? '' : `, stride ${step[0]}`;
      return `${node.op === 'maxPool2d' ? 'max pool' : 'average pool'} ${window.join('×')}${stride}`;
    }
    case 'globalAvgPool':
      return 'global average pool';
    case 'channelShuffle':
      return `channel shuffle, ${node.attributes.groups} groups`;
    case 'split':
      return `split, part ${node.attributes.begin / node.attributes.size + 1}`;
    case 'zeroPad':
      return `zero pad ${node.attributes.padding.join(' ')}`;
    default:
      return node.op;
  }
}

function callOf(item: Extract<Item, { kind: 'block' }>): Call {
  const views = stackOf(item.items);
  const last = views.at(-1);
  return {
    kind: 'call',
    word: item.word,
    name: item.name,
    views,
    structure: `${item.word}{${views.map(structureOf).join(';')}}`,
    shape: last?.shape ?? { height: 0, width: 0, channels: 0 },
    params: views.reduce((sum, v) => sum + v.params, 0),
    count: 1,
  };
}

function joinOf(item: Extract<Item, { kind: 'join' }>): Join {
  const branches = item.branches.map(stackOf);
  return {
    kind: 'join',
    op: item.node.op,
    branches,
    structure: `${item.node.op}[${branches.map((b) => b.map(structureOf).join(';')).join('|')}]`,
    shape: item.node.shape,
    params: branches.flat().reduce((sum, v) => sum + v.params, 0),
    count: 1,
  };
}

/** The number of times is part of how a block looks. */
function structureOf(view: View): string {
  return view.count > 1 ? `${view.structure}*${view.count}` : view.structure;
}

const longestPeriod = 6;

/** Repeats become one: first what is equal in everything, then calls whose channels grow from one to the next. */
function fold(views: readonly View[]): readonly View[] {
  return foldGrowing(foldEqual(views));
}

function foldEqual(views: readonly View[]): readonly View[] {
  const same = (a: View | undefined, b: View | undefined) =>
    a !== undefined &&
    b !== undefined &&
    a.structure === b.structure &&
    a.params === b.params &&
    formatShape(a.shape) === formatShape(b.shape);
  const folded: View[] = [];
  for (let i = 0; i < views.length; ) {
    let best = { period: 1, times: 1 };
    for (let period = 1; period <= longestPeriod; period++) {
      let times = 1;
      const repeats = (n: number) =>
        Array.from({ length: period }, (_, k) =>
          same(views[i + k], views[i + n * period + k]),
        ).every(Boolean);
      while (repeats(times)) times++;
      if (times > 1 && period * times > best.period * best.times) best = { period, times };
    }
    folded.push(repeated(views.slice(i, i + best.period), best.times));
    i += best.period * best.times;
  }
  return folded;
}

function repeated(views: readonly View[], times: number): View {
  const [first] = views as [View];
  if (times === 1) return first;
  if (views.length === 1) return { ...first, count: times, params: first.params * times };
  return {
    kind: 'loop',
    views,
    structure: `(${views.map(structureOf).join(';')})`,
    shape: (views.at(-1) as View).shape,
    params: times * views.reduce((sum, v) => sum + v.params, 0),
    count: times,
  };
}

function foldGrowing(views: readonly View[]): readonly View[] {
  const folded: View[] = [];
  for (let i = 0; i < views.length; ) {
    const first = views[i] as View;
    let end = i + 1;
    while (end < views.length && grows(first, views[end] as View)) end++;
    const run = views.slice(i, end);
    i = end;
    if (run.length < 3) folded.push(...run);
    else {
      const params = run.reduce((sum, v) => sum + v.params, 0);
      folded.push({ ...first, count: run.length, params, shape: (run.at(-1) as View).shape });
    }
  }
  return folded;
}

function grows(a: View, b: View): boolean {
  return (
    (a.kind === 'call' || a.kind === 'join') &&
    a.kind === b.kind &&
    a.count === 1 &&
    b.count === 1 &&
    a.structure === b.structure &&
    a.shape.height === b.shape.height &&
    a.shape.width === b.shape.width
  );
}
