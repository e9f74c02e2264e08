/** Networks with weights that are not all alike, and their modules. */
import { count } from '../../compiler/5-budget/counts.ts';
import { type BundleFiles, type EmitOptions, emitModule } from '../../compiler/7-emit/ts/emit.ts';
import { type EmittedModule, loadModule } from '../../compiler/7-emit/ts/load-module.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { initialize, type Weight, type WeightStore } from '../../compiler/weights/index.ts';
import type { ImageSet } from '../../runtime/data/index.ts';
import { Evaluator } from '../../runtime/train/evaluator.ts';
import { Random } from '../../runtime/train/random.ts';

/** As `initialize`, but norms and biases differ from channel to channel, as after training. */
export function randomWeights(graph: Graph, seed = 1): WeightStore {
  const random = new Random(seed, 5);
  const store = new Map<string, Weight>();
  for (const [name, { shape, values }] of initialize(graph, seed)) {
    const isVector = shape.length === 1;
    const moved = isVector ? values.map((v) => v + (random.integer(200) - 100) / 500) : values;
    store.set(name, { shape, values: moved });
  }
  return store;
}

const defaults: EmitOptions = { weights: 'fp32', embed: false, relaxed: true };

export function bundleOf(
  graph: Graph,
  weights: WeightStore,
  options: Partial<EmitOptions> = {},
): Promise<BundleFiles> {
  const input = { graph, weights, counts: count(graph), verdicts: [], source: 'a network' };
  return emitModule({ ...input, netlathe: '0.0.0' }, { ...defaults, ...options });
}

export function textOf(files: BundleFiles, name: string): string {
  return new TextDecoder().decode(files.get(name));
}

export function moduleOf(files: BundleFiles): Promise<EmittedModule> {
  return loadModule(textOf(files, 'model.mjs'));
}

/** What `netlathe eval` computes: rows of logits. */
export async function evaluated(
  graph: Graph,
  weights: WeightStore,
  images: ImageSet,
): Promise<readonly Float32Array[]> {
  const evaluator = await Evaluator.create(graph, images, { threads: 1, build: 'strict' });
  try {
    const all = await evaluator.run(weights);
    const classes = graph.classes.length;
    return Array.from({ length: images.count }, (_, n) =>
      all.slice(n * classes, (n + 1) * classes),
    );
  } finally {
    await evaluator.close();
  }
}

/** The largest difference as a share of the largest value, which is 1 at least. */
export function apart(a: Float32Array, b: Float32Array): number {
  const scale = b.reduce((largest, v) => Math.max(largest, Math.abs(v)), 1);
  return a.reduce((worst, v, i) => Math.max(worst, Math.abs(v - (b[i] as number)) / scale), 0);
}
