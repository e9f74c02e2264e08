/** Weights that leave as PyTorch's and come back. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSafetensors } from '../../compiler/weights/index.ts';
import { noisy, plain, writeTree } from '../data/fixtures.ts';
import { exit, run } from './run.ts';

const yaml = (classes: string) => `
version: 1
name: small
input: { height: 16, width: 16 }
classes: ${classes}
layers:
  - { name: stem, op: conv2d, kernel: 3, filters: 4, padding: same, bias: false }
  - batchNorm
  - relu
  - globalAvgPool
  - { op: dense, units: classes }
train: { epochs: 1, batch: 4, freeze: [stem] }
`;

let folder = '';
const at = (...names: readonly string[]) => path.join(folder, ...names);
const tensorsOf = async (...names: readonly string[]) =>
  readSafetensors(await readFile(at(...names))).tensors;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'netlathe-import-'));
  await writeFile(at('three.yaml'), yaml('3'));
  await writeFile(at('two.yaml'), yaml('[noise, grey]'));
  const photos: Record<string, Buffer> = {};
  for (let i = 0; i < 6; i++) {
    photos[`noise/${i}.png`] = await noisy(20 + i, 20)
      .png()
      .toBuffer();
    photos[`grey/${i}.png`] = await plain(i * 0x101010, 18 + i, 17)
      .png()
      .toBuffer();
  }
  await writeTree(at('photos'), photos);
  // Not those that a run trains on, of which eval takes the held-out ones alone.
  const { 'noise/0.png': _, ...others } = photos;
  await writeTree(at('others'), others);
  for (const target of ['pytorch', 'safetensors']) {
    const from = ['--arch', at('three.yaml'), '--seed', '5', '--target', target];
    const { code, stderr } = await run(['emit', ...from, '--out', at(target)]);
    if (code !== exit.ok) throw new Error(stderr);
  }
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('import', () => {
  test("gives back what left as PyTorch's", async () => {
    const args = [at('pytorch', 'weights.safetensors'), '--arch', at('three.yaml')];
    const { code, stdout } = await run(['import', ...args, '--out', at('back.safetensors')]);
    expect(code).toBe(exit.ok);
    expect(stdout).toBe('7 tensors read by the names of the emitted PyTorch module\n');
    expect(await tensorsOf('back.safetensors')).toEqual(
      await tensorsOf('safetensors', 'weights.safetensors'),
    );
  });

  test('says which weights start anew for other classes', async () => {
    const args = [at('pytorch', 'weights.safetensors'), '--arch', at('two.yaml'), '--json'];
    const { code, stdout } = await run(['import', ...args, '--out', at('two.safetensors')]);
    expect(code).toBe(exit.ok);
    expect(JSON.parse(stdout)).toMatchObject({
      naming: 'pytorch',
      tensors: 5,
      fresh: ['dense_1.kernel', 'dense_1.bias'],
    });
  });

  test('refuses what fits nowhere, by name', async () => {
    const args = [at('pytorch', 'weights.safetensors'), '--arch', 'student'];
    const { code, stderr } = await run(['import', ...args, '--out', at('no.safetensors')]);
    expect(code).toBe(exit.usage);
    expect(stderr).toContain('stem');
  });
});

test('train starts from the file that the recipe names, with a new last layer', async () => {
  const init = at('pytorch', 'weights.safetensors');
  await writeFile(
    at('tuned.yaml'),
    yaml('[noise, grey]').replace('train: {', `train: { init: ${JSON.stringify(init)},`),
  );
  const args = ['--arch', at('tuned.yaml'), '--data', at('photos'), '--cache', at('cache')];
  const { code, stderr } = await run(['train', ...args, '--out', at('run'), '--threads', '1']);
  expect(stderr).toContain('dense_1.kernel and dense_1.bias start anew');
  expect(code).toBe(exit.ok);
  const [before, after] = [
    await tensorsOf('safetensors', 'weights.safetensors'),
    await tensorsOf('run', 'weights.safetensors'),
  ];
  // The stem is frozen.
  expect(after.get('stem.kernel')).toEqual(before.get('stem.kernel'));
  const evaluated = await run([
    ...['eval', '--arch', at('two.yaml'), '--init', at('run', 'weights.safetensors')],
    ...['--data', at('others'), '--cache', at('cache'), '--json'],
  ]);
  const ofRun = ['eval', '--model', at('run'), '--data', at('others'), '--cache', at('cache')];
  const same = await run([...ofRun, '--json']);
  expect(evaluated.code).toBe(exit.ok);
  expect(evaluated.stdout).toBe(same.stdout);
  const { tta, ...plain } = JSON.parse((await run([...ofRun, '--tta', 'flip', '--json'])).stdout);
  expect(plain).toEqual(JSON.parse(same.stdout));
  expect(tta).toMatchObject({ kind: 'flip', loss: expect.any(Number) });
  expect(tta.loss).not.toBe(plain.loss);
  expect((await run([...ofRun, '--tta', 'flip'])).stdout).toContain(
    'with the mirror image of each',
  );
});

test.each([
  [['eval', '--data', 'x', '--tta', 'crops'], '--tta cannot be "crops"'],
  [['eval', '--data', 'x'], 'give --model RUN or --arch ARCH'],
  [['eval', '--data', 'x', '--arch', 'student'], '--arch needs the weights'],
  [['emit', '--out', 'x', '--model', 'a', '--seed', '1'], '--seed goes with --arch'],
  [['emit', '--out', 'x', '--arch', 'student', '--target', 'onnx', '--embed'], 'has no --embed'],
  [
    ['emit', '--out', 'x', '--arch', 'student', '--target', 'tflite', '--weights', 'int8'],
    'int8 is for ts, web',
  ],
])('%j is refused', async (argv, message) => {
  const { code, stderr } = await run(argv);
  expect(code).toBe(exit.usage);
  expect(stderr).toContain(message);
});
