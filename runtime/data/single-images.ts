/** Photos that were decoded one by one, as a set that can be evaluated. Labels are all 0: nobody knows them. */

import type { DecodedImage } from './decode-image.ts';
import type { ImageSet } from './image-set.ts';

export function setOf(images: readonly (DecodedImage & { readonly path: string })[]): ImageSet {
  const bytes = images.reduce((sum, image) => sum + image.pixels.length, 0);
  const pixels = new Uint8Array(new SharedArrayBuffer(bytes));
  const offsets = new Float64Array(new SharedArrayBuffer(8 * images.length));
  const u16 = () => new Uint16Array(new SharedArrayBuffer(2 * images.length));
  const [widths, heights, labels] = [u16(), u16(), u16()];
  let offset = 0;
  images.forEach((image, i) => {
    pixels.set(image.pixels, offset);
    offsets[i] = offset;
    widths[i] = image.width;
    heights[i] = image.height;
    offset += image.pixels.length;
  });
  return {
    count: images.length,
    pixels,
    offsets,
    widths,
    heights,
    labels,
    paths: images.map((i) => i.path),
  };
}
