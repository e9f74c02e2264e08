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
import { teacherOf } from '../teachers.ts';
import { type Dimension, partsOf, plainOf } from './spaces.ts';

export interface Base {
  readonly document: SuiteDocument;
  readonly written: Network;
  readonly network: SuiteNetwork;
  /** Names of the suite's networks. */
  readonly names: readonly string[];
  /** The architecture before its widths were solved. */
  readonly architecture: Readonly<Record<string, unknown>>;
}

/** In the order of the dimensions. */
export type Values = readonly TreeNode[];

const isOfRecipe = ({ key }: Dimension): boolean => key.startsWith('train.');

/** A change that no recipe takes is a mistake of the file, whatever the budget says. */
export function recipeOf(
  base: Base,
  dimensions: readonly Dimension[],
  values: Values,
): Outcome<Recipe> {
  const { document, written } = base;
  const changes = dimensions.flatMap((dimension, i) =>
    isOfRecipe(dimension)
      ? [nested(dimension.key.split('.').slice(1), dimension.entry, values[i] as TreeNode)]
      : [],
  );
  const own = nodeOf(document, written.train as object | undefined);
  const recipe = mergeRecipes(document, nodeOf(document, document.spec.train), own, ...changes);
  const text = recipe.ok ? unfit(base, recipe.value) : undefined;
  if (text === undefined) return recipe;
  const place = (document.spec.sweep && document.places.of(document.spec.sweep)) ?? document.root;
  return failed(diagnose(sweepTrouble, { text }, { place }));
}

/** Why a search cannot train by this recipe. */
function unfit({ network, names }: Base, recipe: Recipe): string | undefined {
  const teacher = teacherOf(recipe);
  if (teacher !== undefined && names.includes(teacher)) {
    return `"${network.id}" learns from a network of the suite: train that one first, and name its folder`;
  }
  const { train, validation, holdOut } = recipe.data ?? {};
  if (holdOut !== undefined) return undefined;
  const merged = typeof validation === 'string' && [train].flat().includes(validation);
  // Several folders that train are taken as they are: nothing of them is held out unasked.
  const none = validation === false || (validation === undefined && Array.isArray(train));
  if (!merged && !none) return undefined;
  return 'no photos are held out to choose by: give a folder as data.validation that does not train, or data.holdOut';
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
