/**
 * The training loop over a Program: batches in, gradients, one update. Knows nothing of files or terminals; who owns it
 * says when to save and what to show.
 */

import { dropoutSeed } from '../../compiler/6-lower/ops/simple.ts';
import { normsOf } from '../../compiler/6-lower/photos.ts';
import {
  lowerTraining,
  trainingScalars as scalar,
  type TrainingProgram,
} from '../../compiler/6-lower/training.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import type { WeightStore } from '../../compiler/weights/index.ts';
import type { ImageSet } from '../data/index.ts';
import { Engine } from '../engine/engine.ts';
import type { KernelBuild } from '../kernels/load.ts';
import { batchBytes, Feeder } from './feeder.ts';
import { readParameters, writeParameters } from './parameters.ts';
import { purpose, randomBits, shuffled } from './random.ts';
import { freezer, type Recipe } from './recipe.ts';
import { learningRate, totalSteps } from './schedule.ts';
import { TrainError } from './train-error.ts';

export interface TrainerOptions {
  readonly threads: number;
  readonly build: KernelBuild;
}

export interface StepResult {
  /** Sum of the losses, and how many photos were right, of how many. */
  readonly loss: number;
  readonly correct: number;
  readonly seen: number;
  readonly learningRate: number;
}

export class Trainer {
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly program: TrainingProgram;
  readonly engine: Engine;
  readonly #graph: Graph;
  readonly #images: ImageSet;
  readonly #recipe: Recipe;
  readonly #feeder: Feeder;
  readonly #dropouts: readonly { readonly seed: string; readonly layer: number }[];
  #order: { readonly epoch: number; readonly indices: Uint32Array } | undefined;

  private constructor(
    graph: Graph,
    images: ImageSet,
    recipe: Recipe,
    program: TrainingProgram,
    engine: Engine,
  ) {
    this.#graph = graph;
    this.#images = images;
    this.#recipe = recipe;
    this.program = program;
    this.engine = engine;
    this.#feeder = new Feeder(graph, images, recipe, program, engine);
    this.stepsPerEpoch = Math.max(
      1,
      Math.floor(images.count / (program.batch * recipe.accumulate)),
    );
    this.totalSteps = totalSteps(recipe, this.stepsPerEpoch);
    this.#dropouts = graph.nodes
      .filter((node) => node.op === 'dropout')
      .map((node) => ({ seed: dropoutSeed(node), layer: node.id }));
  }

  static async create(
    graph: Graph,
    images: ImageSet,
    recipe: Recipe,
    options: TrainerOptions,
  ): Promise<Trainer> {
    const batch = Math.min(recipe.batch, images.count);
    const program = lowerTraining(graph, {
      batch,
      threads: options.threads,
      optimizer: recipe.optimizer,
      average: recipe.ema !== undefined,
      isFrozen: freezer(recipe.freeze),
      photoBytes: batchBytes(images, batch),
      mixed: recipe.mixup > 0 || recipe.cutmix > 0,
    });
    const engine = await Engine.create(program.program, options.build);
    if (program.photos) engine.floats(program.photos.norms).set(normsOf(graph));
    return new Trainer(graph, images, recipe, program, engine);
  }

  start(weights: WeightStore): void {
    writeParameters(this.engine, this.program, weights);
    if (!this.program.average) return;
    const { average, weights: now, statistics } = this.program;
    this.engine.floats(average.weights).set(this.engine.floats(now));
    this.engine.floats(average.statistics).set(this.engine.floats(statistics));
  }

  /** The weights to evaluate and keep: averaged where the recipe asks for that. */
  weights(): WeightStore {
    const { average, layout } = this.program;
    return readParameters(this.engine, average ? { layout, ...average } : this.program);
  }

