/**
 * Phase 1, load: files to one document. Reads the file, those it extends, and lays the chosen variant on top.
 * Takes a `Source` for the text, so that tests and editors need no disk.
 */

import path from 'node:path';
import {
  extendsTrouble,
  fileNotFound,
  fileTooLarge,
  unknownVariant,
} from '../diagnostics/codes/load.ts';
import {
  type Diagnostic,
  diagnose,
  failed,
  type Outcome,
  outcome,
  type Place,
} from '../diagnostics/diagnostic.ts';
import { didYouMean } from '../diagnostics/suggest.ts';
import { limits } from './guard.ts';
import { parse } from './parse.ts';
import {
  type Entry,
  type MapNode,
  overlay,
  Places,
  type TreeNode,
  toPlain,
  without,
} from './tree.ts';

/** Where texts come from. */
export interface Source {
  /** Turns a reference (a path or zoo name) into a file. Never throws: what is wrong with it shows when it is read. */
  resolve(reference: string, from: string | undefined): string;
  /** Throws a SourceError if it cannot. */
  read(file: string): string;
}

/** Why a text cannot be had, in words that follow "cannot read FILE: ". */
export class SourceError extends Error {
  readonly hint: string | undefined;
  /** Set where the text was not read because it has so many bytes. */
  readonly bytes: number | undefined;

  constructor(reason: string, more: { readonly hint?: string; readonly bytes?: number } = {}) {
    super(reason);
    this.hint = more.hint;
    this.bytes = more.bytes;
  }
}

export interface LoadOptions {
  readonly variant?: string | undefined;
  /** Labels to use for those of the file: what the photos are called decides, once there are photos. */
  readonly classes?: readonly string[] | undefined;
  /** What the map of such a file holds, in words; those of an architecture if left out. */
  readonly keys?: string | undefined;
}

/** Plain data as it was written, still unchecked. */
export interface Document {
  readonly file: string;
  readonly variant: string | undefined;
  readonly variants: readonly string[];
  readonly data: unknown;
  readonly places: Places;
  /** Every file that took part: what `--watch` watches. */
  readonly files: readonly string[];
  readonly root: Place;
}

const deepestExtends = 8;

export function load(
  source: Source,
  reference: string,
  options: LoadOptions = {},
): Outcome<Document> {
  const loader = new Loader(source, options.keys);
  const file = source.resolve(reference, undefined);
  const tree = loader.open(file, undefined, []);
  if (!tree) return failed(...loader.diagnostics);
  const chosen = withClasses(
    chooseVariant(tree, options.variant, loader.diagnostics),
    options.classes,
  );
  const places = new Places();
  const data = toPlain(chosen, places);
  const variants = tree.entries.get('variants')?.value;
  return outcome(
    {
      file,
      variant: options.variant,
      variants: variants?.kind === 'map' ? [...variants.entries.keys()] : [],
      data,
      places,
      files: loader.files,
      root: tree.place,
    },
    loader.diagnostics,
  );
}

class Loader {
  readonly diagnostics: Diagnostic[] = [];
  readonly files: string[] = [];
  readonly #source: Source;
  readonly #keys: string | undefined;

  constructor(source: Source, keys: string | undefined) {
    this.#source = source;
    this.#keys = keys;
  }

