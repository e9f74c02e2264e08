/** A document as text: values with the places they stand at. Later phases see plain values and ask for places. */

import type { Place } from '../diagnostics/diagnostic.ts';

export type Scalar = string | number | boolean | null;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly place: Place;
  readonly value: Scalar;
}
export interface ListNode {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly TreeNode[];
}
export interface Entry {
  readonly key: Place;
  readonly value: TreeNode;
}
export interface MapNode {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: ReadonlyMap<string, Entry>;
}
export type TreeNode = ScalarNode | ListNode | MapNode;

/**
 * Lays `over` on `base`: maps merge key by key, anything else replaces, `null` removes the key.
 * The result keeps the place of each part's own file.
 */
export function overlay(base: TreeNode, over: TreeNode): TreeNode {
  if (base.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const below = base.entries.get(key);
    if (entry.value.kind === 'scalar' && entry.value.value === null) entries.delete(key);
    else if (below) entries.set(key, { key: entry.key, value: overlay(below.value, entry.value) });
    else entries.set(key, entry);
  }
  return { kind: 'map', place: over.place, entries };
}

export function without(map: MapNode, ...keys: readonly string[]): MapNode {
  return { ...map, entries: new Map([...map.entries].filter(([key]) => !keys.includes(key))) };
}

/** Where the parts of a plain value stand: asked by the object that holds them. */
export class Places {
  readonly #nodes = new WeakMap<object, MapNode | ListNode>();

  remember(value: object, node: MapNode | ListNode): void {
    this.#nodes.set(value, node);
  }

  /** The text that an object or list came from. */
  node(value: object): MapNode | ListNode | undefined {
    return this.#nodes.get(value);
  }

  /** The place of an object or list itself. */
  of(value: object): Place | undefined {
    return this.#nodes.get(value)?.place;
  }

  /** The place of a value inside an object or list. */
  at(holder: object, key: string | number): Place | undefined {
    const node = this.#nodes.get(holder);
    if (!node) return undefined;
    return node.kind === 'map'
      ? node.entries.get(String(key))?.value.place
      : node.items[Number(key)]?.place;
  }

  /** The place of a key itself. */
  key(holder: object, key: string): Place | undefined {
    const node = this.#nodes.get(holder);
    return node?.kind === 'map' ? node.entries.get(key)?.key : undefined;
  }
}

/** Plain data, with no prototype to pollute, and the places of all its parts. */
export function toPlain(node: TreeNode, places: Places): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list': {
      const list = node.items.map((item) => toPlain(item, places));
      places.remember(list, node);
      return list;
    }
    case 'map': {
      const map: Record<string, unknown> = Object.create(null);
      for (const [key, entry] of node.entries) map[key] = toPlain(entry.value, places);
      places.remember(map, node);
      return map;
    }
  }
}
