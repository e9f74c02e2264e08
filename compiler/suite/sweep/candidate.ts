/** One combination of values as a network of the suite: its architecture compiled, its recipe whole. */

import type { Source } from '../../1-load/load.ts';
import type { TreeNode } from '../../1-load/tree.ts';
import type { Recipe } from '../../2-validate/spec.ts';
import { sweepTrouble } from '../../diagnostics/codes/suite.ts';
import { diagnose, failed, type Outcome, outcome } from '../../diagnostics/diagnostic.ts';
import { didYouMean } from '../../diagnostics/suggest.ts';
import { nested } from '../ablate.ts';
import { mergeRecipes, nodeOf, type SuiteDocument } from '../load.ts';
import { prepareNetwork } from '../network.ts';
import type { SuiteNetwork } from '../plan.ts';
import type { Network } from '../spec.ts';
import { type Dimension, partsOf, plainOf } from './spaces.ts';

export interface Base {
  readonly document: SuiteDocument;
  readonly written: Network;
  readonly network: SuiteNetwork;
  /** The architecture before its widths were solved. */
  readonly architecture: Readonly<Record<string, unknown>>;
}

/** In the order of the dimensions. */
export type Values = readonly TreeNode[];

const isOfRecipe = ({ key }: Dimension): boolean => key.startsWith('train.');

/** A change that no recipe takes is a mistake of the file, whatever the budget says. */
export function recipeOf(
  { document, written }: Base,
  dimensions: readonly Dimension[],
  values: Values,
): Outcome<Recipe> {
  const changes = dimensions.flatMap((dimension, i) =>
    isOfRecipe(dimension)
      ? [nested(dimension.key.split('.').slice(1), dimension.entry, values[i] as TreeNode)]
      : [],
  );
  const own = nodeOf(document, written.train as object | undefined);
  return mergeRecipes(document, nodeOf(document, document.spec.train), own, ...changes);
}

/** Not a fault where it fails: another combination may do. */
export function networkOf(
  source: Source,
  base: Base,
  dimensions: readonly Dimension[],
  values: Values,
  id: string,
): Outcome<Pick<SuiteNetwork, 'compiled' | 'fitted' | 'verdicts'>> {
  const { document, written, network } = base;
  if (dimensions.every(isOfRecipe)) return outcome(network, []);
  const architecture = structuredClone(base.architecture) as Record<string, unknown>;
  dimensions.forEach((dimension, i) => {
    if (isOfRecipe(dimension)) return;
    const found = holderOf(architecture, dimension.key);
    if ('holder' in found) found.holder[found.last] = plainOf(values[i] as TreeNode);
  });
  const file = `sweep:${id}`;
  const text = JSON.stringify(architecture);
  const changed: Source = {
    read: (name) => (name === file ? text : source.read(name)),
    resolve: (name, from) => (name === file ? file : source.resolve(name, from)),
  };
  const { variants: _variants, ...one } = written;
  const place = document.places.at(written, 'arch') ?? document.root;
  const prepared = prepareNetwork(changed, document, id, { ...one, arch: file }, place);
  if (!prepared.ok) return prepared;
  const [only] = prepared.value;
  return only ? outcome(only, prepared.diagnostics) : failed(...prepared.diagnostics);
}

/** Keys of the architecture must be there already: a new constant would be one that nothing reads. */
export function checkKey(base: Base, { key, entry }: Dimension): Outcome<undefined> {
  if (key.startsWith('train.')) return outcome(undefined, []);
  const found = holderOf(base.architecture, key);
  if ('holder' in found) return outcome(undefined, []);
  const hint =
    didYouMean(found.missing, found.known) ??
    (key.startsWith(found.missing) ? `a key of the recipe is train.${key}` : undefined);
  const text = `"${key}" is no key of the architecture: it has no "${found.missing}"`;
  return failed(diagnose(sweepTrouble, { text }, { place: entry.key, hint }));
}

type Holder =
  | { readonly holder: Record<string, unknown>; readonly last: string }
  | { readonly missing: string; readonly known: readonly string[] };

function holderOf(root: Readonly<Record<string, unknown>>, key: string): Holder {
  const parts = partsOf(key);
  let at: unknown = root;
  for (const [i, part] of parts.entries()) {
    const known = typeof at === 'object' && at !== null ? Object.keys(at) : [];
    // Not `hasOwn`, to which the length of a list is one of its keys.
    if (!known.includes(part)) return { missing: part, known };
    const holder = at as Record<string, unknown>;
    if (i === parts.length - 1) return { holder, last: part };
    at = holder[part];
  }
  return { missing: key, known: [] };
}
