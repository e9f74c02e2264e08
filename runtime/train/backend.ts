/** What a run asks of whatever trains it: netlathe's own engine, or TensorFlow.js. */

import type { Graph } from '../../compiler/graph/graph.ts';
import type { Weight, WeightStore } from '../../compiler/weights/index.ts';
import type { ImageSet } from '../data/index.ts';
import type { KernelBuild } from '../kernels/load.ts';
import { Evaluator } from './evaluator.ts';
import type { Lesson } from './lesson.ts';
import type { Pace } from './pace.ts';
import type { Recipe } from './recipe.ts';
import type { Teacher } from './teacher.ts';
import { Trainer } from './trainer.ts';

export interface StepResult {
  /** Sum of the losses, and how many photos were right, of how many. */
  readonly loss: number;
  readonly correct: number;
  readonly seen: number;
  readonly learningRate: number;
  /** Where a teacher teaches. */
  readonly lesson?: Lesson | undefined;
}

/** An engine that computes elsewhere, on a GPU, has its answers later. */
export type Awaitable<T> = T | Promise<T>;

/** All that a run needs to go on where it was, by name: weights, statistics, optimizer state, averages. */
export type TrainingState = ReadonlyMap<string, Weight>;

export interface BackendTrainer {
  readonly pace: Pace;
  start(weights: WeightStore): void;
  /** The weights to evaluate and keep: averaged where the recipe asks for that. */
  weights(): Awaitable<WeightStore>;
  /** One update of the weights; `step` counts from 0. */
  step(step: number): Awaitable<StepResult>;
  state(): Awaitable<TrainingState>;
  /** Takes up a state with the names and sizes of its own. */
  restore(state: TrainingState): void;
  close(): Promise<void>;
}

export interface BackendEvaluator {
  /** Logits [count, classes] of all photos. */
  run(weights: WeightStore, signal?: AbortSignal): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface Backend {
  /** `teacher` is the one that `recipe.distill` asks for. */
  trainer(
    graph: Graph,
    images: ImageSet,
    recipe: Recipe,
    teacher?: Teacher,
  ): Promise<BackendTrainer>;
  evaluator(graph: Graph, images: ImageSet): Promise<BackendEvaluator>;
}

export function wasmBackend(options: {
  readonly threads: number;
  readonly build: KernelBuild;
}): Backend {
  return {
    trainer: (graph, images, recipe, teacher) =>
      Trainer.create(graph, images, recipe, { ...options, teacher }),
    evaluator: (graph, images) => Evaluator.create(graph, images, options),
  };
}
