/** One split, ready for worker threads: every array lies in shared memory and can be posted without a copy. */
import type { CachedImages } from './cache-file.ts';

export interface ImageSet {
  readonly count: number;
  /** u8 RGB of all images of the data set, shared by its splits: image i starts at offsets[i]. */
  readonly pixels: Uint8Array<SharedArrayBuffer>;
  readonly offsets: Float64Array<SharedArrayBuffer>;
  readonly widths: Uint16Array<SharedArrayBuffer>;
  readonly heights: Uint16Array<SharedArrayBuffer>;
  readonly labels: Uint16Array<SharedArrayBuffer>;
  /** Relative to the data root. Sorted, within each folder that was merged in. */
  readonly paths: readonly string[];
}

/** Where an image lies in the decoded data. */
export interface PlacedImage {
  readonly path: string;
  readonly hash: string;
  readonly label: number;
  readonly offset: number;
  readonly width: number;
  readonly height: number;
}

/** Every decoded image by path, with the offset that follows from the sizes before it. */
export function placeImages({ index }: CachedImages): Map<string, Omit<PlacedImage, 'label'>> {
  const places = new Map<string, Omit<PlacedImage, 'label'>>();
  let offset = 0;
  for (const { path, hash, width, height } of index.images) {
    places.set(path, { path, hash, offset, width, height });
    offset += width * height * 3;
  }
  return places;
}

export function imageSet(
  pixels: Uint8Array<SharedArrayBuffer>,
  images: readonly PlacedImage[],
): ImageSet {
  const u16 = (value: (image: PlacedImage) => number): Uint16Array<SharedArrayBuffer> => {
    const array = new Uint16Array(new SharedArrayBuffer(images.length * 2));
    images.forEach((image, i) => {
      array[i] = value(image);
    });
    return array;
  };
  const offsets = new Float64Array(new SharedArrayBuffer(images.length * 8));
  images.forEach((image, i) => {
    offsets[i] = image.offset;
  });
  return {
    count: images.length,
    pixels,
    offsets,
    widths: u16(({ width }) => width),
    heights: u16(({ height }) => height),
    labels: u16(({ label }) => label),
    paths: images.map(({ path }) => path),
  };
}
