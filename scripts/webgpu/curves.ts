/**
 * In a process of its own, because Vulkan is found by the environment: the losses of the wasm engine and of a GPU for each
 * network, as JSON. `curves.ts PACKAGE_JSON STEPS`
 */

import { opKinds } from '../../compiler/ops/index.ts';
import { initialize } from '../../compiler/weights/index.ts';
import { type Backend, wasmBackend } from '../../runtime/train/backend.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import { openTfjs, tfjsBackend } from '../../runtime/train/tfjs/index.ts';
import { graphOf } from '../../test/support/compile.ts';
import { photos } from '../../test/support/photos.ts';
import { cases, yamlOf } from './networks.ts';

export interface Curves {
  readonly device: string;
  readonly networks: readonly {
    readonly name: string;
    readonly own: Curve;
    readonly gpu: Curve;
    /** Tensors after the first step, after the last, and when all is closed. */
    readonly tensors: readonly [number, number, number];
    readonly gpuBytes: readonly [number, number];
  }[];
  /** Ops that no network has. */
  readonly unused: readonly string[];
}

export interface Curve {
  readonly losses: readonly number[];
  /** Of the weights after the last step, on photos that were not trained on. */
  readonly logits: readonly number[];
  /** Of one step, without the first; by the processor's count where the GPU is one. */
  readonly milliseconds: number;
}

const [from = '', count = '6'] = process.argv.slice(2);
const steps = Number(count);
const opened = await openTfjs({ from, backend: 'webgpu' });
const { tf, guard } = opened;

type Graph = ReturnType<typeof graphOf>;

async function curve(
  backend: Backend,
  graph: Graph,
  recipe: ReturnType<typeof resolveRecipe>,
  look: (step: number) => void,
): Promise<Curve> {
  const [train, judged] = [photos(24, 3, 1, 20), photos(7, 3, 2, 20)];
  const trainer = await backend.trainer(graph, train, recipe);
  const evaluator = await backend.evaluator(graph, judged);
  trainer.start(initialize(graph, recipe.seed));
  const losses: number[] = [];
  let began = performance.now();
  for (let step = 0; step < steps; step++) {
    const { loss, seen } = await trainer.step(step);
    losses.push(loss / seen);
    // The first compiles the shaders.
    if (step === 0) began = performance.now();
    look(step);
  }
  const milliseconds = (performance.now() - began) / (steps - 1);
  const logits = [...(await evaluator.run(await trainer.weights()))];
  await Promise.all([trainer.close(), evaluator.close()]);
  return { losses, logits, milliseconds };
}

const used = new Set<string>();
const networks: Curves['networks'][number][] = [];
for (const { name, layers, recipe: written } of cases) {
  const graph = graphOf(yamlOf(layers));
  for (const { op } of graph.nodes) used.add(op);
  const recipe = resolveRecipe({ ...written, batch: 6, seed: 3 }, { steps });
  const memory: { readonly tensors: number; readonly bytes: number }[] = [];
  const look = () => {
    const { numTensors, numBytes } = tf.memory();
    memory.push({ tensors: numTensors, bytes: numBytes });
  };
  const own = await curve(
    wasmBackend({ threads: 1, build: 'strict' }),
    graph,
    recipe,
    () => undefined,
  );
  const gpu = await curve(tfjsBackend(tf, guard), graph, recipe, look);
  const [first, last] = [memory[0], memory.at(-1)];
  networks.push({
    ...{ name, own, gpu },
    tensors: [first?.tensors ?? -1, last?.tensors ?? -1, tf.memory().numTensors],
    gpuBytes: [first?.bytes ?? -1, last?.bytes ?? -1],
  });
  process.stderr.write(`${name}: done\n`);
}
const device = opened.device ?? 'none';
await opened.close();
const unused = opKinds.filter((op) => !used.has(op));
process.stdout.write(JSON.stringify({ device, networks, unused } satisfies Curves));
