/** How photos enter a Program: their bytes, a row of numbers each, and the kernel that makes the network's input. */

import { ALTER_ROW, alterImages } from '../../runtime/kernels/plain/alter.ts';
import {
  AUGMENT_ROW,
  augment,
  augmentScratch,
  PHOTO_ALIGNMENT,
  PHOTO_SLACK,
  RESIZE_ROW,
  resizePhoto,
  resizeScratch,
} from '../../runtime/kernels/plain/augment.ts';
import type { Graph } from '../graph/graph.ts';
import type { PendingBuffer, ProgramBuilder } from './builder.ts';
import type { Buffer } from './program.ts';

/** Where changes from a list are read from. */
export interface Alterations<B> {
  readonly rows: B;
  /** Of the photos before they are changed: scales of 1, shifts of 0. */
  readonly neutral: B;
}

export interface PendingPhotos {
  readonly photos: PendingBuffer;
  readonly rows: PendingBuffer;
  readonly norms: PendingBuffer;
}

export interface PhotoBuffers {
  readonly photos: Buffer;
  readonly rows: Buffer;
  /** Scales of the channels, then shifts: `normsOf`. */
  readonly norms: Buffer;
}

/** Bytes that a photo of so many pixels takes in the buffer. */
export function photoBytes(pixels: number): number {
  return Math.ceil((pixels * 3 + PHOTO_SLACK) / PHOTO_ALIGNMENT) * PHOTO_ALIGNMENT;
}

export function lowerPhotos(
  builder: ProgramBuilder,
  graph: Graph,
  image: PendingBuffer,
  options: { readonly batch: number; readonly bytes: number; readonly augmented: boolean },
): PendingPhotos {
  const { height, width, channels } = graph.input;
  const photos = builder.kept('photos', options.bytes, 'u8');
  const rowSize = options.augmented ? AUGMENT_ROW.size : RESIZE_ROW.size;
  const rows = builder.kept('photo rows', options.batch * rowSize);
  const norms = builder.kept('channel norms', 2 * channels);
  const args = { photos, rows, norms, output: image, height, width, channels };
  const call = { layer: 'photos', units: options.batch };
  const scratchSize = (options.augmented ? augmentScratch : resizeScratch)(width);
  const scratch = builder.scratch('scratch photos', scratchSize);
  const kernel = options.augmented ? augment : resizePhoto;
  builder.call(kernel, { ...args, scratch, scratchSize }, call);
  return { photos, rows, norms };
}

/** Photos as in training, and what their rows say of a list of changes; only then are values normalised. */
export function lowerAlteredPhotos(
  builder: ProgramBuilder,
  graph: Graph,
  image: PendingBuffer,
  { batch, bytes }: { readonly batch: number; readonly bytes: number },
): PendingPhotos & { readonly altered: Alterations<PendingBuffer> } {
  const { height, width, channels } = graph.input;
  const size = batch * height * width * channels;
  const plain = builder.temporary('unaltered image', size);
  const {
    photos,
    rows,
    norms: neutral,
  } = lowerPhotos(builder, graph, plain, {
    ...{ batch, bytes, augmented: true },
  });
  const norms = builder.kept('channel norms of altered images', 2 * channels);
  const alterRows = builder.kept('alter rows', batch * ALTER_ROW.size);
  const room = {
    other: builder.temporary('room to alter', size),
    tables: builder.temporary('tables to alter', batch * 256),
  };
  builder.call(
    alterImages,
    { image: plain, ...room, rows: alterRows, norms, output: image, height, width, channels },
    { layer: 'photos', units: batch },
  );
  return { photos, rows, norms, altered: { rows: alterRows, neutral } };
}

/** Normalisation of bytes as one multiply and add: scale * value + shift. */
export function normsOf(graph: Graph): Float32Array {
  const { mean, std } = graph.preprocessing;
  const scales = std.map((s) => 1 / (255 * s));
  const shifts = mean.map((m, c) => -m / (std[c] as number));
  return Float32Array.from([...scales, ...shifts]);
}
