/**
 * From a folder or archive of photos to arrays a trainer reads:
 *
 *   source   which files there are             (open-source)
 *   layout   which split and label each has    (layout, classes: names only, so mistakes show before any decoding)
 *   images   their pixels, cached              (decoded-images)
 *   sets     training and validation           (hold-out, image-set)
 *
 * Everything but the time it takes is a function of the files, the options and the seed.
 */
import { createHash } from 'node:crypto';
import type { BadImage } from './cache-index.ts';
import { agreeOnClasses, type ClassTable } from './classes.ts';
import { badWarnings, duplicateWarnings, formatWarnings } from './content-warnings.ts';
import { CorruptImagesError, DataOptionError, firstFew, NoImagesError } from './data-error.ts';
import { type DataWarning, dataWarning } from './data-warning.ts';
import type { Progress } from './decode-all.ts';
import { assertStorageSize, DECODER } from './decode-image.ts';
import { type CacheOptions, type DecodedImages, decodedImages } from './decoded-images.ts';
import { holdOut } from './hold-out.ts';
import { type ImageSet, imageSet, type PlacedImage, placeImages } from './image-set.ts';
import { arrange, type Layout } from './layout.ts';
import { openSource } from './open-source.ts';
import type { LabelledPath } from './path-label.ts';
import type { Source } from './source.ts';
import type { SplitChoice } from './split-folders.ts';

export interface DatasetOptions extends CacheOptions {
  /** A folder, a .tar or a .tar.gz. */
  readonly root: string;
  readonly splits?: SplitChoice | undefined;
  /** The part of the training images to validate on, between 0 and 1; no folder is looked for then. */
  readonly validationFraction?: number | undefined;
  /** Decides which images are held out. */
  readonly seed: number;
  /** Classes the architecture declares: their names in its order, or how many. */
  readonly classes?: readonly string[] | number | undefined;
  /** Images with a longer shorter side are scaled down to this. */
  readonly storageSize: number;
  /** The share of images that may be undecodable. Default 0.01. */
  readonly maxBad?: number | undefined;
  /** Called while decoding, not when the cache has it all. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Dataset {
  /** The place in the list is the label. */
  readonly classNames: readonly string[];
  readonly train: ImageSet;
  readonly validation: ImageSet | null;
  /** SHA-256 of what training sees: classes, storage size, and label and contents of every image, in order. */
  readonly fingerprint: string;
  /** The same without the storage size: the same photos, whatever input they are scaled to. */
  readonly contents: string;
  /** Whether the seed decided which images validate, so that another gives another fingerprint. */
  readonly seeded: boolean;
  /** What decoded the images: with the fingerprint, what fixes every pixel. */
  readonly decoder: string;
  readonly fromCache: boolean;
  readonly warnings: readonly DataWarning[];
  readonly skipped: readonly BadImage[];
}

const DEFAULT_MAX_BAD = 0.01;

export async function loadDataset(options: DatasetOptions): Promise<Dataset> {
  assertOptions(options);
  const { root, splits = {}, validationFraction, storageSize, signal } = options;
  const source = await openSource(root, signal);
  const holdsOut = validationFraction !== undefined;
  const paths = source.files.map(({ path }) => path);
  const layout = arrange({ root, paths, splits, holdsOut });
  const classes = agreeOnClasses(root, layout, options.classes);
  const decoded = await decodeLayout(source, layout, options);
  assertFewBad(options, source, layout, decoded.index.bad);
  const { train, validation } = splitImages(layout, classes, decoded, options);
  assertNoClassEmpty(root, classes, train, 'training');
  if (layout.validation.length > 0) assertNoClassEmpty(root, classes, validation, 'validation');
  return {
    classNames: classes.names,
    train: imageSet(decoded.pixels, train),
    validation: validation.length === 0 ? null : imageSet(decoded.pixels, validation),
    fingerprint: fingerprintOf([classes.names, storageSize], train, validation),
    contents: fingerprintOf([classes.names], train, validation),
    seeded: validationFraction !== undefined,
    decoder: DECODER,
    fromCache: decoded.fromCache,
    skipped: decoded.index.bad,
    warnings: [
      ...layout.warnings,
      ...classes.warnings,
      ...decoded.warnings,
      ...badWarnings(decoded.index.bad),
      ...formatWarnings(decoded.index.images),
      ...splitWarnings(classes, train, validation),
      ...duplicateWarnings(train, validation),
    ],
  };
}

