/** Puts a batch of photos, as they are, where a program resizes them from. */

import { normsOf, type PhotoBuffers, photoBytes } from '../../compiler/6-lower/photos.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import type { ImageSet } from '../data/index.ts';
import type { Engine } from '../engine/engine.ts';
import { PHOTO_ALIGNMENT, RESIZE_ROW } from '../kernels/plain/augment.ts';
import { writePhoto } from './feeder.ts';
import { planResize, type ResizePlan } from './resize-plan.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

export class ResizeFeeder {
  readonly #graph: Graph;
  readonly #images: ImageSet;
  readonly #mirrored: boolean;
  readonly #batch: number;
  readonly #photos: Uint8Array;
  readonly #rows: Float32Array;

  constructor(
    graph: Graph,
    images: ImageSet,
    program: { readonly batch: number; readonly photos: PhotoBuffers | undefined },
    engine: Pick<Engine, 'bytes' | 'floats'>,
    { mirrored = false }: { readonly mirrored?: boolean } = {},
  ) {
    const { batch, photos } = program;
    if (!photos) throw new Error('netlathe bug: the program takes no photos');
    this.#graph = graph;
    this.#images = images;
    this.#mirrored = mirrored;
    this.#batch = batch;
    this.#photos = engine.bytes(photos.photos);
    this.#rows = engine.floats(photos.rows);
    engine.floats(photos.norms).set(normsOf(graph));
  }

  /** `count` photos from `first` on; a batch that is not full repeats the first. */
  feed(first: number, count: number): void {
    let place = 0;
    for (let n = 0; n < this.#batch; n++) {
      const index = n < count ? first + n : first;
      const size = {
        width: this.#images.widths[index] as number,
        height: this.#images.heights[index] as number,
      };
      const plan = planResize(size, this.#graph.input, this.#graph.preprocessing.resize);
      if (n < count) this.#write(index, place, size);
      writeResizeRow(this.#rows, n, n < count ? place : 0, size, plan);
      if (n < count) place += photoBytes(size.width * size.height);
    }
  }

  #write(index: number, place: number, { width, height }: Size): void {
    writePhoto(this.#images, index, this.#photos, place);
    if (this.#mirrored) mirror(this.#photos.subarray(place, place + width * height * 3), width);
  }
}

/** Left and right of an RGB photo of lines of `width`, in place. */
export function mirror(pixels: Uint8Array, width: number): void {
  for (let line = 0; line < pixels.length; line += width * 3) {
    for (let left = 0, right = width - 1; left < right; left++, right--) {
      for (let c = 0; c < 3; c++) {
        const [a, b] = [line + left * 3 + c, line + right * 3 + c];
        const kept = pixels[a] as number;
        pixels[a] = pixels[b] as number;
        pixels[b] = kept;
      }
    }
  }
}

function writeResizeRow(
  rows: Float32Array,
  n: number,
  place: number,
  size: Size,
  { crop, box }: ResizePlan,
): void {
  const row = rows.subarray(n * RESIZE_ROW.size, (n + 1) * RESIZE_ROW.size);
  row[RESIZE_ROW.place] = place / PHOTO_ALIGNMENT;
  row[RESIZE_ROW.width] = size.width;
  row[RESIZE_ROW.height] = size.height;
  row[RESIZE_ROW.cropX] = crop.x;
  row[RESIZE_ROW.cropY] = crop.y;
  row[RESIZE_ROW.cropWidth] = crop.width;
  row[RESIZE_ROW.cropHeight] = crop.height;
  row[RESIZE_ROW.boxX] = box.x;
  row[RESIZE_ROW.boxY] = box.y;
  row[RESIZE_ROW.boxWidth] = box.width;
  row[RESIZE_ROW.boxHeight] = box.height;
}
