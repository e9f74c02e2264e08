/**
 * The training loop over a Program: batches in, gradients, one update. Knows nothing of files or terminals; who owns it
 * says when to save and what to show.
 */

import { adapterPrefix } from '../../compiler/6-lower/hints.ts';
import { dropoutSeed } from '../../compiler/6-lower/ops/simple.ts';
import type { Buffer } from '../../compiler/6-lower/program.ts';
import {
  lowerTraining,
  trainingScalars as scalar,
  type TrainingProgram,
} from '../../compiler/6-lower/training.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { initialize, type WeightStore } from '../../compiler/weights/index.ts';
import type { ImageSet } from '../data/index.ts';
import { Engine } from '../engine/engine.ts';
import type { KernelBuild } from '../kernels/load.ts';
import type { BackendTrainer, StepResult, TrainingState } from './backend.ts';
import { batchBytes, Feeder, photoViews, writeNorms } from './feeder.ts';
import { freezer } from './freeze.ts';
import { addLessons, type Lesson } from './lesson.ts';
import { countAgreeing, countCorrect, Pace } from './pace.ts';
import { readParameters, writeParameters } from './parameters.ts';
import { dropoutSeedAt } from './random.ts';
import type { Recipe } from './recipe.ts';
import { distillPlan, isCached, type Teacher, TeacherHost } from './teacher.ts';

export interface TrainerOptions {
  readonly threads: number;
  readonly build: KernelBuild;
  readonly teacher?: Teacher | undefined;
}

export class Trainer implements BackendTrainer {
  readonly pace: Pace;
  readonly program: TrainingProgram;
  readonly engine: Engine;
  readonly #recipe: Recipe;
  readonly #feeder: Feeder;
  readonly #dropouts: readonly { readonly name: string; readonly layer: number }[];
  readonly #host: TeacherHost | undefined;

  private constructor(
    graph: Graph,
    images: ImageSet,
    recipe: Recipe,
    program: TrainingProgram,
    engine: Engine,
    host: TeacherHost | undefined,
  ) {
    this.#host = host;
    this.#recipe = recipe;
    this.program = program;
    this.engine = engine;
    this.pace = new Pace(images, recipe);
    const targets = engine.floats(program.targets);
    const views = { ...photoViews(program, engine), targets };
    this.#feeder = new Feeder(graph, images, recipe, views);
    this.#dropouts = graph.nodes
      .filter((node) => node.op === 'dropout')
      .map((node) => ({ name: dropoutSeed(node), layer: node.id }));
  }

  static async create(
    graph: Graph,
    images: ImageSet,
    recipe: Recipe,
    options: TrainerOptions,
  ): Promise<Trainer> {
    const { batch } = new Pace(images, recipe);
    const { teacher } = options;
    const distill = teacher && distillPlan(teacher, graph, recipe);
    const program = lowerTraining(graph, {
      batch,
      threads: options.threads,
      optimizer: recipe.optimizer,
      average: recipe.ema !== undefined,
      isFrozen: freezer(recipe.freeze),
      photoBytes: batchBytes(images, batch),
      mixed: recipe.mixup > 0 || recipe.cutmix > 0,
      altered: recipe.augment.randAugment !== undefined,
      distill,
    });
    const engine = await Engine.create(program.program, options.build);
    writeNorms(program, engine, graph);
    const cached = isCached(recipe) ? images.count : undefined;
    const host =
      teacher && program.teacher && distill
        ? new TeacherHost(engine, program.teacher, teacher, distill.teacher, cached)
        : undefined;
    return new Trainer(graph, images, recipe, program, engine, host);
  }

