/** Runs the inference program over photos. The same program that the emitted module runs. */

import { type InferenceProgram, lowerInference } from '../../compiler/6-lower/inference.ts';
import { normsOf, photoBytes } from '../../compiler/6-lower/photos.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import type { WeightStore } from '../../compiler/weights/index.ts';
import type { ImageSet } from '../data/index.ts';
import { Engine } from '../engine/engine.ts';
import type { KernelBuild } from '../kernels/load.ts';
import { PHOTO_ALIGNMENT, RESIZE_ROW } from '../kernels/plain/augment.ts';
import { batchBytes, writePhoto } from './feeder.ts';
import { writeParameters } from './parameters.ts';
import { planResize, type ResizePlan } from './resize-plan.ts';

export interface EvaluatorOptions {
  readonly threads: number;
  readonly build: KernelBuild;
  readonly batch?: number;
}

export class Evaluator {
  readonly #graph: Graph;
  readonly #images: ImageSet;
  readonly #program: InferenceProgram;
  readonly #engine: Engine;

  private constructor(graph: Graph, images: ImageSet, program: InferenceProgram, engine: Engine) {
    this.#graph = graph;
    this.#images = images;
    this.#program = program;
    this.#engine = engine;
  }

  static async create(
    graph: Graph,
    images: ImageSet,
    options: EvaluatorOptions,
  ): Promise<Evaluator> {
    const batch = Math.max(1, Math.min(options.batch ?? 32, images.count));
    const bytes = batchBytes(images, batch);
    const program = lowerInference(graph, { batch, threads: options.threads, photoBytes: bytes });
    const engine = await Engine.create(program.program, options.build);
    if (program.photos) engine.floats(program.photos.norms).set(normsOf(graph));
    return new Evaluator(graph, images, program, engine);
  }

  /** Logits [count, classes] of all photos. */
  async run(weights: WeightStore, signal?: AbortSignal): Promise<Float32Array> {
    writeParameters(this.#engine, this.#program, weights);
    this.#engine.run('prepare');
    const classes = this.#graph.classes.length;
    const { batch } = this.#program;
    const all = new Float32Array(this.#images.count * classes);
    const logits = this.#engine.floats(this.#program.logits);
    for (let first = 0; first < this.#images.count; first += batch) {
      signal?.throwIfAborted();
      const count = Math.min(batch, this.#images.count - first);
      this.#feed(first, count);
      this.#engine.run('infer');
      all.set(logits.subarray(0, count * classes), first * classes);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return all;
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  #feed(first: number, count: number): void {
    const buffers = this.#program.photos;
    if (!buffers) throw new Error('netlathe bug: the program takes no photos');
    const photos = this.#engine.bytes(buffers.photos);
    const rows = this.#engine.floats(buffers.rows);
    let place = 0;
    for (let n = 0; n < this.#program.batch; n++) {
      // A last batch that is not full repeats its first photo.
      const index = n < count ? first + n : first;
      const size = {
        width: this.#images.widths[index] as number,
        height: this.#images.heights[index] as number,
      };
      const plan = planResize(size, this.#graph.input, this.#graph.preprocessing.resize);
      if (n < count) writePhoto(this.#images, index, photos, place);
      writeResizeRow(rows, n, n < count ? place : 0, size, plan);
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
