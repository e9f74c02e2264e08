/** Puts a batch of photos, as they are, where a program resizes them from. */

import { normsOf, type PhotoBuffers, photoBytes } from '../../compiler/6-lower/photos.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import type { ImageSet } from '../data/index.ts';
import type { Engine } from '../engine/engine.ts';
import { PHOTO_ALIGNMENT, RESIZE_ROW } from '../kernels/plain/augment.ts';
import { writePhoto } from './feeder.ts';
import { planResize, type ResizePlan } from './resize-plan.ts';

export class ResizeFeeder {
  readonly #graph: Graph;
  readonly #images: ImageSet;
  readonly #batch: number;
  readonly #photos: Uint8Array;
  readonly #rows: Float32Array;

  constructor(
    graph: Graph,
    images: ImageSet,
    program: { readonly batch: number; readonly photos: PhotoBuffers | undefined },
    engine: Pick<Engine, 'bytes' | 'floats'>,
  ) {
    const { batch, photos } = program;
    if (!photos) throw new Error('netlathe bug: the program takes no photos');
    this.#graph = graph;
    this.#images = images;
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
      if (n < count) writePhoto(this.#images, index, this.#photos, place);
      writeResizeRow(this.#rows, n, n < count ? place : 0, size, plan);
      if (n < count) place += photoBytes(size.width * size.height);
    }
  }
}

function writeResizeRow(
  rows: Float32Array,
  n: number,
  place: number,
  size: { readonly width: number; readonly height: number },
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
