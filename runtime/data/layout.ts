/**
 * From a list of paths to splits and labels, looking at names only. Two ways to name a label:
 *   a folder a class      training/cat/photo.jpg          (any depth below it)
 *   a prefix              training/3_17.jpg               (as in the NTU ML2020 food-11 homework)
 * with the splits as folders on top, or without any: then everything is one pool to hold a part out of.
 */
import { didYouMean, orList } from '../../compiler/diagnostics/suggest.ts';
import { firstFew, NoImagesError, plural, SplitError } from './data-error.ts';
import { type DataWarning, dataWarning } from './data-warning.ts';
import { formatOfName, isOtherImage } from './image-format.ts';

const TRAIN_NAMES: readonly string[] = ['train', 'training'];
const VALIDATION_NAMES: readonly string[] = ['validation', 'valid', 'val'];
const TEST_NAMES: readonly string[] = ['test', 'testing', 'evaluation', 'eval'];
/** Stands for the root itself where a split is named. */
const ROOT = '.';
const NAMED = 5;

export interface SplitChoice {
  /** Folders that train, merged in this order; found by name when left out. */
  readonly train?: string | readonly string[] | undefined;
  /** The folder that validates; found by name only when `train` is left out too. */
  readonly validation?: string | undefined;
}

export interface LabelledPath {
  readonly path: string;
  readonly label: string;
}

export interface Layout {
  readonly train: readonly LabelledPath[];
  /** Empty where no folder validates. */
  readonly validation: readonly LabelledPath[];
  /** The folders as found, for messages. */
  readonly trainFolders: readonly string[];
  readonly validationFolder: string | null;
  readonly warnings: readonly DataWarning[];
}

export interface LayoutRequest {
  /** What the user gave as root, for messages. */
  readonly root: string;
  readonly paths: readonly string[];
  readonly splits: SplitChoice;
  /** A part of the training images will be held out, so no folder validates unless one is named. */
  readonly holdsOut: boolean;
}

export function arrange(request: LayoutRequest): Layout {
  const images = request.paths.filter((path) => formatOfName(path) !== null);
  if (images.length === 0) throw noImages(request);
  const base = wrapper(images, request.splits);
  const folders = chooseFolders(request, images, base);
  const train = folders.train.map((folder) => labelled(folder, images));
  const validation = labelled(folders.validation, images);
  const all = [...train, validation];
  all.forEach((split) => {
    assertLabelled(request.root, split);
  });
  return {
    train: train.flatMap((split) => split.images),
    validation: validation.images,
    trainFolders: folders.train,
    validationFolder: folders.validation,
    warnings: [
      ...ignoredWarnings(
        request.paths,
        all.flatMap((split) => split.unlabelled),
      ),
      ...unusedWarnings(images, base, folders),
    ],
  };
}

interface Folders {
  readonly train: readonly string[];
  readonly validation: string | null;
}

/** Archives and downloads often wrap everything in one folder more: its name and a slash, or nothing. */
function wrapper(images: readonly string[], splits: SplitChoice): string {
  if (asked(splits).length > 0) return '';
  let base = '';
  for (;;) {
    const top = topFolders(images, base);
    const only = top.size === 1 ? [...top][0] : undefined;
    if (only === undefined || isSplitName(only)) return base;
    const inner = `${base}${only}/`;
    if (!images.every((path) => path.startsWith(inner))) return base;
    const below = images.map((path) => path.slice(inner.length));
    const labelsBelow = below.every((path) => path.includes('/') || flatLabel(path) !== null);
    if (!labelsBelow) return base;
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

function asked({ train, validation }: SplitChoice): string[] {
  const folders = typeof train === 'string' ? [train] : (train ?? []);
  return validation === undefined ? [...folders] : [...folders, validation];
}

function chooseFolders(request: LayoutRequest, images: readonly string[], base: string): Folders {
  const { splits, holdsOut, root } = request;
  const find = (name: string): string => findFolder(root, images, name);
  const named = typeof splits.train === 'string' ? [splits.train] : splits.train;
  if (named !== undefined && named.length > 0) {
    const validation = splits.validation === undefined ? null : find(splits.validation);
    return distinct(root, { train: named.map(find), validation });
  }
  const top = [...topFolders(images, base)];
  const train = only(root, 'trains', top, TRAIN_NAMES);
  if (splits.validation !== undefined) {
    if (train === null) throw noTrainingFolder(root, top);
    return distinct(root, { train: [base + train], validation: find(splits.validation) });
  }
  const validation = only(root, 'validates', top, VALIDATION_NAMES);
  if (train !== null) {
    return {
      train: [base + train],
      validation: validation === null || holdsOut ? null : base + validation,
    };
  }
  if (top.some(isSplitName)) throw noTrainingFolder(root, top);
  return { train: [base === '' ? ROOT : base.slice(0, -1)], validation: null };
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
    message: `several folders could be the one that ${verb}: ${quoted(found)}`,
    path: root,
    hint: 'name the folders that train and that validate',
  });
}

function noTrainingFolder(root: string, top: readonly string[]): SplitError {
  return new SplitError({
    message: `no folder for training among ${quoted(top)}`,
    path: root,
    hint: `call it ${orList(TRAIN_NAMES)}, or name the folders that train`,
  });
}

