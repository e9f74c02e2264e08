/** Small made-up photos whose colour tells their class, as a data set in memory. */
import type { Dataset, ImageSet } from '../../runtime/data/index.ts';
import { setOf } from '../../runtime/data/index.ts';
import { Random } from '../../runtime/train/random.ts';

export function photos(count: number, classes: number, seed = 1, side = 12): ImageSet {
  const random = new Random(seed, 5);
  const images = Array.from({ length: count }, (_, i) => {
    const [width, height] = [side + (i % 3), side + (i % 2)];
    const pixels = new Uint8Array(width * height * 3);
    const label = i % classes;
    for (let p = 0; p < pixels.length; p++) {
      const base = p % 3 === label % 3 ? 170 : 70;
      pixels[p] = base + random.integer(60) - 30;
    }
    return { path: `${label}/${i}.png`, width, height, pixels, format: 'png' as const };
  });
  const set = setOf(images as Parameters<typeof setOf>[0]);
  for (let i = 0; i < count; i++) set.labels[i] = i % classes;
  return set;
}

export function dataset(train: ImageSet, validation: ImageSet | null): Dataset {
  return {
    classNames: ['a', 'b', 'c'],
    train,
    validation,
    fingerprint: 'made up',
    contents: 'made up',
    decoder: 'none',
    seeded: false,
    fromCache: false,
    warnings: [],
    skipped: [],
  };
}