  start(weights: WeightStore): void {
    // Adapters are no part of the network.
    const all = initialize(this.program.graph, this.#recipe.seed);
    writeParameters(this.engine, this.program, new Map([...all, ...weights]));
    if (!this.program.average) return;
    const { average, weights: now, statistics } = this.program;
    this.engine.floats(average.weights).set(this.engine.floats(now));
    this.engine.floats(average.statistics).set(this.engine.floats(statistics));
  }

  weights(): WeightStore {
    const { average, layout } = this.program;
    const all = readParameters(this.engine, average ? { layout, ...average } : this.program);
    return new Map([...all].filter(([name]) => !name.startsWith(adapterPrefix)));
  }

  step(step: number): StepResult {
    const { accumulate, seed, distill } = this.#recipe;
    const { imagesPerStep } = this.pace;
    const epoch = this.pace.epochOf(step);
    const own = distill ? 1 - distill.alpha : 1;
    let loss = 0;
    let correct = 0;
    let lesson: Lesson | undefined;
    this.engine.setScalar(scalar.lossScale, 1 / imagesPerStep);
    if (distill) this.engine.setScalar(scalar.hardScale, own / imagesPerStep);
    for (let part = 0; part < accumulate; part++) {
      const number = step * accumulate + part;
      const indices = this.pace.indices(step, part);
      const labels = this.#feeder.feed(indices, { epoch, step: number });
      this.engine.setScalar(scalar.accumulate, part === 0 ? 0 : 1);
      for (const { name, layer } of this.#dropouts) {
        this.engine.setScalar(name, dropoutSeedAt(seed, number, layer));
      }
      if (this.#host?.isApart) {
        this.engine.run('image');
        this.#host.teach(indices);
      }
      this.engine.run('gradients');
      loss += own * sum(this.engine.floats(this.program.losses));
      correct += countCorrect(this.engine.floats(this.program.probabilities), labels);
      lesson = addLessons(lesson, this.#lesson(labels));
    }
    loss += lesson?.loss ?? 0;
    this.#update(step, loss);
    return { loss, correct, seen: imagesPerStep, learningRate: this.pace.rateAt(step), lesson };
  }

  #lesson(labels: Uint16Array): Lesson | undefined {
    const { teacher, probabilities } = this.program;
    if (!teacher || !this.#host) return undefined;
    const { logits } = this.#host;
    const total = (parts: readonly Buffer[]) =>
      parts.reduce((all, part) => all + sum(this.engine.floats(part)), 0);
    return {
      loss: total(teacher.losses),
      hints: total(teacher.hints),
      teacherCorrect: countCorrect(logits, labels),
      agreed: countAgreeing(this.engine.floats(probabilities), logits, labels.length),
    };
  }

  state(): TrainingState {
    const { weights, statistics, state, average } = this.program;
    const stretches: readonly (readonly [string, Buffer])[] = [
      ['weights', weights],
      ['statistics', statistics],
      ...state.map((buffer, i) => [`optimizer.${i + 1}`, buffer] as const),
      ...(average
        ? ([
            ['average.weights', average.weights],
            ['average.statistics', average.statistics],
          ] as const)
        : []),
    ];
    return new Map(
      stretches.map(([name, buffer]) => [
        name,
        { shape: [buffer.elements], values: this.engine.floats(buffer) },
      ]),
    );
  }

  restore(state: TrainingState): void {
    for (const [name, { values }] of this.state()) values.set(state.get(name)?.values ?? []);
  }

  close(): Promise<void> {
    return this.engine.close();
  }

  #update(step: number, loss: number): void {
    const { optimizer } = this.#recipe;
    const norm = Math.sqrt(sum(this.engine.floats(this.program.squares)));
    if (!Number.isFinite(norm) || !Number.isFinite(loss)) this.#diverged(step, loss);
    const { averageDecay, correction1, correction2, ...common } = this.pace.scalarsAt(step, norm);
    const values: Partial<Record<keyof typeof scalar, number>> = {
      ...common,
      decay: optimizer.weightDecay,
      ...(optimizer.name.startsWith('adam') ? { correction1, correction2 } : {}),
    };
    for (const [name, value] of Object.entries(values)) this.engine.setScalar(name, value);
    this.engine.run('update');
    if (averageDecay === undefined) return;
    this.engine.setScalar(scalar.averageDecay, averageDecay);
    this.engine.run('average');
  }

  #diverged(step: number, loss: number): never {
    const gradients = this.engine.floats(this.program.gradients);
    const bad = this.program.layout.slots.find(
      (slot) =>
        slot.group !== 'statistics' &&
        !gradients.subarray(slot.from, slot.from + slot.elements).every(Number.isFinite),
    );
    this.pace.diverged(step, loss, bad?.name);
  }
}

function sum(values: Float32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
