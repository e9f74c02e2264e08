/** Puts a batch where the program reads it: photos, what is to be done with each, and targets. */

import { normsOf, photoBytes } from '../../compiler/6-lower/photos.ts';
import type { TrainingProgram } from '../../compiler/6-lower/training.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import type { ImageSet } from '../data/index.ts';
import type { Engine } from '../engine/engine.ts';
import { ALTER_ROW } from '../kernels/plain/alter.ts';
import { AUGMENT_ROW, MIX_ROW, PHOTO_ALIGNMENT } from '../kernels/plain/augment.ts';
import { type Augmentation, drawAugmentation } from './augmentation.ts';
import { weightsOfClasses } from './class-weights.ts';
import { drawMix, type Mix } from './mix.ts';
import type { Recipe } from './recipe.ts';

export interface FeedKey {
  readonly epoch: number;
  /** Number of the batch within the run: mixing draws by it. */
  readonly step: number;
}

/** Bytes that the largest photos of a set need, so many at once. */
export function batchBytes(images: ImageSet, batch: number): number {
  let largest = 0;
  for (let i = 0; i < images.count; i++) {
    largest = Math.max(largest, (images.widths[i] as number) * (images.heights[i] as number));
  }
  return batch * photoBytes(largest);
}

/** The memory that a batch is put into. */
export interface FeedViews {
  readonly photos: Uint8Array;
  readonly rows: Float32Array;
  readonly targets: Float32Array;
  readonly mixRows: Float32Array | undefined;
  readonly alterRows: Float32Array | undefined;
}

/** All but the targets, which not every program holds. */
export function photoViews(
  { photos, mixRows, altered }: Pick<TrainingProgram, 'photos' | 'mixRows' | 'altered'>,
  engine: Pick<Engine, 'bytes' | 'floats'>,
): Omit<FeedViews, 'targets'> {
  if (!photos) throw new Error('netlathe bug: the program takes no photos');
  return {
    photos: engine.bytes(photos.photos),
    rows: engine.floats(photos.rows),
    mixRows: mixRows && engine.floats(mixRows),
    alterRows: altered && engine.floats(altered.rows),
  };
}

/** How bytes become what the network takes. */
export function writeNorms(
  { photos, altered }: Pick<TrainingProgram, 'photos' | 'altered'>,
  engine: Pick<Engine, 'floats'>,
  graph: Graph,
): void {
  if (photos) engine.floats(photos.norms).set(normsOf(graph));
  const neutral = altered && engine.floats(altered.neutral);
  neutral?.forEach((_, i) => {
    neutral[i] = i < neutral.length / 2 ? 1 : 0;
  });
}

export class Feeder {
  readonly #graph: Graph;
  readonly #images: ImageSet;
  readonly #recipe: Recipe;
  readonly #classWeights: Float32Array;
  readonly #photos: Uint8Array;
  readonly #rows: Float32Array;
  readonly #targets: Float32Array;
  readonly #mixRows: Float32Array | undefined;
  readonly #alterRows: Float32Array | undefined;

  constructor(graph: Graph, images: ImageSet, recipe: Recipe, views: FeedViews) {
    this.#graph = graph;
    this.#images = images;
    this.#recipe = recipe;
    this.#classWeights = weightsOfClasses(recipe, images, graph.classes.length);
    this.#photos = views.photos;
    this.#rows = views.rows;
    this.#targets = views.targets;
    this.#mixRows = views.mixRows;
    this.#alterRows = views.alterRows;
  }