  rateAt(step: number): number {
    return learningRate(this.#recipe, step, this.stepsPerEpoch);
  }

  /** One update of the weights; `step` counts from 0. */
  step(step: number): StepResult {
    const { accumulate } = this.#recipe;
    const { batch } = this.program;
    const epoch = Math.floor(step / this.stepsPerEpoch);
    let loss = 0;
    let correct = 0;
    this.engine.setScalar(scalar.lossScale, 1 / (batch * accumulate));
    for (let part = 0; part < accumulate; part++) {
      const number = step * accumulate + part;
      const labels = this.#feeder.feed(this.#indices(step, part, epoch), { epoch, step: number });
      this.engine.setScalar(scalar.accumulate, part === 0 ? 0 : 1);
      for (const { seed, layer } of this.#dropouts) {
        this.engine.setScalar(
          seed,
          randomBits(this.#recipe.seed, purpose.dropout, number, layer) | 0,
        );
      }
      this.engine.run('gradients');
      loss += sum(this.engine.floats(this.program.losses));
      correct += this.#countCorrect(labels);
    }
    const rate = this.rateAt(step);
    this.#update(step, rate, loss);
    return { loss, correct, seen: batch * accumulate, learningRate: rate };
  }

  close(): Promise<void> {
    return this.engine.close();
  }

  #update(step: number, rate: number, loss: number): void {
    const { optimizer, clipNorm, ema } = this.#recipe;
    const norm = Math.sqrt(sum(this.engine.floats(this.program.squares)));
    if (!Number.isFinite(norm) || !Number.isFinite(loss)) this.#diverged(step, rate);
    const clipped = clipNorm !== undefined && norm > clipNorm ? clipNorm / norm : 1;
    const values: Partial<Record<keyof typeof scalar, number>> = {
      rate,
      decay: optimizer.weightDecay,
      gradientScale: clipped,
      ...(optimizer.name.startsWith('adam')
        ? {
            correction1: 1 - optimizer.beta1 ** (step + 1),
            correction2: Math.sqrt(1 - optimizer.beta2 ** (step + 1)),
          }
        : {}),
    };
    for (const [name, value] of Object.entries(values)) this.engine.setScalar(name, value);
    this.engine.run('update');
    if (ema === undefined) return;
    // Early on a long average would mostly remember the random start.
    this.engine.setScalar(scalar.averageDecay, Math.min(ema, (1 + step) / (10 + step)));
    this.engine.run('average');
  }

  /** Names the first layer, from the input on, whose gradient is no number. */
  #diverged(step: number, rate: number): never {
    const gradients = this.engine.floats(this.program.gradients);
    const bad = this.program.layout.slots.find(
      (slot) =>
        slot.group !== 'statistics' &&
        !gradients.subarray(slot.from, slot.from + slot.elements).every(Number.isFinite),
    );
    const layer = bad ? `; the gradient of ${bad.name} is the first` : '';
    throw new TrainError({
      code: 'E540',
      message: `step ${step + 1}: the loss is no longer a number${layer}`,
      hint: `the learning rate is ${rate.toPrecision(3)}: lower it, add warmupEpochs or clipNorm. The last checkpoint is as it was`,
    });
  }

  #indices(step: number, part: number, epoch: number): Uint32Array {
    if (this.#order?.epoch !== epoch) {
      this.#order = { epoch, indices: shuffled(this.#images.count, this.#recipe.seed, epoch) };
    }
    const { batch } = this.program;
    const inEpoch = (step % this.stepsPerEpoch) * this.#recipe.accumulate + part;
    // A set smaller than the accumulated batches begins again.
    const first =
      (inEpoch * batch) % Math.max(batch, this.#images.count - (this.#images.count % batch));
    return this.#order.indices.subarray(first, first + batch);
  }

  #countCorrect(labels: Uint16Array): number {
    const classes = this.#graph.classes.length;
    const probabilities = this.engine.floats(this.program.probabilities);
    let correct = 0;
    for (let n = 0; n < labels.length; n++) {
      let best = 0;
      for (let c = 1; c < classes; c++) {
        if (
          (probabilities[n * classes + c] as number) > (probabilities[n * classes + best] as number)
        )
          best = c;
      }
      if (best === labels[n]) correct++;
    }
    return correct;
  }
}

function sum(values: Float32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
