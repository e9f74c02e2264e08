/** A suite file: text to a checked document, by the same reader and the same words as architectures. */

import { type Document, load, type Source } from '../1-load/load.ts';
import { type MapNode, overlay, Places, type TreeNode, toPlain } from '../1-load/tree.ts';
import type { Recipe } from '../2-validate/spec.ts';
import { explain } from '../2-validate/validate.ts';
import { notASuite } from '../diagnostics/codes/suite.ts';
import {
  bug,
  type Diagnostic,
  diagnose,
  failed,
  type Outcome,
  outcome,
  type Place,
} from '../diagnostics/diagnostic.ts';
import { suiteSchema } from './schema.ts';
import type { SuiteSpec } from './spec.ts';
import validator from './validator.generated.js';

export interface SuiteDocument {
  readonly file: string;
  readonly spec: SuiteSpec;
  readonly places: Places;
  readonly root: Place;
}

export function loadSuite(source: Source, reference: string): Outcome<SuiteDocument> {
  const loaded = load(source, reference, { keys: 'version, name and networks' });
  if (!loaded.ok) return loaded;
  if (isArchitecture(loaded.value.data)) {
    const { file, root: place } = loaded.value;
    const hint = 'netlathe compare --arch FILE compares it with itself under other recipes';
    return failed(...loaded.diagnostics, diagnose(notASuite, { file }, { place, hint }));
  }
  const document = withoutNulls(loaded.value);
  const found = [...loaded.diagnostics, ...check(document)];
  const spec = loaded.value.data as SuiteSpec;
  const { file, places, root } = loaded.value;
  return outcome({ file, spec, places, root }, found);
}

/** Told as what it is: key by key it would only be wrong. */
function isArchitecture(data: unknown): boolean {
  const keys = typeof data === 'object' && data !== null ? Object.keys(data) : [];
  return keys.includes('layers') && !keys.includes('networks');
}

function check(document: Document): readonly Diagnostic[] {
  return validator(document.data) ? [] : explain(validator.errors ?? [], document, suiteSchema);
}

/** `ema: null` in the recipe of a network takes a key away: it is form, not a value to be checked. */
function withoutNulls(document: Document): Document {
  const root = document.places.node(document.data as object);
  if (root?.kind !== 'map') return bug('a document without a tree');
  const places = new Places();
  const networks = root.entries.get('networks');
  if (networks?.value.kind !== 'map') return document;
  const cleaned = mapValues(networks.value, (network) =>
    network.kind === 'map'
      ? replaceEntry(network, 'train', (train) => overlay(emptyLike(train), train))
      : network,
  );
  const tree = replaceEntry(root, 'networks', () => cleaned);
  return { ...document, data: toPlain(tree, places), places };
}

const emptyLike = (node: TreeNode): TreeNode => (node.kind === 'map' ? deepEmpty(node) : node);

/** The same maps without their leaves: laid below, `overlay` then drops every null. */
function deepEmpty(map: MapNode): MapNode {
  const maps = [...map.entries].filter(([, { value }]) => value.kind === 'map');
  return {
    ...map,
    entries: new Map(
      maps.map(([key, entry]) => [key, { ...entry, value: deepEmpty(entry.value as MapNode) }]),
    ),
  };
}

function mapValues(map: MapNode, change: (node: TreeNode) => TreeNode): MapNode {
  const entries = [...map.entries].map(
    ([key, entry]) => [key, { ...entry, value: change(entry.value) }] as const,
  );
  return { ...map, entries: new Map(entries) };
}

function replaceEntry(map: MapNode, key: string, change: (node: TreeNode) => TreeNode): MapNode {
  const entry = map.entries.get(key);
  if (!entry) return map;
  return {
    ...map,
    entries: new Map(map.entries).set(key, { ...entry, value: change(entry.value) }),
  };
}

/** The tree of a part of the document. */
export function nodeOf(document: SuiteDocument, value: object | undefined): MapNode | undefined {
  const node = value && document.places.node(value);
  return node?.kind === 'map' ? node : undefined;
}

/**
 * Recipes laid on top of each other, the first below. What results is checked as a recipe of its own: a change that
 * only makes sense on top of another file's is refused where it stands.
 */
export function mergeRecipes(
  document: SuiteDocument,
  ...parts: readonly (MapNode | undefined)[]
): Outcome<Recipe> {
  const root = document.places.node(document.spec);
  if (root?.kind !== 'map') return bug('a suite without a tree');
  const [first, ...rest] = parts.filter((part) => part !== undefined);
  if (!first) return outcome({}, []);
  const merged = rest.reduce<TreeNode>(overlay, overlay(deepEmpty(first), first));
  const entries = new Map(root.entries);
  entries.delete('networks');
  entries.set('train', { key: merged.place, value: merged });
  const places = new Places();
  const networks = root.entries.get('networks');
  if (networks) entries.set('networks', { ...networks, value: stub(networks.value) });
  const data = toPlain({ ...root, entries }, places);
  const found = check({
    file: document.file,
    variant: undefined,
    variants: [],
    data,
    places,
    files: [],
    root: document.root,
  });
  if (found.length > 0) return failed(...found);
  return outcome((data as { readonly train: Recipe }).train, []);
}

/** Stands for the networks, which have been checked. */
function stub(networks: TreeNode): MapNode {
  const { place } = networks;
  const arch = { key: place, value: { kind: 'scalar', place, value: 'x' } } as const;
  const network: MapNode = { kind: 'map', place, entries: new Map([['arch', arch]]) };
  return { kind: 'map', place, entries: new Map([['x', { key: place, value: network }]]) };
}
