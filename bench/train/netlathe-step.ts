/** netlathe's training step on made-up data: what is timed and what is profiled. */

import { lowerTraining, trainingScalars } from '../../compiler/6-lower/training.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { initialize } from '../../compiler/weights/initialize.ts';
import { Engine } from '../../runtime/engine/engine.ts';
import type { KernelBuild } from '../../runtime/kernels/load.ts';
import { writeParameters } from '../../runtime/train/parameters.ts';

export interface StepOptions {
  readonly batch: number;
  readonly threads: number;
  readonly build: KernelBuild;
}

const adamw = {
  name: 'adamw',
  momentum: 0,
  nesterov: false,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
} as const;

/** An engine with a batch and first weights in its memory, ready for `gradients` and `update`. */
export async function prepareStep(graph: Graph, options: StepOptions): Promise<Engine> {
  const training = lowerTraining(graph, {
    batch: options.batch,
    threads: options.threads,
    optimizer: adamw,
    average: false,
    isFrozen: () => false,
  });
  const engine = await Engine.create(training.program, options.build);
  writeParameters(engine, training, initialize(graph, 1));
  let state = 1;
  const image = engine.floats(training.image);
  for (let i = 0; i < image.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    image[i] = state / 2 ** 31 - 1;
  }
  const classes = graph.classes.length;
  const targets = engine.floats(training.targets);
  for (let n = 0; n < options.batch; n++) targets[n * classes + (n % classes)] = 1;
  const scalars: Readonly<Record<string, number>> = {
    [trainingScalars.accumulate]: 0,
    [trainingScalars.lossScale]: 1 / options.batch,
    [trainingScalars.rate]: 1e-3,
    [trainingScalars.decay]: 0.01,
    [trainingScalars.gradientScale]: 1,
    [trainingScalars.correction1]: 1,
    [trainingScalars.correction2]: 1,
  };
  for (const [name, value] of Object.entries(scalars)) engine.setScalar(name, value);
  return engine;
}

export function runStep(engine: Engine): void {
  engine.run('gradients');
  engine.run('update');
}
