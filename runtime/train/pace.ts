/** Which photos each step sees and at what rate it learns: the same for every engine. */

import type { ImageSet } from '../data/index.ts';
import { shuffled } from './random.ts';
import type { Recipe } from './recipe.ts';
import { learningRate, totalSteps } from './schedule.ts';
import { TrainError } from './train-error.ts';

export class Pace {
  /** Photos that go through the network at once. */
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly #count: number;
  readonly #recipe: Recipe;
  #order: { readonly epoch: number; readonly indices: Uint32Array } | undefined;

  constructor(images: Pick<ImageSet, 'count'>, recipe: Recipe) {
    this.#count = images.count;
    this.#recipe = recipe;
    this.batch = Math.min(recipe.batch, images.count);
    this.stepsPerEpoch = Math.max(1, Math.floor(images.count / this.imagesPerStep));
    this.totalSteps = totalSteps(recipe, this.stepsPerEpoch);
  }

  get imagesPerStep(): number {
    return this.batch * this.#recipe.accumulate;
  }

  rateAt(step: number): number {
    return learningRate(this.#recipe, step, this.stepsPerEpoch);
  }

  epochOf(step: number): number {
    return Math.floor(step / this.stepsPerEpoch);
  }

  /** The photos of one of the batches that a step accumulates. */
  indices(step: number, part: number): Uint32Array {
    const epoch = this.epochOf(step);
    if (this.#order?.epoch !== epoch) {
      this.#order = { epoch, indices: shuffled(this.#count, this.#recipe.seed, epoch) };
    }
    const { batch } = this;
    const inEpoch = (step % this.stepsPerEpoch) * this.#recipe.accumulate + part;
    // A set smaller than the accumulated batches begins again.
    const first = (inEpoch * batch) % Math.max(batch, this.#count - (this.#count % batch));
    return this.#order.indices.subarray(first, first + batch);
  }

  /** What the optimizer is told of a step. `norm` is that of the gradient. */
  scalarsAt(step: number, norm: number): StepScalars {
    const { optimizer, clipNorm, ema } = this.#recipe;
    return {
      rate: this.rateAt(step),
      gradientScale: clipNorm !== undefined && norm > clipNorm ? clipNorm / norm : 1,
      correction1: 1 - optimizer.beta1 ** (step + 1),
      correction2: Math.sqrt(1 - optimizer.beta2 ** (step + 1)),
      // Early on a long average would mostly remember the random start.
      averageDecay: ema === undefined ? undefined : Math.min(ema, (1 + step) / (10 + step)),
    };
  }

  /** `weight` is the first, from the input on, whose gradient is no number. */
  diverged(step: number, loss: number, weight: string | undefined): never {
    const named = weight === undefined ? '' : `; the gradient of ${weight} is the first`;
    // Finite gradients whose squares are not are of a network that multiplies them from layer to layer.
    const what = Number.isFinite(loss)
      ? `${weight === undefined ? 'the square of ' : ''}the gradient is too large for a float`
      : 'the loss is no longer a number';
    throw new TrainError({
      code: 'E540',
      message: `step ${step + 1}: ${what}${named}`,
      hint: `the learning rate is ${this.rateAt(step).toPrecision(3)}: lower it, add warmupEpochs or clipNorm. The last checkpoint is as it was`,
    });
  }
}

export interface StepScalars {
  readonly rate: number;
  /** Less than 1 where the gradient is clipped. */
  readonly gradientScale: number;
  /** Of Adam. */
  readonly correction1: number;
  readonly correction2: number;
  /** Without: no average is kept. */
  readonly averageDecay: number | undefined;
}

/** How many rows, logits or probabilities, are largest at their label; the first of equals counts. */
export function countCorrect(rows: Float32Array, labels: ArrayLike<number>): number {
  return places(rows, labels.length).filter((place, n) => place === labels[n]).length;
}

/** In how many rows two tables are largest at the same place. */
export function countAgreeing(a: Float32Array, b: Float32Array, count: number): number {
  const other = places(b, count);
  return places(a, count).filter((place, n) => place === other[n]).length;
}

function places(rows: Float32Array, count: number): readonly number[] {
  const classes = rows.length / count;
  return Array.from({ length: count }, (_, n) => {
    const row = rows.subarray(n * classes, (n + 1) * classes);
    return row.indexOf(row.reduce((a, b) => Math.max(a, b)));
  });
}
