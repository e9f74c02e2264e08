/** The batches that the engine would train on, for TensorFlow.js: the same kernels make the images. */

import { lowerImages } from '../../../compiler/6-lower/images.ts';
import { normsOf } from '../../../compiler/6-lower/photos.ts';
import type { Graph } from '../../../compiler/graph/graph.ts';
import type { ImageSet } from '../../data/index.ts';
import { Engine } from '../../engine/engine.ts';
import { batchBytes, Feeder, type FeedKey, photoViews } from '../feeder.ts';
import { Pace } from '../pace.ts';
import type { Recipe } from '../recipe.ts';

export interface Batch {
  readonly labels: Uint16Array;
  /** Both are written anew by the next batch. */
  readonly image: Float32Array;
  readonly targets: Float32Array;
}

export class Batches {
  readonly #engine: Engine;
  readonly #feeder: Feeder;
  readonly #image: Float32Array;
  readonly #targets: Float32Array;

  private constructor(engine: Engine, feeder: Feeder, image: Float32Array, targets: Float32Array) {
    this.#engine = engine;
    this.#feeder = feeder;
    this.#image = image;
    this.#targets = targets;
  }

  static async create(graph: Graph, images: ImageSet, recipe: Recipe): Promise<Batches> {
    const { batch } = new Pace(images, recipe);
    const program = lowerImages(graph, {
      batch,
      photoBytes: batchBytes(images, batch),
      augmented: true,
      mixed: recipe.mixup > 0 || recipe.cutmix > 0,
    });
    const engine = await Engine.create(program.program);
    engine.floats(program.photos.norms).set(normsOf(graph));
    const targets = new Float32Array(batch * graph.classes.length);
    const views = { ...photoViews(program, engine), targets };
    const feeder = new Feeder(graph, images, recipe, views);
    return new Batches(engine, feeder, engine.floats(program.image), targets);
  }

  next(indices: ArrayLike<number>, key: FeedKey): Batch {
    const labels = this.#feeder.feed(indices, key);
    this.#engine.run('images');
    return { labels, image: this.#image, targets: this.#targets };
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}
