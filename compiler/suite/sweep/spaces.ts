/** The values that a key of a search may take. */

import type { Entry, MapNode, Scalar, TreeNode } from '../../1-load/tree.ts';
import { Places, toPlain } from '../../1-load/tree.ts';

export type Space =
  | { readonly kind: 'choice'; readonly items: readonly TreeNode[] }
  | {
      readonly kind: 'uniform' | 'logUniform' | 'integer';
      readonly low: number;
      readonly high: number;
      readonly step: number;
      /** Of a grid. */
      readonly points: number | undefined;
    };

/** A key and what it may be. */
export interface Dimension {
  /** As it is written: `train.optimizer.learningRate`, `bandwidth.base`. */
  readonly key: string;
  readonly entry: Entry;
  readonly space: Space;
}

/** `bandwidth[2]` as `bandwidth`, `2`. */
export const partsOf = (key: string): readonly string[] =>
  key.replaceAll(/\[(\d+)\]/g, '.$1').split('.');

/** Whether what one key sets is, or holds, what the other sets: then only one of the two would count. */
export function overlap(a: string, b: string): boolean {
  const [x, y] = [partsOf(a), partsOf(b)];
  return x.slice(0, y.length).every((part, i) => part === y[i]);
}

const kinds = ['choice', 'uniform', 'logUniform', 'integer'] as const;

/** What was written, or what is wrong with it. The schema has been checked. */
export function spaceOf(node: TreeNode): Space | string {
  if (node.kind === 'list') return { kind: 'choice', items: node.items };
  if (node.kind !== 'map') return 'it is neither a list nor a space';
  const written = kinds.filter((kind) => node.entries.has(kind));
  const [kind] = written;
  if (kind === undefined || written.length > 1) {
    return `a space is one of ${kinds.join(', ')}; this has ${written.join(' and ') || 'none'}`;
  }
  const only = { step: kind === 'integer', points: kind !== 'choice' };
  for (const [key, fits] of Object.entries(only)) {
    if (node.entries.has(key) && !fits) return `"${key}" does not go with "${kind}"`;
  }
  if (node.entries.has('step') && node.entries.has('points')) {
    return '"step" and "points" are two ways to say the same: give one of them';
  }
  const value = node.entries.get(kind)?.value;
  if (value?.kind !== 'list') return `"${kind}" takes a list`;
  return kind === 'choice' ? { kind, items: value.items } : rangeOf(kind, node, value.items);
}

function rangeOf(
  kind: 'uniform' | 'logUniform' | 'integer',
  node: MapNode,
  items: readonly TreeNode[],
): Space | string {
  const [low, high] = items.map((item) => (item.kind === 'scalar' ? Number(item.value) : 0)) as [
    number,
    number,
  ];
  if (!(low < high)) return `${low} to ${high} is no range: the first must be the smaller`;
  if (kind === 'logUniform' && low <= 0) return 'a logUniform range begins above 0';
  if (kind === 'integer' && !(Number.isInteger(low) && Number.isInteger(high))) {
    return 'an integer range has whole ends';
  }
  const number = (key: string): number | undefined => {
    const entry = node.entries.get(key)?.value;
    return entry?.kind === 'scalar' ? Number(entry.value) : undefined;
  };
  return { kind, low, high, step: number('step') ?? 1, points: number('points') };
}

/** One value, `unit` in [0, 1). Few digits, so that what is written is what is trained. */
export function drawn({ space, entry }: Dimension, unit: number): TreeNode {
  if (space.kind === 'choice') {
    return space.items[Math.floor(unit * space.items.length)] as TreeNode;
  }
  if (space.kind === 'integer') {
    const count = Math.floor((space.high - space.low) / space.step) + 1;
    return scalar(entry, space.low + space.step * Math.floor(unit * count));
  }
  return scalar(entry, between(space, unit));
}

/** All values of a grid, or what is wrong. */
export function gridOf({ space, entry }: Dimension): readonly TreeNode[] | string {
  if (space.kind === 'choice') return space.items;
  const { low, high, step, points } = space;
  if (space.kind === 'integer' && points === undefined) {
    const count = Math.floor((high - low) / step) + 1;
    return Array.from({ length: count }, (_, i) => scalar(entry, low + step * i));
  }
  if (points === undefined) return 'a grid needs "points" of a range';
  const values = Array.from({ length: points }, (_, i) => between(space, i / (points - 1)));
  const whole = space.kind === 'integer' ? values.map(Math.round) : values;
  return [...new Set(whole)].map((value) => scalar(entry, value));
}

function between(
  { kind, low, high }: { readonly kind: string; readonly low: number; readonly high: number },
  unit: number,
): number {
  const exact = kind === 'logUniform' ? low * (high / low) ** unit : low + (high - low) * unit;
  return Math.min(high, Math.max(low, Number(exact.toPrecision(3))));
}

const scalar = ({ value: { place } }: Entry, value: Scalar): TreeNode => ({
  kind: 'scalar',
  place,
  value,
});

/** For records and tables. */
export const plainOf = (node: TreeNode): unknown => toPlain(node, new Places());
