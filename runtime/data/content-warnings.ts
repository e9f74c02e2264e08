/** What the contents of the images give away: copies in both splits, copies under two labels, lying extensions. */

import type { BadImage, CachedImage } from './cache-index.ts';
import { plural } from './data-error.ts';
import { type DataWarning, dataWarning } from './data-warning.ts';
import { formatOfName } from './image-format.ts';
import type { PlacedImage } from './image-set.ts';

const NAMED = 20;

export function duplicateWarnings(
  train: readonly PlacedImage[],
  validation: readonly PlacedImage[],
): readonly DataWarning[] {
  const first = new Map<string, PlacedImage>();
  const relabelled: string[][] = [];
  for (const image of train) {
    const twin = first.get(image.hash);
    if (twin === undefined) first.set(image.hash, image);
    else if (twin.label !== image.label) relabelled.push([twin.path, image.path]);
  }
  const shared: string[][] = [];
  for (const image of validation) {
    const twin = first.get(image.hash);
    if (twin === undefined) continue;
    shared.push([twin.path, image.path]);
    if (twin.label !== image.label) relabelled.push([twin.path, image.path]);
  }
  return [
    ...warn(
      'W501',
      shared,
      'in both training and validation',
      'accuracy will look better than it is; remove one of each',
    ),
    ...warn('W509', relabelled, 'under two classes', 'keep each under the class it belongs to'),
  ];
}

function warn(
  code: 'W501' | 'W509',
  pairs: readonly string[][],
  where: string,
  hint: string,
): readonly DataWarning[] {
  if (pairs.length === 0) return [];
  const subject = pairs.length === 1 ? '1 image is' : `${pairs.length} images are`;
  return [dataWarning(code, `${subject} ${where}`, pairs.slice(0, NAMED), hint)];
}

export function formatWarnings(images: readonly CachedImage[]): readonly DataWarning[] {
  const wrong = images.filter(({ path, format }) => formatOfName(path) !== format);
  if (wrong.length === 0) return [];
  const message = `${plural(wrong.length, 'file')} not of the format the extension says; read by content`;
  return [
    dataWarning(
      'W508',
      message,
      wrong.slice(0, NAMED).map(({ path }) => [path]),
    ),
  ];
}

export function badWarnings(bad: readonly BadImage[]): readonly DataWarning[] {
  if (bad.length === 0) return [];
  const message = `${plural(bad.length, 'image')} skipped: cannot be decoded`;
  const places = bad.slice(0, NAMED).map(({ path }) => [path]);
  return [dataWarning('W503', message, places, 'repair or remove them')];
}
