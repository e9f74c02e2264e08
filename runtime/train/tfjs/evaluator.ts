/** Evaluates photos with TensorFlow.js, on the pixels that the engine sees. */

import { type ImageProgram, lowerImages } from '../../../compiler/6-lower/images.ts';
import type { Tf } from '../../../compiler/7-emit/tfjs/index.ts';
import type { Graph } from '../../../compiler/graph/graph.ts';
import type { Weight, WeightStore } from '../../../compiler/weights/index.ts';
import type { ImageSet } from '../../data/index.ts';
import { Engine } from '../../engine/engine.ts';
import type { BackendEvaluator } from '../backend.ts';
import { evaluateBatches } from '../evaluator.ts';
import { batchBytes } from '../feeder.ts';
import { ResizeFeeder } from '../resize-feeder.ts';
import { TfjsNetwork } from './network.ts';
import { assignValues } from './values.ts';

const largestBatch = 32;

export class TfjsEvaluator implements BackendEvaluator {
  readonly #tf: Tf;
  readonly #graph: Graph;
  readonly #images: ImageSet;
  readonly #network: TfjsNetwork;
  readonly #program: ImageProgram;
  readonly #engine: Engine;
  readonly #feeder: ResizeFeeder;

  private constructor(
    tf: Tf,
    graph: Graph,
    images: ImageSet,
    program: ImageProgram,
    engine: Engine,
  ) {
    this.#tf = tf;
    this.#graph = graph;
    this.#images = images;
    this.#network = new TfjsNetwork(tf, graph);
    this.#program = program;
    this.#engine = engine;
    this.#feeder = new ResizeFeeder(graph, images, program, engine);
  }

  static async create(tf: Tf, graph: Graph, images: ImageSet): Promise<TfjsEvaluator> {
    const batch = Math.max(1, Math.min(largestBatch, images.count));
    const photoBytes = batchBytes(images, batch);
    const program = lowerImages(graph, { batch, photoBytes, augmented: false });
    const engine = await Engine.create(program.program);
    return new TfjsEvaluator(tf, graph, images, program, engine);
  }

  run(weights: WeightStore, signal?: AbortSignal): Promise<Float32Array> {
    for (const { name, variable } of this.#network.weights) {
      assignValues(this.#tf, variable, (weights.get(name) as Weight).values);
    }
    const { batch, image } = this.#program;
    const sizes = { count: this.#images.count, batch, classes: this.#graph.classes.length };
    return evaluateBatches(sizes, signal, (first, count) => {
      this.#feeder.feed(first, count);
      this.#engine.run('images');
      return this.#network.logits(this.#engine.floats(image));
    });
  }

  close(): Promise<void> {
    this.#network.dispose();
    return this.#engine.close();
  }
}