function assertOptions({ validationFraction, splits, storageSize, maxBad }: DatasetOptions): void {
  assertStorageSize(storageSize);
  const fraction = validationFraction ?? 0.5;
  if (!(fraction > 0 && fraction < 1)) {
    throw new DataOptionError({
      message: `the part to hold out (data.holdOut), ${fraction}, is not between 0 and 1`,
      hint: 'leave it out to validate on a folder, or say a part such as 0.1',
    });
  }
  if (validationFraction !== undefined && typeof splits?.validation === 'string') {
    throw new DataOptionError({
      message: `the recipe names a folder that validates (data.validation: ${JSON.stringify(splits.validation)}) and a part of the training photos to hold out (data.holdOut: ${validationFraction})`,
      hint: 'leave one of the two out',
    });
  }
  const share = maxBad ?? DEFAULT_MAX_BAD;
  if (!(share >= 0 && share <= 1)) {
    throw new DataOptionError({
      message: `maxBad ${share} is not between 0 and 1`,
      hint: 'it is the share of images that may be undecodable, such as 0.01',
    });
  }
}

function decodeLayout(
  source: Source,
  layout: Layout,
  options: DatasetOptions,
): Promise<DecodedImages> {
  const used = new Set([...layout.train, ...layout.validation].map(({ path }) => path));
  const files = source.files.filter(({ path }) => used.has(path));
  const { storageSize, onProgress, signal } = options;
  return decodedImages({ source, files, storageSize, onProgress, signal }, options);
}

function assertFewBad(
  { root, maxBad = DEFAULT_MAX_BAD }: DatasetOptions,
  source: Source,
  layout: Layout,
  bad: readonly BadImage[],
): void {
  const total = layout.train.length + layout.validation.length;
  if (bad.length <= maxBad * total) return;
  throw new CorruptImagesError({
    message: `${bad.length} of ${total} images cannot be decoded; at most ${maxBad * 100} % may be bad`,
    path: root,
    notes: firstFew(bad.map(({ path, reason }) => `${source.nameOnDisk(path)}: ${reason}`)),
    hint: 'repair them or take them out',
  });
}

interface Split {
  readonly train: readonly PlacedImage[];
  readonly validation: readonly PlacedImage[];
}

function splitImages(
  layout: Layout,
  classes: ClassTable,
  decoded: DecodedImages,
  { validationFraction, seed }: DatasetOptions,
): Split {
  const places = placeImages(decoded);
  const placed = (images: readonly LabelledPath[]): PlacedImage[] =>
    images.flatMap(({ path, label }) => {
      const place = places.get(path);
      const index = classes.indexOf.get(label);
      // Only a bad image has no place; every label has an index, since the classes were made of them.
      return place === undefined || index === undefined ? [] : [{ ...place, label: index }];
    });
  const train = placed(layout.train);
  if (validationFraction === undefined) return { train, validation: placed(layout.validation) };
  const { kept, held } = holdOut(train, validationFraction, seed);
  return { train: kept, validation: held };
}

function assertNoClassEmpty(
  root: string,
  classes: ClassTable,
  images: readonly PlacedImage[],
  split: string,
): void {
  const seen = new Set(images.map(({ label }) => label));
  const empty = classes.names.filter((_, label) => !seen.has(label));
  if (empty.length === 0) return;
  throw new NoImagesError({
    message: `no image for ${split} that can be decoded: ${empty.map((name) => `"${name}"`).join(', ')}`,
    path: root,
    hint: 'add sound images of each class',
  });
}

function splitWarnings(
  classes: ClassTable,
  train: readonly PlacedImage[],
  validation: readonly PlacedImage[],
): readonly DataWarning[] {
  if (validation.length === 0) {
    const hint = 'add a folder "validation", or hold out a part with data: { holdOut: 0.1 }';
    return [
      dataWarning('W507', `nothing to validate on: all ${train.length} images train`, [], hint),
    ];
  }
  const seen = new Set(validation.map(({ label }) => label));
  const single = classes.names.filter((_, label) => !seen.has(label));
  if (single.length === 0) return [];
  const message = `too few different images to hold one out: ${single.map((name) => `"${name}"`).join(', ')}`;
  return [dataWarning('W505', message)];
}

function fingerprintOf(
  what: readonly unknown[],
  ...splits: readonly (readonly PlacedImage[])[]
): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(what));
  for (const images of splits) {
    hash.update(`\n${images.length}`);
    for (const { label, hash: contents } of images) hash.update(`\n${label} ${contents}`);
  }
  return hash.digest('hex');
}
