/** Learning from a teacher: the same bytes whatever the threads and interruptions, and what tfjs' autodiff would learn. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Recipe as WrittenRecipe } from '../../compiler/2-validate/spec.ts';
import type { Buffer } from '../../compiler/6-lower/program.ts';
import { lowerTraining } from '../../compiler/6-lower/training.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { initialize } from '../../compiler/weights/index.ts';
import { ReferenceEngine } from '../../runtime/engine/reference.ts';
import { type Backend, wasmBackend } from '../../runtime/train/backend.ts';
import { teacherOf } from '../../runtime/train/load-teacher.ts';
import { writeParameters } from '../../runtime/train/parameters.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import { runTraining } from '../../runtime/train/run.ts';
import { RunFolder } from '../../runtime/train/run-folder.ts';
import { distillPlan, matchClasses, type Teacher } from '../../runtime/train/teacher.ts';
import { tfjsBackend } from '../../runtime/train/tfjs/index.ts';
import { graphOf } from '../support/compile.ts';
import { dataset, photos } from '../support/photos.ts';
import { noise, tf } from '../tfjs/run.ts';

interface Kind {
  readonly size?: number;
  readonly channels?: number;
  readonly labels?: string;
  readonly preprocessing?: string;
  readonly width?: number;
  readonly bias?: boolean;
}

function network({ size = 8, channels = 3, labels = '[a, b, c]', ...more }: Kind = {}): Graph {
  return graphOf(`
version: 1
name: net
input: { height: ${size}, width: ${size}, channels: ${channels}${more.preprocessing ?? ''} }
classes: ${labels}
layers:
  - { op: conv2d, kernel: 3, filters: ${more.width ?? 6}, padding: same, bias: ${more.bias ?? false} }
  - batchNorm
  - hardSwish
  - maxPool2d
  - { op: conv2d, kernel: 3, groups: depthwise, padding: same, bias: ${more.bias ?? false} }
  - batchNorm
  - relu
  - globalAvgPool
  - { op: dense, units: classes }
`);
}

/** A made-up network whose statistics matter, so that it must run as in inference. */
function teacherWith(kind: Kind = {}): Teacher {
  const graph = network({ width: 10, ...kind });
  const weights = initialize(graph, 9);
  for (const [name, { values }] of weights) {
    const drawn = noise(values.length, 0.3);
    if (/gamma|movingVariance/.test(name)) values.set(drawn.map((x) => 1 + x));
    if (/beta|movingMean/.test(name)) values.set(drawn);
    if (name.startsWith('dense')) values.set(values.map((x) => 4 * x));
  }
  return teacherOf(graph, weights, { name: 'teacher', reference: 'runs/teacher' });
}

