/** The batches that the engine would train on, for TensorFlow.js: the same kernels make the images. */

import { lowerImages } from '../../../compiler/6-lower/images.ts';
import type { Graph } from '../../../compiler/graph/graph.ts';
import type { ImageSet } from '../../data/index.ts';
import { Engine } from '../../engine/engine.ts';
import { batchBytes, Feeder, type FeedKey, photoViews, writeNorms } from '../feeder.ts';
import { Pace } from '../pace.ts';
import { isViewFixed, type Recipe } from '../recipe.ts';
import { type Teacher, TeacherHost, teacherPlan } from '../teacher.ts';
import { TrainError } from '../train-error.ts';

export interface Batch {
  readonly labels: Uint16Array;
  /** Both are written anew by the next batch. */
  readonly image: Float32Array;
  readonly targets: Float32Array;
  /** What the teacher says of the image. */
  readonly teacher: Float32Array | undefined;
}

export class Batches {
  readonly #engine: Engine;
  readonly #feeder: Feeder;
  readonly #image: Float32Array;
  readonly #targets: Float32Array;
  readonly #host: TeacherHost | undefined;

  private constructor(
    engine: Engine,
    feeder: Feeder,
    image: Float32Array,
    targets: Float32Array,
    host: TeacherHost | undefined,
  ) {
    this.#host = host;
    this.#engine = engine;
    this.#feeder = feeder;
    this.#image = image;
    this.#targets = targets;
  }

  static async create(
    graph: Graph,
    images: ImageSet,
    recipe: Recipe,
    teacher?: Teacher,
  ): Promise<Batches> {
    const { batch } = new Pace(images, recipe);
    if (recipe.distill && recipe.distill.hints.length > 0) {
      throw new TrainError({
        code: 'E549',
        message: 'hints are learned by the wasm engine alone',
        hint: 'leave out --engine tfjs, or distill.hints',
      });
    }
    const plan = teacher && teacherPlan(teacher, graph, true);
    const program = lowerImages(graph, {
      batch,
      photoBytes: batchBytes(images, batch),
      augmented: true,
      mixed: recipe.mixup > 0 || recipe.cutmix > 0,
      altered: recipe.augment.randAugment !== undefined,
      teacher: plan,
    });
    const engine = await Engine.create(program.program);
    writeNorms(program, engine, graph);
    const targets = new Float32Array(batch * graph.classes.length);
    const views = { ...photoViews(program, engine), targets };
    const feeder = new Feeder(graph, images, recipe, views);
    const cached = isViewFixed(recipe) ? images.count : undefined;
    const host =
      teacher && plan && program.teacher
        ? new TeacherHost(engine, program.teacher, teacher, plan, cached)
        : undefined;
    return new Batches(engine, feeder, engine.floats(program.image), targets, host);
  }

  next(indices: ArrayLike<number>, key: FeedKey): Batch {
    const labels = this.#feeder.feed(indices, key);
    this.#engine.run('images');
    this.#host?.teach(indices);
    return { labels, image: this.#image, targets: this.#targets, teacher: this.#host?.logits };
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}
