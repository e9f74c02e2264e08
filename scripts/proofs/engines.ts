/**
 * The loss curves of the engine and of TensorFlow.js agree, step by step (`--count`), on a network of real size.
 * `--tfjs-node FOLDER` is one where `npm install @tensorflow/tfjs-node` was run; without it, what netlathe itself would
 * find is used. `--record` writes docs/results/engines.md.
 *
 * Training amplifies rounding, so the curves drift. How far they would by rounding alone is measured with the engine's
 * own relaxed kernels, which round once where the strict ones round twice.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { diskSource, parseReference } from '../../cli/source.ts';
import { compile } from '../../compiler/compile.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { initialize } from '../../compiler/weights/index.ts';
import { supportsRelaxed } from '../../runtime/kernels/load.ts';
import { type Backend, wasmBackend } from '../../runtime/train/backend.ts';
import { type Recipe, resolveRecipe } from '../../runtime/train/recipe.ts';
import { type OpenedTfjs, openTfjs, tfjsBackend } from '../../runtime/train/tfjs/index.ts';
import { photos } from '../../test/support/photos.ts';
import type { Proof, Trial } from './harness.ts';
import { root } from './job.ts';

export const proof: Proof = {
  name: 'engines',
  promise: 'TensorFlow.js, with the same weights and photos, computes the same losses',
  unit: 'steps',
  seconds: 150,
  cases: 5,
  options: {
    'tfjs-node': { type: 'string' },
    arch: { type: 'string', default: 'student' },
    batch: { type: 'string', default: '8' },
    tolerance: { type: 'string', default: '0.005' },
    record: { type: 'boolean', default: false },
  },
  run: async (trial) => {
    const opened = await open(trial.values['tfjs-node'] as string | undefined);
    const graph = graphOf(trial.text('arch'));
    const recipe = recipeOf(trial);
    const own = await curve(wasmBackend({ threads: 2, build: 'strict' }), graph, recipe);
    const relaxed = supportsRelaxed()
      ? await curve(wasmBackend({ threads: 2, build: 'relaxed' }), graph, recipe)
      : undefined;
    const theirs = await curve(tfjsBackend(opened.tf), graph, recipe);
    const report = reportOf({ own, relaxed, theirs }, opened, graph, trial);
    if (trial.values.record === true) record(trial, report.text);
    trial.done(own.losses.length);
    trial.note(
      `${report.name} and ${graph.name}: at most ${report.farthest.toExponential(1)} apart`,
    );
    const tolerance = Number(trial.text('tolerance'));
    if (!(report.farthest < tolerance)) {
      trial.fail('curves', `${report.farthest} apart, more than ${tolerance}`);
    }
  },
};

function record(trial: Trial, text: string): void {
  const file = path.join(root, 'docs/results/engines.md');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  trial.note(`written to ${file}`);
}

async function open(folder: string | undefined): Promise<OpenedTfjs> {
  if (folder === undefined) return openTfjs();
  // The plain backend would prove something else than what was asked for.
  return openTfjs({ from: path.resolve(folder, 'package.json'), backend: 'node' });
}

function graphOf(reference: string): Graph {
  const { file, variant } = parseReference(reference);
  const { graph, diagnostics } = compile(diskSource({ cwd: root }), file, { variant });
  if (!graph) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  return graph;
}

function recipeOf(trial: Trial): Recipe {
  return resolveRecipe(
    {
      optimizer: { name: 'adamw', learningRate: 0.002, weightDecay: 0.02 },
      schedule: { name: 'cosine', warmupEpochs: 1 },
      labelSmoothing: 0.1,
      augment: {
        randomResizedCrop: { scale: [0.35, 1] },
        flip: true,
        colorJitter: { brightness: 0.2, contrast: 0.2, saturation: 0.2 },
      },
    },
    { steps: trial.wanted, batch: Number(trial.text('batch')), seed: trial.seed },
  );
}

interface Curve {
  readonly losses: readonly number[];
  readonly imagesPerSecond: number;
}

async function curve(backend: Backend, graph: Graph, recipe: Recipe): Promise<Curve> {
  const side = Math.ceil(Math.max(graph.input.height, graph.input.width) * 1.25);
  const images = photos(recipe.batch * 6, graph.classes.length, 1, side);
  const trainer = await backend.trainer(graph, images, recipe);
  trainer.start(initialize(graph, recipe.seed));
  const losses: number[] = [];
  let seconds = 0;
  for (let step = 0; step < trainer.pace.totalSteps; step++) {
    const from = performance.now();
    const { loss, seen } = await trainer.step(step);
    // The first step also warms up.
    if (step > 0) seconds += (performance.now() - from) / 1000;
    losses.push(loss / seen);
  }
  await trainer.close();
  return { losses, imagesPerSecond: ((losses.length - 1) * recipe.batch) / seconds };
}

interface Curves {
  readonly own: Curve;
  /** There where the machine has relaxed SIMD. */
  readonly relaxed: Curve | undefined;
  readonly theirs: Curve;
}

function reportOf(
  { own, relaxed, theirs }: Curves,
  { tf, backend }: OpenedTfjs,
  graph: Graph,
  trial: Trial,
) {
  const distances = (other: Curve) =>
    own.losses.map((loss, i) => Math.abs(loss - (other.losses[i] ?? Number.NaN)));
  const apart = distances(theirs);
  const farthest = Math.max(...apart);
  const control = relaxed && distances(relaxed);
  const name = backend === 'tensorflow' ? 'tfjs-node' : `tfjs (${backend})`;
  const { height, width } = graph.input;
  const short = (x: number | undefined) => x?.toExponential(1) ?? '';
  const rows = own.losses.map(
    (loss, i) =>
      `| ${i + 1} | ${loss.toFixed(6)} | ${theirs.losses[i]?.toFixed(6)} | ${short(apart[i])} | ${short(control?.[i])} |`,
  );
  const text = `# Both engines, step by step

\`npm run prove:engines\`: ${graph.name}, ${height} x ${width}, batch ${trial.text('batch')}, AdamW, seed ${trial.seed}, photos made up; netlathe's engine
(strict) and ${name} ${tf.version.tfjs} with the same weights, photos, augmentation and formulas. Node ${process.version}, ${cpus()[0]?.model}.

Largest difference of the mean loss: **${short(farthest)}**. The last column is what rounding alone does: the engine's strict
kernels against its relaxed ones, at most ${control ? short(Math.max(...control)) : 'not measured'}. Images a second: ${own.imagesPerSecond.toFixed(0)} and ${theirs.imagesPerSecond.toFixed(0)}, on a machine that may have been busy.

| step | engine | ${name} | apart | rounding |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
  return { farthest, text, name };
}
