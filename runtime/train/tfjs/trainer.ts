/** Training through TensorFlow.js: its autodiff, and everything else as the engine does it. */

import type * as tfjs from '@tensorflow/tfjs';
import type { ModelWeight, Tf } from '../../../compiler/7-emit/tfjs/index.ts';
import type { Graph } from '../../../compiler/graph/graph.ts';
import type { Weight, WeightStore } from '../../../compiler/weights/index.ts';
import type { ImageSet } from '../../data/index.ts';
import type { BackendTrainer, StepResult, TrainingState } from '../backend.ts';
import { freezer } from '../freeze.ts';
import { addLessons, type Lesson } from '../lesson.ts';
import { Pace } from '../pace.ts';
import type { Recipe } from '../recipe.ts';
import type { Teacher } from '../teacher.ts';
import { TrainError } from '../train-error.ts';
import { Batches } from './batches.ts';
import { TfjsNetwork } from './network.ts';
import { TfjsOptimizer } from './optimizer.ts';
import { assignValues, storeOf } from './values.ts';

export class TfjsTrainer implements BackendTrainer {
  readonly pace: Pace;
  readonly #tf: Tf;
  readonly #recipe: Recipe;
  readonly #batches: Batches;
  readonly #network: TfjsNetwork;
  /** Those that the optimizer changes. */
  readonly #trained: readonly ModelWeight[];
  readonly #optimizer: TfjsOptimizer;
  /** Of all weights, where the recipe asks for averages. */
  readonly #average: readonly tfjs.Variable[] | undefined;

