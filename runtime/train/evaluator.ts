/** Runs the inference program over photos. The same program that the emitted module runs. */

import { type InferenceProgram, lowerInference } from '../../compiler/6-lower/inference.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import type { WeightStore } from '../../compiler/weights/index.ts';
import type { ImageSet } from '../data/index.ts';
import { Engine } from '../engine/engine.ts';
import type { KernelBuild } from '../kernels/load.ts';
import type { Awaitable, BackendEvaluator } from './backend.ts';
import { batchBytes } from './feeder.ts';
import { writeParameters } from './parameters.ts';
import { ResizeFeeder } from './resize-feeder.ts';

export interface EvaluatorOptions {
  readonly threads: number;
  readonly build: KernelBuild;
  readonly batch?: number;
  /** Each photo as in a mirror: the other half of test-time augmentation by flipping. */
  readonly mirrored?: boolean;
}

export class Evaluator implements BackendEvaluator {
  readonly #graph: Graph;
  readonly #images: ImageSet;
  readonly #feeder: ResizeFeeder;
  readonly #program: InferenceProgram;
  readonly #engine: Engine;

  private constructor(
    graph: Graph,
    images: ImageSet,
    program: InferenceProgram,
    engine: Engine,
    { mirrored = false }: EvaluatorOptions,
  ) {
    this.#graph = graph;
    this.#images = images;
    this.#program = program;
    this.#engine = engine;
    this.#feeder = new ResizeFeeder(graph, images, program, engine, { mirrored });
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
    return new Evaluator(graph, images, program, engine, options);
  }

  run(weights: WeightStore, signal?: AbortSignal): Promise<Float32Array> {
    writeParameters(this.#engine, this.#program, weights);
    this.#engine.run('prepare');
    const { batch, logits } = this.#program;
    const sizes = { count: this.#images.count, batch, classes: this.#graph.classes.length };
    return evaluateBatches(sizes, signal, (first, count) => {
      this.#feeder.feed(first, count);
      this.#engine.run('infer');
      return this.#engine.floats(logits);
    });
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

/** Logits [count, classes], made batch by batch; signals and timers get their turn in between. */
export async function evaluateBatches(
  {
    count,
    batch,
    classes,
  }: { readonly count: number; readonly batch: number; readonly classes: number },
  signal: AbortSignal | undefined,
  logitsOf: (first: number, count: number) => Awaitable<Float32Array>,
): Promise<Float32Array> {
  const all = new Float32Array(count * classes);
  for (let first = 0; first < count; first += batch) {
    signal?.throwIfAborted();
    const some = Math.min(batch, count - first);
    const logits = await logitsOf(first, some);
    all.set(logits.subarray(0, some * classes), first * classes);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return all;
}
