/**
 * Every architecture that compiles trains a step, is saved, read back and evaluated to the same logits, and emitted as a
 * tfjs model; and a field that is damaged is refused with a place of its own. Architectures are made at random, with every
 * op and all that the language has.
 */

import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { loadTfjsModel, saveTfjsModel } from '../../compiler/7-emit/tfjs/index.ts';
import { isComplete } from '../../compiler/compile.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { initialize, mismatches, weightsToSafetensors } from '../../compiler/weights/index.ts';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { type BackendTrainer, wasmBackend } from '../../runtime/train/backend.ts';
import { Evaluator } from '../../runtime/train/evaluator.ts';
import { readWeights } from '../../runtime/train/read-weights.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import { TrainError } from '../../runtime/train/train-error.ts';
import { architectureFrom } from '../../test/support/architectures.ts';
import { compileText } from '../../test/support/compile.ts';
import { Draw } from '../../test/support/draw.ts';
import { photos } from '../../test/support/photos.ts';
import { randomFrom } from '../fuzz/mutate.ts';
import type { Proof, Trial } from './harness.ts';

export const proof: Proof = {
  name: 'validate',
  promise:
    'What compiles also trains, saves, loads and exports; what does not is refused at its place',
  unit: 'architectures',
  seconds: 300,
  cases: 5000,
  run: async (trial) => {
    let [refused, read, tried, diverged] = [0, 0, 0, 0];
    for (const seed of trial.cases()) {
      const { yaml, spec } = drawn(seed);
      tried++;
      await trial.check(seed, async () => {
        const verdict = await oneStep(trial, yaml, seed);
        if (verdict !== 'diverged') return verdict;
        diverged++;
        return diverged > 1 + tried / 1000 ? 'more than one in a thousand diverges' : undefined;
      });
      // One change in ten times as many files as are trained: it costs little.
      for (let i = 0; i < 10; i++) {
        const verdict = changed(spec, seed * 10 + i);
        if (verdict.kind === 'broken') trial.fail(seed, verdict.text);
        else if (verdict.kind === 'refused') refused++;
        else read++;
      }
    }
    trial.note(`${refused} changed fields refused with a place, ${read} still made sense`);
    if (diverged > 0) trial.note(`${diverged} ended with E540: gradients beyond what floats hold`);
  },
};

function drawn(seed: number) {
  const random = randomFrom(seed);
  return architectureFrom(
    new Draw(Array.from({ length: 300 }, () => Math.floor(random() * 65536))),
  );
}

async function oneStep(trial: Trial, yaml: string, seed: number): Promise<string | undefined> {
  const compilation = compileText(yaml);
  if (!isComplete(compilation))
    return `it does not compile: ${compilation.diagnostics[0]?.message}`;
  const { graph } = compilation;
  const folder = path.join(trial.folder, String(seed));
  mkdirSync(folder);
  const images = photos(4, graph.classes.length, 1, 10);
  const recipe = resolveRecipe({ epochs: 1, batch: 4 }, { steps: 1 });
  const trainer = await wasmBackend({ threads: 1, build: 'strict' }).trainer(graph, images, recipe);
  try {
    trainer.start(initialize(graph, seed % 1000));
    // Norms over channels that are all alike multiply a gradient by 316 each: a chain of them is beyond any float.
    if (!(await steps(trainer))) return 'diverged';
    const weights = await trainer.weights();
    const file = path.join(folder, 'weights.safetensors');
    await writeFileAtomic(file, weightsToSafetensors(weights));
    const again = await readWeights(file, graph);
    const [before, after] = [await logits(graph, weights), await logits(graph, again)];
    if (Buffer.compare(bytes(before), bytes(after)) !== 0) return 'other logits after reading back';
    await saveTfjsModel(graph, weights, folder);
    const [first] = mismatches(graph, (await loadTfjsModel(folder)).weights);
    rmSync(folder, { recursive: true });
    return first;
  } finally {
    await trainer.close();
  }
}

async function steps(trainer: BackendTrainer): Promise<boolean> {
  try {
    await trainer.step(0);
    return true;
  } catch (error) {
    if (error instanceof TrainError && error.code === 'E540') return false;
    throw error;
  }
}

const bytes = (values: Float32Array) =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

async function logits(graph: Graph, weights: Awaited<ReturnType<typeof readWeights>>) {
  const images = photos(3, graph.classes.length, 2, 10);
  const evaluator = await Evaluator.create(graph, images, { threads: 1, build: 'strict' });
  try {
    return await evaluator.run(weights);
  } finally {
    await evaluator.close();
  }
}

type Verdict =
  | { readonly kind: 'refused' | 'read' }
  | { readonly kind: 'broken'; readonly text: string };

const odd: readonly unknown[] = [
  ...[-1, 0, 0.5, 1e9, 2 ** 53, true, null, '', 'x', '1 +', 'in / 0', [], {}, ['a'], { a: 1 }],
  ...['__proto__', 'constructor', [[]], 'x'.repeat(500)],
];

/** One field, anywhere, becomes something odd. */
function changed(spec: object, seed: number): Verdict {
  const random = randomFrom(seed);
  const copy = JSON.parse(JSON.stringify(spec)) as object;
  const holders: [object, string][] = [];
  const walk = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) {
      holders.push([value, key]);
      walk((value as Record<string, unknown>)[key]);
    }
  };
  walk(copy);
  const [holder, key] = holders[Math.floor(random() * holders.length)] as [object, string];
  (holder as Record<string, unknown>)[key] = odd[Math.floor(random() * odd.length)];
  let compilation: ReturnType<typeof compileText>;
  try {
    compilation = compileText(`${JSON.stringify(copy, null, 1)}\n`);
  } catch (error) {
    const text = error instanceof Error ? error.stack?.split('\n').slice(0, 4).join(' | ') : error;
    return { kind: 'broken', text: `seed ${seed}, ${key}: ${text}` };
  }
  if (isComplete(compilation)) return { kind: 'read' };
  const [first] = compilation.diagnostics;
  if (!first) return { kind: 'broken', text: `seed ${seed}: neither a network nor a diagnostic` };
  if (!first.place) return { kind: 'broken', text: `seed ${seed}: ${first.code} has no place` };
  return { kind: 'refused' };
}