  private constructor(tf: Tf, graph: Graph, images: ImageSet, recipe: Recipe, batches: Batches) {
    this.#tf = tf;
    this.pace = new Pace(images, recipe);
    this.#recipe = recipe;
    this.#batches = batches;
    this.#network = new TfjsNetwork(tf, graph, recipe.distill);
    const { weights } = this.#network;
    const isFrozen = freezer(recipe.freeze);
    this.#trained = weights.filter(({ spec, node }) => spec.trainable && !isFrozen(node.name));
    const trainable = this.#trained.map(({ variable, spec }) => ({
      variable,
      decays: spec.name === 'kernel',
    }));
    this.#optimizer = new TfjsOptimizer(tf, recipe.optimizer, trainable);
    this.#average =
      recipe.ema === undefined
        ? undefined
        : weights.map(({ variable }) => tf.tidy(() => tf.variable(tf.zerosLike(variable), false)));
  }

  static async create(
    tf: Tf,
    graph: Graph,
    images: ImageSet,
    recipe: Recipe,
    teacher?: Teacher,
  ): Promise<TfjsTrainer> {
    if (teacher?.network.kind === 'model' && tf.getBackend() === 'webgpu') {
      throw new TrainError({
        code: 'E546',
        message: `${teacher.name} is a model of TensorFlow.js, which cannot teach on a GPU`,
        hint: 'leave out --backend webgpu, or take a run of netlathe as the teacher',
      });
    }
    const batches = await Batches.create(graph, images, recipe, teacher);
    return new TfjsTrainer(tf, graph, images, recipe, batches);
  }

  start(weights: WeightStore): void {
    for (const [i, { name, variable }] of this.#network.weights.entries()) {
      const { values } = weights.get(name) as Weight;
      for (const held of [variable, this.#average?.[i]])
        if (held) assignValues(this.#tf, held, values);
    }
  }

  weights(): Promise<WeightStore> {
    return storeOf(this.#network.weights, this.#average);
  }

  async step(step: number): Promise<StepResult> {
    const { accumulate, seed } = this.#recipe;
    const epoch = this.pace.epochOf(step);
    const variables = this.#trained.map(({ variable }) => variable);
    let sums: readonly tfjs.Tensor[] = [];
    let loss = 0;
    let correct = 0;
    let lesson: Lesson | undefined;
    for (let part = 0; part < accumulate; part++) {
      const number = step * accumulate + part;
      const batch = this.#batches.next(this.pace.indices(step, part), { epoch, step: number });
      const gradients = await this.#network.gradients(batch, variables, { seed, part: number });
      sums = this.#add(sums, gradients.tensors);
      loss += gradients.loss;
      correct += gradients.correct;
      lesson = addLessons(lesson, gradients.lesson);
    }
    try {
      await this.#update(step, sums, loss);
    } finally {
      this.#tf.dispose([...sums]);
    }
    const { imagesPerStep } = this.pace;
    return { loss, correct, seen: imagesPerStep, learningRate: this.pace.rateAt(step), lesson };
  }

  async state(): Promise<TrainingState> {
    const held = this.#held().map(async ([name, variable]) => {
      const weight: Weight = { shape: variable.shape, values: await variable.data<'float32'>() };
      return [name, weight] as const;
    });
    return new Map(await Promise.all(held));
  }

  restore(state: TrainingState): void {
    for (const [name, variable] of this.#held()) {
      assignValues(this.#tf, variable, (state.get(name) as Weight).values);
    }
  }

  async close(): Promise<void> {
    this.#network.dispose();
    this.#optimizer.dispose();
    this.#tf.dispose([...(this.#average ?? [])]);
    await this.#batches.close();
  }

  #add(sums: readonly tfjs.Tensor[], more: readonly tfjs.Tensor[]): readonly tfjs.Tensor[] {
    if (sums.length === 0) return more;
    const added = more.map((gradient, i) => this.#tf.add(sums[i] as tfjs.Tensor, gradient));
    this.#tf.dispose([...sums, ...more]);
    return added;
  }

  /** `gradients` are of the sum of the losses; the step is taken along those of their mean. */
  async #update(step: number, gradients: readonly tfjs.Tensor[], loss: number): Promise<void> {
    const { imagesPerStep } = this.pace;
    const norms = (await this.#norms(gradients)).map((norm) => norm / imagesPerStep);
    const norm = Math.hypot(...norms);
    if (!Number.isFinite(norm) || !Number.isFinite(loss)) {
      this.pace.diverged(
        step,
        loss,
        this.#trained[norms.findIndex((n) => !Number.isFinite(n))]?.name,
      );
    }
    const scalars = this.pace.scalarsAt(step, norm);
    const gradientScale = scalars.gradientScale / imagesPerStep;
    this.#optimizer.update(gradients, { ...scalars, gradientScale });
    if (scalars.averageDecay !== undefined) this.#follow(scalars.averageDecay);
  }

  /** All at once: a GPU is asked only once. */
  async #norms(gradients: readonly tfjs.Tensor[]): Promise<readonly number[]> {
    const tf = this.#tf;
    if (gradients.length === 0) return [];
    const squares = tf.tidy(() => tf.stack(gradients.map((g) => tf.sum(tf.square(g)))));
    try {
      return Array.from(await squares.data(), Math.sqrt);
    } finally {
      squares.dispose();
    }
  }

  #follow(decay: number): void {
    const tf = this.#tf;
    tf.tidy(() => {
      this.#average?.forEach((average, i) => {
        const now = this.#network.weights[i]?.variable as tfjs.Variable;
        average.assign(tf.add(average, tf.mul(tf.sub(now, average), 1 - decay)));
      });
    });
  }

  /** Every variable that a run needs to go on, by name. */
  #held(): readonly (readonly [string, tfjs.Variable])[] {
    const { weights } = this.#network;
    return [
      ...weights.map(({ name, variable }) => [`weights ${name}`, variable] as const),
      ...(this.#average ?? []).map(
        (variable, i) => [`average ${weights[i]?.name}`, variable] as const,
      ),
      ...this.#optimizer.state.flatMap((state, i) =>
        state.map(
          (variable, k) => [`optimizer.${k + 1} ${this.#trained[i]?.name}`, variable] as const,
        ),
      ),
    ];
  }
}
