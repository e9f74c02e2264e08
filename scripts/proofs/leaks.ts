/**
 * What is used over and over must not grow: training steps, engines that are opened and closed, photos that are decoded,
 * files that are compiled, modules that are run, and TensorFlow.js tensors. Memory is that of the process after a
 * collection; what is left of the first rounds, which fill caches, is not counted.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import sharp from 'sharp';
import { importTfjs } from '../../compiler/7-emit/tfjs/index.ts';
import { initialize } from '../../compiler/weights/index.ts';
import { decodeBytes } from '../../runtime/data/decode-image.ts';
import { wasmBackend } from '../../runtime/train/backend.ts';
import { Evaluator } from '../../runtime/train/evaluator.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import { tfjsBackend } from '../../runtime/train/tfjs/index.ts';
import { bundleOf, moduleOf, randomWeights } from '../../test/emit/support.ts';
import { compileText } from '../../test/support/compile.ts';
import { readCorpus } from '../fuzz/corpus.ts';
import type { Proof, Trial } from './harness.ts';
import { tinyData, tinyGraph, tinyRecipe } from './tiny.ts';

export const proof: Proof = {
  name: 'leaks',
  promise: 'Memory does not grow with the steps of a run, nor with what is opened and closed again',
  unit: 'rounds',
  seconds: 150,
  cases: 1000,
  run: async (trial) => {
    const uses = [steps, engines, photosDecoded, compilations, modules, tensors];
    const share = (trial.deadline - performance.now()) / uses.length;
    for (const use of uses) {
      if (trial.only !== undefined && trial.only !== use.name) continue;
      await use(trial, performance.now() + share);
    }
  },
};

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use by the process, once garbage is gone. */
async function memory(): Promise<{ readonly rss: number; readonly used: number }> {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  return { rss, used: heapUsed + external + arrayBuffers };
}

interface Use {
  readonly name: string;
  /** Rounds at most. */
  readonly most: number;
  readonly until: number;
  /** Bytes a round may leave for good. */
  readonly slope: number;
  /** Rounds before it counts, where a tenth is too few. */
  readonly warm?: number;
  readonly round: (i: number) => Promise<unknown> | unknown;
}

/** A tenth of the rounds warms up; then the slope is that from there to the end. */
async function watch(
  trial: Trial,
  { name, most, until, slope, round, ...given }: Use,
): Promise<void> {
  const wanted = Math.min(most, trial.wanted);
  const warm = given.warm ?? Math.max(2, Math.ceil(wanted / 10));
  for (let i = 0; i < warm; i++) await round(i);
  const before = await memory();
  let rounds = 0;
  for (; rounds < wanted && (rounds < 5 || performance.now() < until); rounds++) {
    await round(warm + rounds);
    trial.done();
  }
  const after = await memory();
  const grown = (after.used - before.used) / rounds;
  const resident = (after.rss - before.rss) / 2 ** 20;
  trial.note(
    `${name}: ${rounds} rounds, ${(grown / 1024).toFixed(2)} KiB each in use, ${resident.toFixed(1)} MiB resident in all`,
  );
  // A small constant is no growth: code that is compiled late, for example.
  if (after.used - before.used > Math.max(512 * 1024, slope * rounds)) {
    trial.fail(name, `${(grown / 1024).toFixed(1)} KiB a round, over ${rounds} rounds`);
  }
}

async function steps(trial: Trial, until: number): Promise<void> {
  const recipe = resolveRecipe({ ...tinyRecipe, epochs: 100_000 });
  const backend = wasmBackend({ threads: 2, build: 'strict' });
  const trainer = await backend.trainer(tinyGraph, tinyData.train, recipe);
  trainer.start(initialize(tinyGraph, 1));
  // A thousand steps an hour's slope of 1 MB would be 1 KiB a step and more.
  await watch(trial, {
    ...{ name: 'steps', most: 5000, until, slope: 100 },
    round: (i) => trainer.step(i),
  });
  await trainer.close();
}

async function engines(trial: Trial, until: number): Promise<void> {
  const weights = initialize(tinyGraph, 1);
  const round = async () => {
    const options = { threads: 2, build: 'strict' } as const;
    const evaluator = await Evaluator.create(tinyGraph, tinyData.train, options);
    await evaluator.run(weights);
    await evaluator.close();
  };
  await watch(trial, { name: 'engines', most: 100, until, slope: 4096, round });
}

async function photosDecoded(trial: Trial, until: number): Promise<void> {
  const pixels = Buffer.alloc(300 * 200 * 3, 90);
  const sound = await sharp(pixels, { raw: { width: 300, height: 200, channels: 3 } })
    .jpeg()
    .toBuffer();
  const broken = sound.subarray(0, sound.length / 2);
  const round = (i: number) => decodeBytes(i % 3 === 0 ? broken : sound, 48);
  await watch(trial, { name: 'photosDecoded', most: 2000, until, slope: 200, round });
}

async function compilations(trial: Trial, until: number): Promise<void> {
  const { texts } = readCorpus();
  const round = (i: number) => compileText(texts[i % texts.length] as string);
  const warm = Math.min(2 * texts.length, trial.wanted);
  await watch(trial, { name: 'compilations', most: 2000, until, slope: 1024, warm, round });
}

async function modules(trial: Trial, until: number): Promise<void> {
  const files = await bundleOf(tinyGraph, randomWeights(tinyGraph));
  const { create } = await moduleOf(files);
  const model = await create({ weights: files.get('weights.bin') as Uint8Array, backend: 'simd' });
  const image = { data: new Uint8Array(40 * 30 * 3), width: 40, height: 30 };
  const round = () => model.predict(image);
  await watch(trial, { name: 'modules', most: 20_000, until, slope: 10, round });
}

/** tfjs frees nothing by itself: its count of tensors must be the same after every step. */
async function tensors(trial: Trial, until: number): Promise<void> {
  const tf = await importTfjs();
  await tf.setBackend('cpu');
  const recipe = resolveRecipe({ ...tinyRecipe, epochs: 100_000 });
  const trainer = await tfjsBackend(tf).trainer(tinyGraph, tinyData.train, recipe);
  trainer.start(initialize(tinyGraph, 1));
  await trainer.step(0);
  const before = tf.memory().numTensors;
  let step = 1;
  for (; step <= Math.min(1000, trial.wanted) && performance.now() < until; step++) {
    await trainer.step(step);
    trial.done();
    if (tf.memory().numTensors !== before) {
      trial.fail('tensors', `${before} tensors, ${tf.memory().numTensors} after step ${step + 1}`);
      break;
    }
  }
  trial.note(`tensors: ${before} after each of ${step - 1} steps of TensorFlow.js`);
  await trainer.close();
}
