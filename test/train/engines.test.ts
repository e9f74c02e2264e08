/** The engine and TensorFlow.js train alike: same photos, same weights, same formulas, so the same curves. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Recipe as WrittenRecipe } from '../../compiler/2-validate/spec.ts';
import { initialize, type WeightStore } from '../../compiler/weights/index.ts';
import { type Backend, wasmBackend } from '../../runtime/train/backend.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import { runTraining } from '../../runtime/train/run.ts';
import { RunFolder } from '../../runtime/train/run-folder.ts';
import { tfjsBackend } from '../../runtime/train/tfjs/index.ts';
import { networkOf } from '../support/compile.ts';
import { dataset, photos } from '../support/photos.ts';
import { tf } from '../tfjs/run.ts';

// No bias before a norm: its gradient is zero but for rounding, and Adam takes rounding for a direction.
const graph = networkOf(`
- { op: conv2d, kernel: 3, filters: 8, padding: same, bias: false }
- batchNorm
- hardSwish
- maxPool2d
- { op: conv2d, kernel: 3, groups: depthwise, padding: same, bias: false }
- { op: batchNorm, momentum: 0.2 }
- relu
- { op: dropout, rate: 0.2 }
- { op: conv2d, kernel: 1, filters: 8 }`);
const train = photos(40, 3);
const validation = photos(15, 3, 9);
const steps = 20;

const wasm = wasmBackend({ threads: 1, build: 'strict' });
const plain = tfjsBackend(tf);

const base: WrittenRecipe = {
  batch: 8,
  seed: 4,
  optimizer: { name: 'adamw', learningRate: 0.003, weightDecay: 0.02 },
  schedule: { name: 'cosine', warmupEpochs: 1 },
  augment: { randomResizedCrop: { scale: [0.5, 1] }, flip: true, colorJitter: { contrast: 0.2 } },
};

const recipes: Readonly<Record<string, WrittenRecipe>> = {
  AdamW: base,
  'SGD with Nesterov, clipping and an average': {
    ...base,
    optimizer: {
      name: 'sgd',
      learningRate: 0.03,
      momentum: 0.9,
      nesterov: true,
      weightDecay: 0.001,
    },
    clipNorm: 0.5,
    ema: 0.9,
  },
  'Adam, accumulation, smoothing and class weights': {
    ...base,
    optimizer: { name: 'adam', learningRate: 0.002, weightDecay: 0.01 },
    accumulate: 2,
    labelSmoothing: 0.1,
    classWeights: [1, 2, 0.5],
  },
  'RMSprop, mixup, CutMix and a frozen layer': {
    ...base,
    optimizer: { name: 'rmsprop', learningRate: 0.001, momentum: 0.5 },
    mixup: 0.2,
    cutmix: 1,
    freeze: ['conv2d_1', 'batchNorm_2'],
    augment: { flip: 'alternating', randAugment: { choose: 2 } },
  },
};

interface Curve {
  readonly losses: readonly number[];
  readonly weights: WeightStore;
  readonly logits: Float32Array;
}

async function curve(backend: Backend, written: WrittenRecipe): Promise<Curve> {
  const recipe = resolveRecipe(written, { steps });
  const trainer = await backend.trainer(graph, train, recipe);
  const evaluator = await backend.evaluator(graph, validation);
  trainer.start(initialize(graph, recipe.seed));
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { loss, seen } = await trainer.step(step);
    losses.push(loss / seen);
  }
  const weights = await trainer.weights();
  const logits = await evaluator.run(weights);
  await Promise.all([trainer.close(), evaluator.close()]);
  return { losses, weights, logits };
}

function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] ?? 0) - (b[i] ?? 0)));
  return most;
}

describe('20 steps with both engines', () => {
  it.each(Object.entries(recipes))('agree with %s', async (_name, written) => {
    const own = await curve(wasm, written);
    const theirs = await curve(plain, written);
    expect(farthest(own.losses, theirs.losses)).toBeLessThan(1e-5);
    expect(farthest(own.logits, theirs.logits)).toBeLessThan(5e-5);
    for (const [name, { values }] of own.weights) {
      const other = theirs.weights.get(name)?.values ?? [];
      expect(farthest(values, other), name).toBeLessThan(2e-5);
    }
    // The statistics moved, and by the same.
    expect(own.weights.get('batchNorm_1.movingVariance')?.values[0]).not.toBe(1);
  });

  it('leave no tensor behind', () => {
    expect(tf.memory().numTensors).toBe(0);
  });
});

const root = mkdtempSync(path.join(tmpdir(), 'netlathe-engines-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function run(name: string, backend: Backend, engine: string, stopAfter = -1, resume = false) {
  const folder = new RunFolder(path.join(root, name));
  const controller = new AbortController();
  const result = await runTraining({
    graph,
    recipe: resolveRecipe({ ...base, epochs: 2, ema: 0.9 }),
    data: dataset(train, validation),
    folder,
    backend,
    resume,
    identity: { architecture: 'a', recipe: 'r', data: 'd', engine, numerics: 'strict' },
    listener: {
      onStep: ({ step }) => {
        if (step === stopAfter) controller.abort();
      },
      onEpoch: () => undefined,
    },
    signal: controller.signal,
  });
  const bytes = readFileSync(folder.file('last'));
  return { status: result.status, hash: createHash('sha256').update(bytes).digest('hex') };
}

describe('a run with TensorFlow.js', () => {
  it.each([3, 5, 8])('goes on bit for bit after an end at step %i', async (stopAfter) => {
    const straight = await run(`straight ${stopAfter}`, plain, 'tfjs');
    expect((await run(`cut ${stopAfter}`, plain, 'tfjs', stopAfter)).status).toBe('interrupted');
    expect(await run(`cut ${stopAfter}`, plain, 'tfjs', -1, true)).toEqual(straight);
  });

  it('is not taken up by the other engine', async () => {
    await run('other', plain, 'tfjs', 3);
    await expect(run('other', wasm, 'wasm', -1, true)).rejects.toMatchObject({
      code: 'E541',
      message: expect.stringContaining('--engine'),
    });
  });

  it('names the layer where the loss is no number', async () => {
    const recipe = resolveRecipe({ ...base, optimizer: { name: 'sgd', learningRate: 1e30 } });
    const trainer = await plain.trainer(graph, train, recipe);
    trainer.start(initialize(graph, 0));
    const steps = async () => {
      for (let step = 0; step < 5; step++) await trainer.step(step);
    };
    await expect(steps()).rejects.toThrow(/no longer a number; the gradient of conv2d_1/);
    await trainer.close();
    expect(tf.memory().numTensors).toBe(0);
  });
});
