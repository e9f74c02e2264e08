/** One key of the recipe varied at a time, all else as it is. */

import type { Entry, MapNode, TreeNode } from '../1-load/tree.ts';
import { Places, toPlain } from '../1-load/tree.ts';
import type { Recipe } from '../2-validate/spec.ts';
import { cannotVary, changesNothing, unknownNetwork } from '../diagnostics/codes/suite.ts';
import { type Diagnostic, diagnose, type Outcome, outcome } from '../diagnostics/diagnostic.ts';
import { didYouMean } from '../diagnostics/suggest.ts';
import { mergeRecipes, nodeOf, type SuiteDocument } from './load.ts';
import type { Untaught } from './teachers.ts';
import { writtenOf } from './written.ts';

/** What `--ablate` adds to the file. */
export interface AblationRequest {
  /** The network to vary instead of that of the file. */
  readonly network?: string | undefined;
  /** Keys and values as `ablate.vary` of the file has them. */
  readonly vary: MapNode;
}

interface Options {
  readonly ablate?: AblationRequest | undefined;
  readonly same?: (a: Recipe, b: Recipe) => boolean;
}

export function ablations(
  document: SuiteDocument,
  networks: readonly Untaught[],
  { ablate: request, same = asWritten }: Options,
): Outcome<readonly Untaught[]> {
  const { ablate } = document.spec;
  const vary = [nodeOf(document, ablate?.vary as object | undefined), request?.vary];
  const keys = vary.flatMap((map) => (map ? [...map.entries] : []));
  if (keys.length === 0 || networks.length === 0) return outcome([], []);
  const ids = networks.map(({ id }) => id);
  const wanted =
    request?.network ?? ablate?.network ?? networks.find((n) => n.role === 'rival')?.id;
  const base = networks.find(({ id }) => id === wanted);
  if (!base) {
    const name = String(wanted);
    const place = ablate && document.places.at(ablate, 'network');
    const hint = didYouMean(name, ids) ?? `they are ${ids.join(', ')}`;
    return {
      ok: false,
      diagnostics: [diagnose(unknownNetwork, { name, where: '"ablate"' }, { place, hint })],
    };
  }
  const diagnostics: Diagnostic[] = [];
  const found: Untaught[] = [];
  for (const [key, entry] of keys) {
    if (key === 'seed') {
      const text = 'seeds are not varied; `seeds` trains every network with several';
      diagnostics.push(diagnose(cannotVary, { text }, { place: entry.key }));
      continue;
    }
    for (const value of valuesOf(entry.value)) {
      const varied = variation(document, base, { key, entry, value }, same);
      diagnostics.push(...varied.diagnostics);
      if (varied.ok && varied.value) found.push(varied.value);
    }
  }
  return outcome(found, diagnostics);
}

/** A list is a list of values to try; a value that is itself a list stands in a list. */
const valuesOf = (node: TreeNode): readonly TreeNode[] =>
  node.kind === 'list' ? node.items : [node];

const asWritten = (a: Recipe, b: Recipe): boolean => JSON.stringify(a) === JSON.stringify(b);

interface Change {
  readonly key: string;
  readonly entry: Entry;
  readonly value: TreeNode;
}

function variation(
  document: SuiteDocument,
  base: Untaught,
  { key, entry, value }: Change,
  same: (a: Recipe, b: Recipe) => boolean,
): Outcome<Untaught | undefined> {
  const written = writtenOf(document, base.entry);
  const parts = [
    nodeOf(document, document.spec.train),
    nodeOf(document, written?.train as object | undefined),
    nested(key.split('.'), entry, value),
  ];
  const recipe = mergeRecipes(document, ...parts);
  if (!recipe.ok) return recipe;
  const plain = toPlain(value, new Places());
  if (same(recipe.value, base.recipe)) {
    return outcome(undefined, [
      diagnose(changesNothing, { key, value: brief(plain) }, { place: value.place }),
    ]);
  }
  const label = `${key} = ${brief(plain)}`;
  const network: Untaught = {
    ...base,
    id: `${base.id}--${key}-${slug(plain)}`,
    label,
    recipe: recipe.value,
    ablation: { of: base.id, key, value: plain ?? undefined },
  };
  return outcome(network, []);
}

/** `a.b: v` as `a: { b: v }`. */
export function nested(
  [first = '', ...rest]: readonly string[],
  entry: Entry,
  value: TreeNode,
): MapNode {
  const inner = rest.length === 0 ? value : nested(rest, entry, value);
  return {
    kind: 'map',
    place: entry.key,
    entries: new Map([[first, { key: entry.key, value: inner }]]),
  };
}

/** For people: `0.1`, `off`, `sgd`, or the map on one line. */
export function brief(value: unknown): string {
  if (value === null || value === undefined) return 'off';
  if (value === true) return 'on';
  if (value === false) return 'off';
  if (Array.isArray(value)) return `[${value.map(brief).join(', ')}]`;
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([key, inner]) => (key === 'name' ? String(inner) : `${key} ${brief(inner)}`))
    .join(', ');
}

/** For folders: only what every file system takes. */
function slug(value: unknown): string {
  const plain = brief(value)
    .replace(/[^A-Za-z0-9.]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return plain.slice(0, 60) || 'none';
}
