/** How photos enter a Program: their bytes, a row of numbers each, and the kernel that makes the network's input. */

import {
  AUGMENT_ROW,
  augment,
  PHOTO_ALIGNMENT,
  PHOTO_SLACK,
  RESIZE_ROW,
  resizePhoto,
} from '../../runtime/kernels/plain/augment.ts';
import type { Graph } from '../graph/graph.ts';
import type { PendingBuffer, ProgramBuilder } from './builder.ts';
import type { Buffer } from './program.ts';

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
  builder.call(
    options.augmented ? augment : resizePhoto,
    { photos, rows, norms, output: image, height, width, channels },
    { layer: 'photos', units: options.batch },
  );
  return { photos, rows, norms };
}

/** Normalisation of bytes as one multiply and add: scale * value + shift. */
export function normsOf(graph: Graph): Float32Array {
  const { mean, std } = graph.preprocessing;
  const scales = std.map((s) => 1 / (255 * s));
  const shifts = mean.map((m, c) => -m / (std[c] as number));
  return Float32Array.from([...scales, ...shifts]);
}