  /** Gives the labels of the batch. */
  feed(indices: ArrayLike<number>, { epoch, step }: FeedKey): Uint16Array {
    const { height, width } = this.#graph.input;
    const { seed, augment } = this.#recipe;
    const labels = new Uint16Array(indices.length);
    let place = 0;
    for (let n = 0; n < indices.length; n++) {
      const index = indices[n] as number;
      const size = {
        width: this.#images.widths[index] as number,
        height: this.#images.heights[index] as number,
      };
      const drawn = drawAugmentation(augment, size, { width, height }, { seed, epoch, index });
      writePhoto(this.#images, index, this.#photos, place);
      writeRow(this.#rows, n, place, size, drawn);
      if (this.#alterRows) {
        // Erased after the changes, or they would move the box.
        this.#rows.fill(0, n * AUGMENT_ROW.size + AUGMENT_ROW.eraseX, (n + 1) * AUGMENT_ROW.size);
        writeChanges(this.#alterRows, n, drawn);
      }
      place += photoBytes(size.width * size.height);
      labels[n] = this.#images.labels[index] as number;
    }
    this.#writeTargets(labels, step);
    return labels;
  }

  #writeTargets(labels: Uint16Array, step: number): void {
    const classes = this.#graph.classes.length;
    const { labelSmoothing } = this.#recipe;
    const mixes = this.#mixRows && drawMix(this.#recipe, labels.length, this.#graph.input, step);
    this.#targets.fill(0);
    for (let n = 0; n < labels.length; n++) {
      const mix = mixes?.[n];
      this.#addTarget(n, labels[n] as number, mix?.own ?? 1, labelSmoothing, classes);
      if (!mix) continue;
      this.#addTarget(n, labels[mix.partner] as number, 1 - mix.own, labelSmoothing, classes);
      writeMix(this.#mixRows as Float32Array, n, mix);
    }
  }

  /** Label smoothing (Szegedy et al. 2016): a part of the target goes to all classes alike. */
  #addTarget(n: number, label: number, share: number, smoothing: number, classes: number): void {
    const weight = share * (this.#classWeights[label] as number);
    for (let c = 0; c < classes; c++) {
      const target = smoothing / classes + (c === label ? 1 - smoothing : 0);
      this.#targets[n * classes + c] = (this.#targets[n * classes + c] as number) + weight * target;
    }
  }
}

export function writePhoto(images: ImageSet, index: number, to: Uint8Array, place: number): void {
  const offset = images.offsets[index] as number;
  const bytes = (images.widths[index] as number) * (images.heights[index] as number) * 3;
  to.set(images.pixels.subarray(offset, offset + bytes), place);
}

function writeRow(
  rows: Float32Array,
  n: number,
  place: number,
  size: { readonly width: number; readonly height: number },
  a: Augmentation,
): void {
  const angle = (a.rotation * Math.PI) / 180;
  const row = rows.subarray(n * AUGMENT_ROW.size, (n + 1) * AUGMENT_ROW.size);
  row[AUGMENT_ROW.place] = place / PHOTO_ALIGNMENT;
  row[AUGMENT_ROW.width] = size.width;
  row[AUGMENT_ROW.height] = size.height;
  row[AUGMENT_ROW.cropX] = a.crop.x;
  row[AUGMENT_ROW.cropY] = a.crop.y;
  row[AUGMENT_ROW.cropWidth] = a.crop.width;
  row[AUGMENT_ROW.cropHeight] = a.crop.height;
  row[AUGMENT_ROW.flip] = a.flip ? 1 : 0;
  row[AUGMENT_ROW.cosine] = Math.cos(angle);
  row[AUGMENT_ROW.sine] = Math.sin(angle);
  row[AUGMENT_ROW.brightness] = a.brightness;
  row[AUGMENT_ROW.contrast] = a.contrast;
  row[AUGMENT_ROW.saturation] = a.saturation;
  row[AUGMENT_ROW.eraseX] = a.erase.x;
  row[AUGMENT_ROW.eraseY] = a.erase.y;
  row[AUGMENT_ROW.eraseWidth] = a.erase.width;
  row[AUGMENT_ROW.eraseHeight] = a.erase.height;
}

function writeChanges(rows: Float32Array, n: number, { changes, erase }: Augmentation): void {
  const row = rows.subarray(n * ALTER_ROW.size, (n + 1) * ALTER_ROW.size).fill(0);
  changes.forEach(({ code, numbers }, i) => {
    row.set([code, ...numbers], i * ALTER_ROW.change);
  });
  row.set([erase.x, erase.y, erase.width, erase.height], ALTER_ROW.erase);
}

function writeMix(rows: Float32Array, n: number, mix: Mix): void {
  const row = rows.subarray(n * MIX_ROW.size, (n + 1) * MIX_ROW.size);
  row[MIX_ROW.partner] = mix.partner;
  row[MIX_ROW.share] = mix.share;
  row[MIX_ROW.boxX] = mix.box.x;
  row[MIX_ROW.boxY] = mix.box.y;
  row[MIX_ROW.boxWidth] = mix.box.width;
  row[MIX_ROW.boxHeight] = mix.box.height;
}
