/** Which folders train and which validates: those the caller names, else those whose names say so. */
import { didYouMean, orList } from '../../compiler/diagnostics/suggest.ts';
import { firstFew, SplitError } from './data-error.ts';
import { flatLabel, ROOT } from './path-label.ts';

const TRAIN_NAMES: readonly string[] = ['train', 'training'];
const VALIDATION_NAMES: readonly string[] = ['validation', 'valid', 'val'];
const TEST_NAMES: readonly string[] = ['test', 'testing', 'evaluation', 'eval'];
const NAMED = 5;

export interface SplitChoice {
  /** Folders that train, merged in this order; found by name when left out. */
  readonly train?: string | readonly string[] | undefined;
  /** The folder that validates, `false` for none; found by name only when `train` is left out too. */
  readonly validation?: string | false | undefined;
}

export interface SplitRequest {
  /** What the user gave as root, for messages. */
  readonly root: string;
  readonly splits: SplitChoice;
  /** A part of the training images will be held out, so no folder validates unless one is named. */
  readonly holdsOut: boolean;
}

export interface SplitFolders {
  readonly train: readonly string[];
  readonly validation: string | null;
  /** Folders of images beside them that nobody reads, those for testing left out. */
  readonly unused: readonly string[];
}

type Chosen = Omit<SplitFolders, 'unused'>;

/** `images`: the paths of all images below the root. */
export function splitFolders(request: SplitRequest, images: readonly string[]): SplitFolders {
  const base = wrapper(images);
  const chosen = choose(request, images, base);
  return { ...chosen, unused: unusedFolders(images, base, chosen) };
}

/** Archives and downloads often wrap everything in one folder more: its name and a slash, or nothing. */
function wrapper(images: readonly string[]): string {
  let base = '';
  for (;;) {
    const top = topFolders(images, base);
    const only = top.size === 1 ? [...top][0] : undefined;
    if (only === undefined || isSplitName(only)) return base;
    const inner = `${base}${only}/`;
    // Without it there must still be labels: a lone folder of one class is no wrapper.
    const below = images.map((path) => (path.startsWith(inner) ? path.slice(inner.length) : ''));
    if (!below.every((path) => path.includes('/') || flatLabel(path) !== null)) return base;
    base = inner;
  }
}

function topFolders(images: readonly string[], base: string): Set<string> {
  const names = images
    .filter((path) => path.startsWith(base))
    .map((path) => path.slice(base.length).split('/'))
    .flatMap(([first, ...rest]) => (first !== undefined && rest.length > 0 ? [first] : []));
  return new Set(names);
}

function isSplitName(name: string): boolean {
  return [...TRAIN_NAMES, ...VALIDATION_NAMES, ...TEST_NAMES].includes(name.toLowerCase());
}

function choose(request: SplitRequest, images: readonly string[], base: string): Chosen {
  const { splits, holdsOut, root } = request;
  const named = typeof splits.train === 'string' ? [splits.train] : (splits.train ?? []);
  const find = (name: string): string => findFolder(root, images, base, name);
  const namedValidation =
    splits.validation === undefined || splits.validation === false ? null : find(splits.validation);
  if (named.length > 0) {
    return distinct(root, { train: named.map(find), validation: namedValidation });
  }
  const top = [...topFolders(images, base)];
  const train = only(root, 'trains', top, TRAIN_NAMES);
  if (train === null && (namedValidation !== null || top.some(isSplitName))) {
    throw noTrainingFolder(root, top);
  }
  if (train === null) return { train: [base === '' ? ROOT : base.slice(0, -1)], validation: null };
  if (namedValidation !== null || splits.validation === false || holdsOut) {
    return distinct(root, { train: [base + train], validation: namedValidation });
  }
  const validation = only(root, 'validates', top, VALIDATION_NAMES);
  return { train: [base + train], validation: validation === null ? null : base + validation };
}

function only(
  root: string,
  verb: string,
  top: readonly string[],
  names: readonly string[],
): string | null {
  const found = top.filter((name) => names.includes(name.toLowerCase()));
  if (found.length <= 1) return found[0] ?? null;
  throw new SplitError({
    message: `several folders could be the one that ${verb}: ${quotedFew(found)}`,
    path: root,
    hint: 'name the folders that train and that validate',
  });
}

function noTrainingFolder(root: string, top: readonly string[]): SplitError {
  return new SplitError({
    message: `no folder for training among ${quotedFew(top)}`,
    path: root,
    hint: `call it ${orList(TRAIN_NAMES)}, or name the folders that train`,
  });
}

/** The folder as spelled on disk: exactly, or without regard to case where that is unambiguous. */
function findFolder(root: string, images: readonly string[], base: string, name: string): string {
  const wanted = name.replace(/^(\.\/)+|\/+$/g, '').normalize('NFC');
  if (wanted === ROOT || wanted === '') return ROOT;
  const folders = foldersOf(images);
  const caseless = (folder: string): string => folder.normalize('NFC').toLowerCase();
  for (const full of [wanted, base.normalize('NFC') + wanted]) {
    const exact = folders.filter((folder) => folder.normalize('NFC') === full);
    const near = folders.filter((folder) => caseless(folder) === full.toLowerCase());
    const found = exact.length > 0 ? exact : near;
    if (found.length === 1 && found[0] !== undefined) return found[0];
  }
  // Class folders below would only drown the splits.
  const level = [...topFolders(images, base)];
  throw new SplitError({
    message: `there is no folder "${name}" with images in it`,
    path: root,
    hint: didYouMean(name, level) ?? `there are ${quotedFew(level)}`,
  });
}

/** Every folder that holds images at any depth. */
function foldersOf(images: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of images) {
    for (let cut = path.indexOf('/'); cut >= 0; cut = path.indexOf('/', cut + 1)) {
      folders.add(path.slice(0, cut));
    }
  }
  return [...folders];
}

function distinct(root: string, folders: Chosen): Chosen {
  const all = [...folders.train, ...(folders.validation === null ? [] : [folders.validation])];
  const clash = all.find((a, i) => all.some((b, j) => i !== j && isWithin(a, b)));
  if (clash === undefined) return folders;
  throw new SplitError({
    message: `the folder "${clash}" would be used twice`,
    path: root,
    hint: 'let each folder either train or validate, and none hold another',
  });
}

function isWithin(inner: string, outer: string): boolean {
  return outer === ROOT || inner === outer || inner.startsWith(`${outer}/`);
}

/** Test images wait for `eval`, and are no surprise; anything else that is left out may be a mistake. */
function unusedFolders(images: readonly string[], base: string, chosen: Chosen): string[] {
  const used = [...chosen.train, chosen.validation].filter((name) => name !== null);
  return [...topFolders(images, base)]
    .filter((name) => !TEST_NAMES.includes(name.toLowerCase()))
    .map((name) => base + name)
    .filter((path) => !used.some((folder) => isWithin(path, folder) || isWithin(folder, path)));
}

function quotedFew(names: readonly string[]): string {
  return firstFew(
    names.map((name) => `"${name}"`),
    NAMED,
  ).join(', ');
}
