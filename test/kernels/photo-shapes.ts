/** Photos as the feeder lays them out, for the tests of the kernels that read them. */
import fc from 'fast-check';
import { photoBytes } from '../../compiler/6-lower/photos.ts';
import { randomFloats } from './harness.ts';

const int = (min: number, max: number) => fc.integer({ min, max });

export interface Photo {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export function noise(width: number, height: number, seed: number): Photo {
  const values = randomFloats(width * height * 3, seed);
  return { width, height, pixels: Uint8Array.from(values, (v) => Math.floor((v + 1) * 128)) };
}

/** All photos in one buffer, as the feeder lays them, and the place of each. */
export function layOut(photos: readonly Photo[]): { photos: Uint8Array; places: number[] } {
  const places: number[] = [];
  let size = 0;
  for (const { width, height } of photos) {
    places.push(size);
    size += photoBytes(width * height);
  }
  const bytes = new Uint8Array(size).fill(77);
  photos.forEach(({ pixels }, i) => {
    bytes.set(pixels, places[i]);
  });
  return { photos: bytes, places };
}

export function rowsOf<K extends string>(
  layout: Readonly<Record<K | 'size', number>>,
  rows: readonly Readonly<Record<Exclude<K, 'size'>, number>>[],
): Float32Array {
  const all = new Float32Array(rows.length * layout.size);
  rows.forEach((row, n) => {
    for (const [key, value] of Object.entries<number>(row)) {
      all[n * layout.size + layout[key as K]] = value;
    }
  });
  return all;
}

/** Norms that leave values of 0..255 as they are. */
export const plain = (channels: number) =>
  Float32Array.from({ length: 2 * channels }, (_, i) => (i < channels ? 1 : 0));

const side = int(1, 40);
export const sizes = fc.record({ width: side, height: side });
export const channelCounts = fc.constantFrom(1, 3);
