/** A tf.LayersModel on disk as a teacher. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type * as tfjs from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { saveTfjsModel } from '../../compiler/7-emit/tfjs/index.ts';
import { initialize } from '../../compiler/weights/index.ts';
import { wasmBackend } from '../../runtime/train/backend.ts';
import { teacherOf } from '../../runtime/train/load-teacher.ts';
import { resolveRecipe, type TeacherReference } from '../../runtime/train/recipe.ts';
import type { Teacher } from '../../runtime/train/teacher.ts';
import { openModelTeacher } from '../../runtime/train/tfjs/model-teacher.ts';
import { networkOf } from '../support/compile.ts';
import { photos } from '../support/photos.ts';
import { noise, tf } from '../tfjs/run.ts';

const root = mkdtempSync(path.join(tmpdir(), 'netlathe-model-teacher-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const student = networkOf('- { op: conv2d, kernel: 3, filters: 4 }\n- batchNorm\n- relu', 10);
const master = networkOf(
  '- { op: conv2d, kernel: 3, filters: 8, groups: 1 }\n- batchNorm\n- hardSwish',
  14,
);
const train = photos(24, 3);

type Model = Extract<TeacherReference, { kind: 'model' }>;
const at = (model: string, more: Partial<Model> = {}): Model => ({
  ...{ kind: 'model', model, classes: undefined, mean: undefined, std: undefined },
  ...more,
});

async function losses(teacher: Teacher): Promise<number[]> {
  const distill = { teacher: 'x', temperature: 3, alpha: 0.7 };
  const recipe = resolveRecipe({ batch: 8, distill, augment: { flip: true } });
  const backend = wasmBackend({ threads: 1, build: 'strict' });
  const trainer = await backend.trainer(student, train, recipe, teacher);
  trainer.start(initialize(student, 1));
  const all: number[] = [];
  for (let step = 0; step < 6; step++) all.push((await trainer.step(step)).lesson?.loss ?? -1);
  await trainer.close();
  return all;
}

function foreign(outputs = 3, ending: 'softmax' | 'linear' | 'sigmoid' = 'softmax') {
  const model = tf.sequential();
  const inputShape = [12, 12, 3];
  model.add(tf.layers.conv2d({ filters: 5, kernelSize: 3, activation: 'relu', inputShape }));
  model.add(tf.layers.globalAveragePooling2d({}));
  model.add(tf.layers.dense({ units: outputs, activation: ending, name: `out-${ending}` }));
  model.setWeights(model.getWeights().map((w) => tf.tensor(noise(w.size, 0.5), w.shape)));
  return model;
}

/** As tensorflowjs_converter writes it, in two files of weights. */
async function save(model: tfjs.LayersModel, name: string, paths = ['a.bin', 'b.bin']) {
  const folder = path.join(root, name);
  mkdirSync(folder, { recursive: true });
  await model.save({
    save: async ({ modelTopology, weightSpecs, weightData }) => {
      const bytes = Buffer.from(tf.io.CompositeArrayBuffer.join(weightData ?? new ArrayBuffer(0)));
      writeFileSync(path.join(folder, 'a.bin'), bytes.subarray(0, 100));
      writeFileSync(path.join(folder, 'b.bin'), bytes.subarray(100));
      const weightsManifest = [{ paths, weights: weightSpecs }];
      const json = JSON.stringify({ modelTopology, weightsManifest });
      writeFileSync(path.join(folder, 'model.json'), json);
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  return folder;
}

describe('a model that netlathe saved', () => {
  it('teaches what its network teaches in the engine', async () => {
    const weights = initialize(master, 5);
    for (const [name, { values }] of weights) {
      if (name.startsWith('dense')) values.set(values.map((x) => 5 * x));
    }
    const folder = path.join(root, 'saved');
    await saveTfjsModel(master, weights, folder);
    const opened = await openModelTeacher(at(folder));
    const teacher = opened.teacherOf(student);
    const own = teacherOf(master, weights, { name: 'master', reference: folder });
    const [a, b] = [await losses(teacher), await losses(own)];
    expect(Math.max(...b)).toBeGreaterThan(0.01);
    a.forEach((loss, i) => {
      expect(Math.abs(loss - (b[i] as number))).toBeLessThan(1e-5);
    });
    if (teacher.network.kind === 'model') teacher.network.close();
  });
});

describe('a model of someone else', () => {
  it('teaches by its probabilities as by the logits before them', async () => {
    const [soft, raw] = [foreign(), foreign(3, 'linear')];
    const read = async (name: string, model: tfjs.LayersModel) =>
      (await openModelTeacher(at(await save(model, name)))).teacherOf(student);
    const [byShare, byLogit] = [await read('soft', soft), await read('raw', raw)];
    const [a, b] = [await losses(byShare), await losses(byLogit)];
    a.forEach((loss, i) => {
      expect(Math.abs(loss - (b[i] as number))).toBeLessThan(1e-5);
    });
    expect(byShare.fingerprint).not.toBe(byLogit.fingerprint);
    expect(byShare.classes).toBeUndefined();
  });

  it('sees the normalisation that the recipe gives', async () => {
    const folder = await save(foreign(), 'normed');
    const mean = [0.1, 0.2, 0.3];
    const opened = await openModelTeacher(at(folder, { mean, std: [1, 1, 1] }));
    const teacher = opened.teacherOf(student);
    expect(teacher.network).toMatchObject({ eyes: { preprocessing: { mean, std: [1, 1, 1] } } });
    const short = await openModelTeacher(at(folder, { mean: [0.5] }));
    expect(() => short.teacherOf(student)).toThrow(/takes 3 channels/);
  });

  it('is refused where it cannot teach', async () => {
    const folder = await save(foreign(), 'bad', ['a.bin', '../b.bin']);
    await expect(openModelTeacher(at(folder))).rejects.toMatchObject({
      code: 'E546',
      message: expect.stringContaining('outside'),
    });
    const sigmoid = await openModelTeacher(at(await save(foreign(3, 'sigmoid'), 'sigmoid')));
    expect(() => sigmoid.teacherOf(student)).toThrow(/sigmoid/);
    writeFileSync(path.join(folder, 'model.json'), 'nothing');
    await expect(openModelTeacher(at(folder))).rejects.toMatchObject({ code: 'E546' });
    const whole = await save(foreign(), 'cut');
    const json = readFileSync(path.join(whole, 'model.json'), 'utf8');
    writeFileSync(path.join(whole, 'model.json'), json.replace('"Conv2D"', '"Lambda"'));
    await expect(openModelTeacher(at(whole))).rejects.toMatchObject({
      code: 'E546',
      message: expect.stringContaining('cannot load it'),
    });
  });
});