/** The folder as spelled on disk: exactly, or without regard to case where that is unambiguous. */
function findFolder(root: string, images: readonly string[], name: string): string {
  const wanted = name.replace(/^(\.\/)+|\/+$/g, '').normalize('NFC');
  if (wanted === ROOT || wanted === '') return ROOT;
  const folders = new Set<string>();
  for (const path of images) {
    for (let cut = path.indexOf('/'); cut >= 0; cut = path.indexOf('/', cut + 1)) {
      folders.add(path.slice(0, cut));
    }
  }
  const exact = [...folders].find((folder) => folder.normalize('NFC') === wanted);
  if (exact !== undefined) return exact;
  const near = [...folders].filter(
    (folder) => folder.normalize('NFC').toLowerCase() === wanted.toLowerCase(),
  );
  if (near.length === 1 && near[0] !== undefined) return near[0];
  throw new SplitError({
    message: `there is no folder "${name}" with images in it`,
    path: root,
    hint: didYouMean(name, folders) ?? `there are ${quoted(firstFew([...folders], NAMED))}`,
  });
}

function distinct(root: string, folders: Folders): Folders {
  const all = [...folders.train, ...(folders.validation === null ? [] : [folders.validation])];
  const inside = (inner: string, outer: string): boolean =>
    outer === ROOT || inner === outer || inner.startsWith(`${outer}/`);
  const clash = all.find((a, i) => all.some((b, j) => i !== j && inside(a, b)));
  if (clash === undefined) return folders;
  throw new SplitError({
    message: `the folder "${clash}" would be used twice`,
    path: root,
    hint: 'let each folder either train or validate, and none hold another',
  });
}

interface LabelledSplit {
  readonly folder: string | null;
  readonly images: readonly LabelledPath[];
  readonly unlabelled: readonly string[];
}

function labelled(folder: string | null, images: readonly string[]): LabelledSplit {
  if (folder === null) return { folder, images: [], unlabelled: [] };
  const prefix = folder === ROOT ? '' : `${folder}/`;
  const inside = images.filter((path) => path.startsWith(prefix));
  const below = (path: string): string => path.slice(prefix.length);
  // Folders of classes win: a stray image beside them belongs to none of them.
  const byFolder = inside.some((path) => below(path).includes('/'));
  const found: LabelledPath[] = [];
  const unlabelled: string[] = [];
  for (const path of inside) {
    const label = byFolder ? folderLabel(below(path)) : flatLabel(below(path));
    if (label === null) unlabelled.push(path);
    // macOS writes accents as two characters; the same class must compare equal.
    else found.push({ path, label: label.normalize('NFC') });
  }
  return { folder, images: found, unlabelled };
}

function folderLabel(path: string): string | null {
  const cut = path.indexOf('/');
  return cut < 0 ? null : path.slice(0, cut);
}

function flatLabel(path: string): string | null {
  return /^([^/]+)_\d+\.[^./]+$/.exec(path)?.[1] ?? null;
}

function assertLabelled(root: string, split: LabelledSplit): void {
  if (split.folder === null || split.images.length > 0) return;
  throw new NoImagesError({
    message: `no image in "${split.folder}" carries a label`,
    path: root,
    notes: firstFew(split.unlabelled, NAMED),
    hint: 'put the images of each class into a folder of its name, or call them LABEL_NUMBER.jpg',
  });
}

function noImages({ root, paths }: LayoutRequest): NoImagesError {
  return new NoImagesError({
    message:
      paths.length === 0
        ? 'there is no file here'
        : `none of the ${plural(paths.length, 'file')} here is a JPEG, PNG or WebP`,
    path: root,
    notes: firstFew(paths, NAMED),
    hint: 'give a folder with the images of each class in a folder of its name',
  });
}

function ignoredWarnings(
  paths: readonly string[],
  unlabelled: readonly string[],
): readonly DataWarning[] {
  const others = paths.filter((path) => formatOfName(path) === null);
  const images = others.filter(isOtherImage);
  const files = [...others.filter((path) => !isOtherImage(path)), ...unlabelled];
  const warnings: DataWarning[] = [];
  if (images.length > 0) {
    const message = `${plural(images.length, 'image')} of a kind netlathe does not read`;
    const hint = 'convert them to JPEG, PNG or WebP';
    warnings.push(dataWarning('W504', message, places(images), hint));
  }
  if (files.length > 0) {
    const message = `${plural(files.length, 'file')} ignored: no image, or no label in the name`;
    warnings.push(dataWarning('W502', message, places(files)));
  }
  return warnings;
}

/** Test images wait for `eval`, and are no surprise; anything else that is left out may be a mistake. */
function unusedWarnings(
  images: readonly string[],
  base: string,
  folders: Folders,
): readonly DataWarning[] {
  const used = [...folders.train, folders.validation].filter((name) => name !== null);
  const top = [...topFolders(images, base)].map((name) => ({ name, path: base + name }));
  const unused = top.filter(
    ({ name, path }) =>
      !TEST_NAMES.includes(name.toLowerCase()) &&
      !used.some((folder) => folder === ROOT || `${folder}/`.startsWith(`${path}/`)) &&
      !used.some((folder) => path.startsWith(`${folder}/`)),
  );
  if (unused.length === 0) return [];
  const message = `${plural(unused.length, 'folder')} of images not used: ${quoted(
    firstFew(
      unused.map(({ path }) => path),
      NAMED,
    ),
  )}`;
  return [dataWarning('W506', message, places(unused.map(({ path }) => path)))];
}

function places(paths: readonly string[]): string[][] {
  return firstFew(paths, NAMED).map((path) => [path]);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => (/^and \d+ more$/.test(name) ? name : `"${name}"`)).join(', ');
}
