import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Recipe as WrittenRecipe } from '../../compiler/2-validate/spec.ts';
import type { EpochMetrics } from '../../runtime/report/index.ts';
import { type Backend, wasmBackend } from '../../runtime/train/backend.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import { type RunListener, type RunResult, runTraining } from '../../runtime/train/run.ts';
import { RunFolder } from '../../runtime/train/run-folder.ts';
import { networkOf } from '../support/compile.ts';
import { dataset, photos } from '../support/photos.ts';

const graph = networkOf(`
- { op: conv2d, kernel: 3, filters: 8, padding: same }
- batchNorm
- hardSwish
- maxPool2d
- { op: conv2d, kernel: 3, groups: depthwise, padding: same }
- batchNorm
- relu
- { op: dropout, rate: 0.1 }
- { op: conv2d, kernel: 1, filters: 8 }`);
const data = dataset(photos(40, 3), photos(15, 3, 9));
const recipe: WrittenRecipe = {
  epochs: 3,
  batch: 8,
  optimizer: { name: 'adamw', learningRate: 0.01, weightDecay: 0.02 },
  schedule: { name: 'cosine', warmupEpochs: 1 },
  augment: {
    randomResizedCrop: { scale: [0.5, 1] },
    flip: true,
    rotation: 10,
    colorJitter: { brightness: 0.1 },
  },
};
const identity = { architecture: 'a', recipe: 'r', data: 'd', engine: 'wasm', numerics: 'strict' };
const root = mkdtempSync(path.join(tmpdir(), 'netlathe-train-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

interface Wanted {
  readonly written?: WrittenRecipe;
  readonly threads?: number;
  readonly backend?: Backend;
  readonly folder?: RunFolder;
  readonly resume?: boolean;
  readonly identity?: typeof identity;
  /** Interrupted after so many steps. */
  readonly stopAfter?: number;
}

async function run(
  wanted: Wanted = {},
): Promise<RunResult & { readonly folder: RunFolder; readonly seen: EpochMetrics[] }> {
  const folder = wanted.folder ?? new RunFolder(path.join(root, String(folders++)));
  const controller = new AbortController();
  const seen: EpochMetrics[] = [];
  const listener: RunListener = {
    onStep: ({ step }) => {
      if (step === wanted.stopAfter) controller.abort();
    },
    onEpoch: (metrics) => void seen.push(metrics),
  };
  const result = await runTraining({
    graph,
    recipe: resolveRecipe(wanted.written ?? recipe),
    data,
    folder,
    backend: wanted.backend ?? wasmBackend({ threads: wanted.threads ?? 1, build: 'strict' }),
    resume: wanted.resume ?? false,
    identity: wanted.identity ?? identity,
    listener,
    signal: controller.signal,
  });
  return { ...result, folder, seen };
}

function hash(folder: RunFolder, file: 'last' | 'best' = 'last'): string {
  return createHash('sha256')
    .update(readFileSync(folder.file(file)))
    .digest('hex');
}

describe('a training run', () => {
  it('learns, and keeps what validation found best', async () => {
    const result = await run({ written: { ...recipe, epochs: 12 } });
    expect(result.status).toBe('finished');
    expect(result.evaluation?.top1).toBeGreaterThan(0.9);
    expect(result.evaluation?.top1).toBe(result.best?.top1);
    expect(await result.folder.metrics()).toEqual(result.seen);
    expect(result.seen.map((m) => m.step)).toEqual(
      Array.from({ length: 12 }, (_, i) => 5 * (i + 1)),
    );
  });

  it('gives the same bytes for 1, 2 and 3 threads', async () => {
    const hashes = [];
    for (const threads of [1, 2, 3]) hashes.push(hash((await run({ threads })).folder));
    expect(new Set(hashes).size).toBe(1);
  });

  it('gives the same bytes for 1 and 2 threads with changes from a list', async () => {
    const written = { ...recipe, epochs: 1, augment: { randAugment: { choose: 3 }, erase: {} } };
    const [one, two] = [await run({ written, threads: 1 }), await run({ written, threads: 2 })];
    expect(hash(two.folder)).toBe(hash(one.folder));
  });

  // The promise of strict numerics: this hash is the same on every machine. If a change of the arithmetic is meant,
  // the changelog says so and the hash is replaced.
  it('gives the bytes it always gave', async () => {
    expect(hash((await run()).folder)).toMatchInlineSnapshot(
      `"a06872615e34ed787aee6011ef3b4f724a12e2a6e231f7f4d7337a45fefaec9c"`,
    );
  });

  it.each([1, 4, 5, 7, 11, 14, 15])(
    'goes on bit for bit after an end at step %i',
    async (stopAfter) => {
      const straight = await run();
      const first = await run({ stopAfter });
      expect(first.status).toBe('interrupted');
      const second = await run({ folder: first.folder, resume: true });
      expect(second.status).toBe('finished');
      expect(hash(second.folder)).toBe(hash(straight.folder));
      expect(hash(second.folder, 'best')).toBe(hash(straight.folder, 'best'));
      const bare = (all: readonly EpochMetrics[]) =>
        all.map(({ seconds: _s, imagesPerSecond: _i, ...rest }) => rest);
      expect(bare(second.epochs)).toEqual(bare(straight.epochs));
    },
  );

  it('refuses to go on with another recipe or a checkpoint of another network', async () => {
    const first = await run({ stopAfter: 3 });
    const file = first.folder.file('checkpoint');
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length - 9));
    await expect(run({ folder: first.folder, resume: true })).rejects.toMatchObject({
      code: 'E804',
    });
    writeFileSync(file, whole);
    await expect(
      run({ folder: first.folder, resume: true, identity: { ...identity, recipe: 'x' } }),
    ).rejects.toMatchObject({ code: 'E541' });
    // A single bit of what it says of itself: the checksum covers that, too.
    const at = whole.indexOf('\\"step\\":3');
    whole[at + 9] = (whole[at + 9] as number) ^ 1;
    writeFileSync(file, whole);
    await expect(run({ folder: first.folder, resume: true })).rejects.toMatchObject({
      code: 'E804',
      message: expect.stringContaining('does not match its own checksum'),
    });
  });

  it('takes nothing of the run that was in its folder before for its own', async () => {
    const { folder } = await run();
    const written: WrittenRecipe = { ...recipe, optimizer: { name: 'sgd', learningRate: 1e30 } };
    // Ends before it saves anything.
    await expect(run({ folder, written })).rejects.toMatchObject({ code: 'E540' });
    for (const name of ['checkpoint', 'best', 'last', 'evaluation', 'predictions'] as const) {
      expect(await folder.has(name)).toBe(false);
    }
    await expect(run({ folder, written, resume: true })).rejects.toMatchObject({ code: 'E544' });
  });

  it('stops where the loss is no number, names the layer and keeps the checkpoint', async () => {
    const wild: WrittenRecipe = {
      ...recipe,
      epochs: 4,
      optimizer: { name: 'sgd', learningRate: 1e30 },
      schedule: { name: 'constant' },
    };
    await expect(run({ written: wild })).rejects.toMatchObject({
      code: 'E540',
      message: expect.stringMatching(
        /step \d+: the loss is no longer a number; the gradient of conv2d_1/,
      ),
    });
  });

  it('stops early where validation no longer improves', async () => {
    const patient: WrittenRecipe = { ...recipe, epochs: 30, earlyStopping: { patience: 2 } };
    const result = await run({ written: patient });
    expect(result.status).toBe('stopped');
    expect(result.seen.length).toBeLessThan(30);
  });

  it.each<[string, WrittenRecipe]>([
    [
      'sgd with Nesterov and clipping',
      { optimizer: { name: 'sgd', learningRate: 0.05, nesterov: true }, clipNorm: 1 },
    ],
    [
      'adam, mixup and cutmix',
      { optimizer: { name: 'adam', learningRate: 0.01 }, mixup: 0.2, cutmix: 1 },
    ],
    ['rmsprop and an average', { optimizer: { name: 'rmsprop', learningRate: 0.002 }, ema: 0.9 }],
    [
      'one cycle, accumulation and class weights',
      { schedule: { name: 'oneCycle' }, accumulate: 2, classWeights: 'balanced' },
    ],
    [
      'steps, smoothing and erasing',
      {
        schedule: { name: 'step', milestones: [2] },
        labelSmoothing: 0.1,
        augment: { erase: {}, cropPadding: 1, flip: 'alternating' },
      },
    ],
    [
      'changes from a list',
      { augment: { randAugment: { choose: 2, magnitude: 6 }, erase: {}, flip: true }, mixup: 0.1 },
    ],
  ])('learns with %s', async (_name, changes) => {
    const result = await run({ written: { ...recipe, epochs: 12, ...changes } });
    expect(result.evaluation?.top1).toBeGreaterThan(0.8);
  });

  it('leaves frozen layers as they were', async () => {
    const result = await run({ written: { ...recipe, epochs: 1, freeze: ['conv2d_1'], seed: 3 } });
    const { initialize } = await import('../../compiler/weights/index.ts');
    const before = initialize(graph, 3);
    expect(result.weights.get('conv2d_1.kernel')).toEqual(before.get('conv2d_1.kernel'));
    expect(result.weights.get('conv2d_2.kernel')).not.toEqual(before.get('conv2d_2.kernel'));
  });
});