const train = photos(40, 3);
const data = dataset(train, photos(15, 3, 9));
const student = network();
const moving: WrittenRecipe = {
  epochs: 2,
  batch: 8,
  optimizer: { name: 'adamw', learningRate: 0.01 },
  augment: { randomResizedCrop: { scale: [0.5, 1] }, flip: true },
};
const still: WrittenRecipe = { ...moving, augment: {} };
const distill = { teacher: 'runs/teacher' };
const root = mkdtempSync(path.join(tmpdir(), 'netlathe-distill-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

interface Wanted {
  readonly written: WrittenRecipe;
  readonly teacher?: Teacher;
  readonly threads?: number;
  readonly folder?: RunFolder;
  readonly resume?: boolean;
  readonly stopAfter?: number;
}

async function run(wanted: Wanted) {
  const { teacher = teacherWith(), threads = 1, resume = false } = wanted;
  const folder = wanted.folder ?? new RunFolder(path.join(root, String(folders++)));
  const controller = new AbortController();
  const result = await runTraining({
    graph: student,
    recipe: resolveRecipe(wanted.written),
    data,
    folder,
    backend: wasmBackend({ threads, build: 'strict' }),
    resume,
    identity: {
      ...{ architecture: 'a', recipe: 'r', data: 'd', engine: 'wasm', numerics: 'strict' },
      teacher: teacher.fingerprint,
    },
    teacher,
    listener: {
      onStep: ({ step }) => {
        if (step === wanted.stopAfter) controller.abort();
      },
      onEpoch: () => undefined,
    },
    signal: controller.signal,
  });
  const hash = createHash('sha256')
    .update(readFileSync(folder.file('last')))
    .digest('hex');
  return { ...result, folder, hash };
}

const methods = ['kd', 'dkd', 'dist'] as const;

describe.each(methods)('learning by %s', (method) => {
  const written = { ...moving, distill: { ...distill, method } };

  it('gives the same bytes for 1, 2 and 3 threads, and other ones than without', async () => {
    const hashes = [];
    for (const threads of [1, 2, 3]) hashes.push((await run({ written, threads })).hash);
    expect(new Set(hashes).size).toBe(1);
    const plain = await run({ written: { ...written, distill: { ...written.distill, alpha: 0 } } });
    expect(plain.hash).not.toBe(hashes[0]);
  });

  it.each([4, 7])('goes on bit for bit after an end at step %i', async (stopAfter) => {
    const straight = await run({ written });
    const { folder, status } = await run({ written, stopAfter });
    expect(status).toBe('interrupted');
    const second = await run({ written, folder, resume: true });
    expect(second.hash).toBe(straight.hash);
    expect(second.epochs.map((m) => m.train)).toEqual(straight.epochs.map((m) => m.train));
  });
});

describe('a teacher', () => {
  it('is told apart from another by its weights', async () => {
    const written = { ...moving, distill };
    const { folder } = await run({ written, stopAfter: 3 });
    const { network: inside, ...rest } = teacherWith();
    if (inside.kind !== 'graph') throw new Error('not a graph');
    const weights = new Map(inside.weights);
    const first = [...weights.keys()][0] as string;
    const { shape, values } = weights.get(first) as { shape: number[]; values: Float32Array };
    weights.set(first, { shape, values: values.map((x) => x + 1e-6) });
    const other = teacherOf(inside.graph, weights, rest);
    await expect(run({ written, folder, resume: true, teacher: other })).rejects.toMatchObject({
      code: 'E541',
      message: expect.stringContaining('teacher'),
    });
  });

  it('logs its part of the loss, its accuracy and how often the two agree', async () => {
    const { epochs } = await run({ written: { ...moving, distill: { ...distill, alpha: 1 } } });
    for (const { train: figures } of epochs) {
      // With alpha 1 nothing else is in the loss.
      expect(figures.distillation?.loss).toBeCloseTo(figures.loss, 10);
      expect(figures.distillation?.agreement).toBeGreaterThan(0);
      expect(figures.distillation?.agreement).toBeLessThanOrEqual(1);
    }
    const last = epochs.at(-1)?.train.distillation?.loss ?? 1;
    expect(last).toBeLessThan(epochs[0]?.train.distillation?.loss ?? 0);
  });

  it('is asked once a photo where no photo changes, to the same bytes', async () => {
    const written = { ...still, epochs: 3, distill };
    const kept = await run({ written });
    // A flip makes it live; erasing that never happens changes nothing else.
    const live = { ...written, augment: { erase: { probability: 0 } } };
    expect((await run({ written: live })).hash).toBe(kept.hash);
    const { folder } = await run({ written, stopAfter: 7 });
    expect((await run({ written, folder, resume: true })).hash).toBe(kept.hash);
  });

  it('may have its classes in another order', () => {
    const teacher = teacherWith({ labels: '[c, a, b]' });
    expect(matchClasses(teacher, ['a', 'b', 'c'])).toEqual([1, 2, 0]);
  });

  it('is one thing', () => {
    const recipe = (teacher: object) => () => resolveRecipe({ distill: { teacher } });
    expect(recipe({ arch: 'a', weights: 'b' })().distill?.teacher.kind).toBe('architecture');
    expect(recipe({ model: 'a', mean: [0.5] })().distill?.teacher.kind).toBe('model');
    for (const wrong of [
      {},
      { arch: 'a' },
      { arch: 'a', weights: 'b', mean: [0] },
      { weights: 'b' },
    ])
      expect(recipe(wrong)).toThrow(/neither arch with weights nor model/);
  });

  it('with other classes is refused, and they are named', () => {
    const teacher = teacherWith({ labels: '[a, b, cat, dog]' });
    let error: unknown;
    try {
      matchClasses(teacher, ['a', 'b', 'c']);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: 'E547',
      notes: ['only the photos have: "c"', 'only the teacher has: "cat", "dog"'],
    });
  });
});

const steps = 5;
const recipes: Readonly<Record<string, WrittenRecipe>> = {
  ...Object.fromEntries(
    methods.map((method) => [method, { ...moving, distill: { ...distill, method } }]),
  ),
  'kd of mixed images, smoothed labels and class weights': {
    ...moving,
    ...{ mixup: 0.4, cutmix: 1, labelSmoothing: 0.1, classWeights: [1, 2, 0.5] },
    distill: { ...distill, method: 'kd', temperature: 2, alpha: 0.8 },
  },
  'dkd of mixed images, accumulated': {
    ...moving,
    ...{ mixup: 0.4, accumulate: 2, distill: { ...distill, method: 'dkd' } },
  },
  'dist, accumulated, with kept logits': {
    ...still,
    ...{ accumulate: 2, distill: { ...distill, method: 'dist' } },
  },
};

const teachers: Readonly<Record<string, Kind>> = {
  'of another size': { size: 12 },
  'of a smaller size': { size: 5 },
  'with another normalisation': {
    preprocessing: ', mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4]',
  },
  'that sees grey, with its classes in another order': { channels: 1, labels: '[c, a, b]' },
};

async function curve(backend: Backend, written: WrittenRecipe, teacher: Teacher) {
  const recipe = resolveRecipe(written, { steps });
  const trainer = await backend.trainer(student, train, recipe, teacher);
  trainer.start(initialize(student, 4));
  const figures = [];
  for (let step = 0; step < steps; step++) {
    const { loss, seen, lesson } = await trainer.step(step);
    if (!lesson) throw new Error('no lesson');
    figures.push({ loss: loss / seen, taught: lesson.loss / seen, right: lesson.teacherCorrect });
  }
  const weights = await trainer.weights();
  await trainer.close();
  return { figures, weights };
}

const own = wasmBackend({ threads: 1, build: 'strict' });
const theirs = tfjsBackend(tf);

async function compare(written: WrittenRecipe, teacher: Teacher): Promise<void> {
  const [a, b] = [await curve(own, written, teacher), await curve(theirs, written, teacher)];
  for (const [step, figures] of a.figures.entries()) {
    const other = b.figures[step];
    const near = 1e-5 * (1 + Math.abs(figures.loss));
    expect(Math.abs(figures.loss - (other?.loss ?? 0)), `loss ${step}`).toBeLessThan(near);
    expect(Math.abs(figures.taught - (other?.taught ?? 0)), `taught ${step}`).toBeLessThan(near);
    expect(figures.right).toBe(other?.right);
  }
  for (const [name, { values }] of a.weights) {
    const other = b.weights.get(name)?.values ?? new Float32Array();
    const far = values.reduce((most, x, i) => Math.max(most, Math.abs(x - (other[i] ?? 9))), 0);
    expect(far, name).toBeLessThan(1e-4);
  }
}

describe('both engines learn the same', () => {
  it.each(Object.entries(recipes))('by %s', (_name, written) => compare(written, teacherWith()));

  it.each(Object.entries(teachers))('from a teacher %s', (_name, kind) =>
    compare({ ...moving, distill }, teacherWith(kind)),
  );

  it('and leave no tensor behind', () => {
    expect(tf.memory().numTensors).toBe(0);
  });
});

describe('hints', () => {
  const hints = [
    { student: 'hardSwish_1', teacher: 'batchNorm_1', kind: 'regression' as const, weight: 2 },
    { student: 'conv2d_2', teacher: 'conv2d_1', kind: 'attention' as const, weight: 50 },
    { student: 'relu_1', teacher: 'relu_1', kind: 'regression' as const, weight: 1 },
  ];
  const written = { ...moving, ema: 0.9, distill: { ...distill, alpha: 0.2, hints } };
  const small = teacherWith({ size: 12 });

  it('give the same bytes for 1 and 2 threads and across an end, and no weight but the network', async () => {
    const straight = await run({ written, teacher: small });
    expect((await run({ written, teacher: small, threads: 2 })).hash).toBe(straight.hash);
    const { folder, status } = await run({ written, teacher: small, stopAfter: 7 });
    expect(status).toBe('interrupted');
    const second = await run({ written, teacher: small, folder, resume: true });
    expect(second.hash).toBe(straight.hash);
    const names = [...initialize(student, 0).keys()];
    expect([...straight.weights.keys()].sort()).toEqual(names.sort());
    const parts = straight.epochs.map((m) => m.train.distillation);
    expect(parts[1]?.hints).toBeLessThan(parts[0]?.hints ?? 0);
    expect(parts[0]?.hints).toBeLessThan(parts[0]?.loss ?? 0);
  });

  it('have the gradients of their loss, by central differences in float64', () => {
    const learner = network({ bias: true });
    const plan = distillPlan(small, learner, resolveRecipe(written));
    const p = lowerTraining(learner, {
      ...{ batch: 3, threads: 1, average: false, isFrozen: () => false, distill: plan },
      optimizer: resolveRecipe({}).optimizer,
    });
    const engine = new ReferenceEngine(p.program, 'float64');
    const store = new Map([...initialize(p.graph, 3)]);
    const views = { floats: (b: Buffer) => engine.floats(b) as Float32Array };
    writeParameters(views, p, store);
    if (!p.teacher?.network || small.network.kind !== 'graph') throw new Error('no teacher');
    writeParameters(views, p.teacher.network, small.network.weights);
    for (const { buffer, values } of p.teacher.constants) engine.floats(buffer).set(values);
    engine.run('prepare teacher');
    engine.floats(p.image).set(noise(p.image.elements, 1));
    engine.floats(p.targets).fill(1 / 3);
    engine.setScalar('lossScale', 1 / 3);
    engine.setScalar('hardScale', 0.8 / 3);
    const loss = () => {
      engine.run('gradients');
      const sum = (b: Buffer) => Array.from(engine.floats(b)).reduce((all, x) => all + x, 0);
      const taught = (p.teacher?.losses ?? []).reduce((all, b) => all + sum(b), 0);
      return (0.8 * sum(p.losses) + taught) / 3;
    };
    loss();
    const gradients = engine.floats(p.gradients).slice();
    const weights = engine.floats(p.weights);
    let adapters = 0;
    for (const slot of p.layout.slots) {
      if (slot.group === 'statistics') continue;
      if (slot.name.startsWith('distill/')) adapters++;
      for (let k = 0; k < Math.min(3, slot.elements); k++) {
        const i = slot.from + Math.floor((k * slot.elements) / 3);
        const kept = weights[i] as number;
        weights[i] = kept + 1e-5;
        const above = loss();
        weights[i] = kept - 1e-5;
        const slope = (above - loss()) / 2e-5;
        weights[i] = kept;
        const off = Math.abs((gradients[i] as number) - slope);
        expect(off, slot.name).toBeLessThan(1e-6 + 1e-4 * Math.abs(slope));
      }
    }
    expect(adapters).toBe(4);
  });

  it('name layers that there are', async () => {
    const wrong = [{ student: 'relu_1', teacher: 'relu_7' }];
    const recipe = { ...written, distill: { ...distill, hints: wrong } };
    await expect(run({ written: recipe })).rejects.toMatchObject({
      code: 'E549',
      message: expect.stringContaining('no layer "relu_7"'),
      hint: expect.stringContaining('relu_1'),
    });
  });
});