  open(file: string, said: Place | undefined, chain: readonly string[]): MapNode | undefined {
    let text: string;
    try {
      text = this.#source.read(file);
    } catch (error) {
      this.diagnostics.push(unreadable(file, said, error));
      return undefined;
    }
    if (!this.files.includes(file)) this.files.push(file);
    const parsed = parse(displayPath(file), text, this.#keys);
    this.diagnostics.push(...parsed.diagnostics);
    if (!parsed.ok) return undefined;
    return this.#extend(parsed.value, file, [...chain, file]);
  }

  #extend(tree: MapNode, file: string, chain: readonly string[]): MapNode | undefined {
    const entry = tree.entries.get('extends');
    if (!entry) return tree;
    const place = entry.value.place;
    const refuse = (text: string) => {
      this.diagnostics.push(diagnose(extendsTrouble, { text }, { place }));
      return undefined;
    };
    if (entry.value.kind !== 'scalar' || typeof entry.value.value !== 'string') {
      return refuse('extends takes the path of one YAML file');
    }
    const base = this.#source.resolve(entry.value.value, file);
    if (chain.includes(base))
      return refuse(`the files extend each other in a circle: ${displayPath(base)}`);
    if (chain.length > deepestExtends)
      return refuse(`extends goes more than ${deepestExtends} files deep`);
    const below = this.open(base, place, chain);
    if (!below) return undefined;
    // The variants of the base are changes of the base, not of this file.
    return overlayDocument(without(below, 'variants'), without(tree, 'extends'));
  }
}

function unreadable(file: string, said: Place | undefined, error: unknown): Diagnostic {
  const { hint, bytes } = error instanceof SourceError ? error : {};
  if (bytes !== undefined) {
    return diagnose(fileTooLarge, { bytes, limit: limits.bytes }, { place: said, hint });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return diagnose(fileNotFound, { file: displayPath(file), reason }, { place: said, hint });
}

function chooseVariant(
  tree: MapNode,
  name: string | undefined,
  diagnostics: Diagnostic[],
): TreeNode {
  const bare = without(tree, 'variants');
  const variants = tree.entries.get('variants');
  // Without a choice the variants stay in the document, to be checked for form.
  if (name === undefined) return tree;
  const known: ReadonlyMap<string, Entry> =
    variants?.value.kind === 'map' ? variants.value.entries : new Map();
  const variant = known.get(name);
  if (variant?.value.kind === 'map') {
    return overlayDocument(variantName(bare, name), variant.value);
  }
  if (variant) return tree; // not a map: validation says so
  diagnostics.push(
    diagnose(
      unknownVariant,
      { name, known: [...known.keys()] },
      {
        place: variants?.key ?? tree.place,
        hint: didYouMean(name, known.keys()),
      },
    ),
  );
  return bare;
}

/** A limit is replaced as a whole: `exactly` over `atMost` must not leave both. */
function overlayDocument(base: MapNode, over: MapNode): MapNode {
  const merged = overlay(base, over) as MapNode;
  const below = base.entries.get('budget')?.value;
  const budget = over.entries.get('budget');
  if (below?.kind !== 'map' || budget?.value.kind !== 'map') return merged;
  const limits = new Map([...below.entries, ...budget.value.entries]);
  for (const [key, { value }] of budget.value.entries) {
    if (value.kind === 'scalar' && value.value === null) limits.delete(key);
  }
  const entries = new Map(merged.entries);
  entries.set('budget', { ...budget, value: { ...budget.value, entries: limits } });
  return { ...merged, entries };
}

function withClasses(tree: TreeNode, labels: readonly string[] | undefined): TreeNode {
  const written = tree.kind === 'map' ? tree.entries.get('classes') : undefined;
  if (tree.kind !== 'map' || !written || !labels) return tree;
  const { place } = written.value;
  const items = labels.map((value) => ({ kind: 'scalar', place, value }) as const);
  const classes: Entry = { ...written, value: { kind: 'list', place, items } };
  return { ...tree, entries: new Map([...tree.entries, ['classes', classes]]) };
}

/** A variant is called `base-variant` unless it names itself. */
function variantName(tree: MapNode, variant: string): MapNode {
  const name = tree.entries.get('name');
  if (name?.value.kind !== 'scalar') return tree;
  const entries = new Map(tree.entries);
  entries.set('name', {
    ...name,
    value: { ...name.value, value: `${name.value.value}-${variant}` },
  });
  return { ...tree, entries };
}

/** Paths in messages are relative to the working directory where that is shorter. */
export function displayPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.length > 0 && relative.length < file.length ? relative : file;
}
