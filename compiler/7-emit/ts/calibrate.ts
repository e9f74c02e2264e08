/**
 * What int8 needs to know of a network: the activations of some training photos, layer by layer. The photos go the way
 * of the module's own preprocessing, which is that of training.
 */

import type { ImageSet } from '../../../runtime/data/index.ts';
import { Engine } from '../../../runtime/engine/engine.ts';
import { writeParameters } from '../../../runtime/train/parameters.ts';
import { randomBits } from '../../../runtime/train/random.ts';
import { photoWriter } from '../../../templates/support/photo.ts';
import { type InferenceProgram, lowerInference } from '../../6-lower/inference.ts';
import { type Grid, Histogram } from '../../6-lower/int8/grid.ts';
import { type Int8Program, lowerInt8, type Quantization } from '../../6-lower/int8/lower.ts';
import { normsOf } from '../../6-lower/photos.ts';
import { type Graph, graphInput, shapeOf } from '../../graph/graph.ts';
import { elements } from '../../graph/shape.ts';
import type { WeightStore } from '../../weights/index.ts';
import { photoOf } from './verify.ts';

/** So many photos of a set, the same ones for the same seed, as inputs of the network. */
export function* inputsOf(
  graph: Graph,
  images: ImageSet,
  count: number,
  seed: number,
): Generator<Float32Array> {
  const input = new Float32Array(elements(graph.input));
  const { resize } = graph.preprocessing;
  const write = photoWriter(
    { info: { input: graph.input }, resize, norms: [...normsOf(graph)] },
    input,
  );
  for (const n of sample(images.count, count, seed)) {
    write(photoOf(images, n));
    yield input;
  }
}

/** `count` of the numbers below `all`, each as likely as any other. */
export function sample(all: number, count: number, seed: number): readonly number[] {
  return Array.from({ length: all }, (_, n) => ({ n, key: randomBits(seed, calibrating, n) }))
    .sort((a, b) => a.key - b.key || a.n - b.n)
    .slice(0, count)
    .map(({ n }) => n);
}

/** Sets this use of random numbers apart from those of training. */
const calibrating = 0x18;

export async function observe(
  graph: Graph,
  weights: WeightStore,
  inputs: Iterable<Float32Array>,
): Promise<ReadonlyMap<number, Histogram>> {
  const program = lowerInference(graph, { batch: 1, threads: 1, observed: true });
  const ids = [graphInput, ...program.values.keys()];
  const seen = new Map(ids.map((id) => [id, new Histogram(shapeOf(graph, id).channels)] as const));
  await running(program, weights, (engine) => {
    for (const input of inputs) {
      engine.floats(program.image).set(input);
      engine.run('infer');
      seen.get(graphInput)?.add(input);
      for (const [id, buffer] of program.values) seen.get(id)?.add(engine.floats(buffer));
    }
  });
  return seen;
}

type Runnable = Pick<InferenceProgram, 'program' | 'layout' | 'weights' | 'statistics'> &
  Partial<Pick<Int8Program, 'contents'>>;

async function running(
  program: Runnable,
  weights: WeightStore,
  use: (engine: Engine) => Promise<void> | void,
): Promise<void> {
  const engine = await Engine.create(program.program, 'strict');
  try {
    writeParameters(engine, program, weights);
    for (const [buffer, contents] of program.contents ?? []) {
      if (contents instanceof Uint8Array) engine.bytes(buffer).set(contents);
      else engine.floats(buffer).set(contents);
    }
    engine.run('prepare');
    await use(engine);
  } finally {
    await engine.close();
  }
}

export interface LayerNoise {
  readonly layer: string;
  /** Power of what the layer gives over that of what int8 gives beside it, all layers before it in int8 too. */
  readonly decibels: number;
}

/** How far int8 is from floats, layer by layer, in the order of the network. */
export async function noiseOf(
  graph: Graph,
  weights: WeightStore,
  quantization: Quantization,
  inputs: Iterable<Float32Array>,
): Promise<readonly LayerNoise[]> {
  const float = lowerInference(graph, { batch: 1, threads: 1, observed: true });
  const int8 = lowerInt8(graph, weights, quantization, true);
  const powers = new Map<number, { signal: number; noise: number }>();
  for (const id of int8.values.keys())
    if (float.values.has(id)) powers.set(id, { signal: 0, noise: 0 });
  await running(float, weights, (a) =>
    running(int8, weights, (b) => {
      for (const input of inputs) {
        a.floats(float.image).set(input);
        b.floats(int8.image).set(input);
        a.run('infer');
        b.run('infer');
        for (const [id, power] of powers) {
          const values = float.values.get(id);
          const bytes = int8.values.get(id);
          if (values && bytes) add(power, a.floats(values), b.bytes(bytes.buffer), bytes.grid);
        }
      }
    }),
  );
  return [...powers].map(([id, { signal, noise }]) => ({
    layer: int8.values.get(id)?.layer ?? '',
    decibels: 10 * Math.log10(signal / Math.max(noise, Number.MIN_VALUE)),
  }));
}

function add(
  power: { signal: number; noise: number },
  values: Float32Array,
  bytes: Uint8Array,
  grid: Grid | readonly Grid[],
): void {
  for (const [i, value] of values.entries()) {
    const { scale, zero } = Array.isArray(grid) ? grid[i % grid.length] : grid;
    power.signal += value * value;
    power.noise += (value - scale * ((bytes[i] as number) - zero)) ** 2;
  }
}
