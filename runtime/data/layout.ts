/**
 * From a list of paths to splits and labels, looking at names only. Two ways to name a label:
 *   a folder a class      training/cat/photo.jpg          (any depth below it)
 *   a prefix              training/3_17.jpg               (as in the NTU ML2020 food-11 homework)
 * with the splits as folders on top, or without any: then everything is one pool to hold a part out of.
 */
import { firstFew, NoImagesError, plural } from './data-error.ts';
import { type DataWarning, dataWarning } from './data-warning.ts';
import { formatOfName, isOtherImage } from './image-format.ts';
import { type LabelledPath, type LabelledSplit, labelled } from './path-label.ts';
import { type SplitRequest, splitFolders } from './split-folders.ts';

const NAMED = 5;

export interface Layout {
  readonly train: readonly LabelledPath[];
  /** Empty where no folder validates. */
  readonly validation: readonly LabelledPath[];
  /** The folders as found, for messages. */
  readonly trainFolders: readonly string[];
  readonly validationFolder: string | null;
  readonly warnings: readonly DataWarning[];
}

export interface LayoutRequest extends SplitRequest {
  readonly paths: readonly string[];
}

export function arrange(request: LayoutRequest): Layout {
  const images = request.paths.filter((path) => formatOfName(path) !== null);
  if (images.length === 0) throw noImages(request);
  const folders = splitFolders(request, images);
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
      ...unusedWarnings(folders.unused),
    ],
  };
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

function unusedWarnings(unused: readonly string[]): readonly DataWarning[] {
  if (unused.length === 0) return [];
  return [
    dataWarning('W506', `${plural(unused.length, 'folder')} of images not used`, places(unused)),
  ];
}

function places(paths: readonly string[]): string[][] {
  return firstFew(paths, NAMED).map((path) => [path]);
}
