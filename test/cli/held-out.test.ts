/** What a run's record and `eval` say of photos that were merged into training, and of those that were kept apart. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EvaluationRecord, RunRecord } from '../../runtime/report/index.ts';
import { noisy, plain, writeTree } from '../data/fixtures.ts';
import { exit, run } from './run.ts';

let folder = '';
const at = (...names: readonly string[]) => path.join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'netlathe-held-out-'));
  const photos: Record<string, Buffer> = {};
  for (let i = 0; i < 9; i++) {
    const split = ['training', 'validation', 'spare'][i % 3];
    photos[`${split}/noise/${i}.png`] = await noisy(20 + i, 20)
      .png()
      .toBuffer();
    photos[`${split}/grey/${i}.png`] = await plain(i * 0x101010, 18 + i, 17)
      .png()
      .toBuffer();
  }
  await writeTree(at('photos'), photos);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const small = (recipe: string) => `
version: 1
name: small
input: { height: 16, width: 16 }
classes: [grey, noise]
layers: [{ op: conv2d, kernel: 3, filters: 4 }, globalAvgPool, { op: dense, units: classes }]
train: { epochs: 1, batch: 2${recipe} }
`;
const judge = () => ['eval', '--json', '--cache', at('cache')];
const both = '[training, validation]';

test.each([
  { data: `{ train: ${both}, validation: false }`, merged: true, split: 'train' },
  { data: `{ train: ${both}, validation: spare }`, merged: false, split: 'validation' },
  { data: `{ train: ${both}, holdOut: 0.4 }`, merged: false, split: 'validation' },
])('$data: merged is $merged', async ({ data, merged, split }) => {
  await writeFile(at('small.yaml'), small(`, data: ${data}`));
  const args = ['--arch', at('small.yaml'), '--data', at('photos'), '--cache', at('cache')];
  const { code, stderr } = await run(['train', ...args, '--out', at(split + merged), '--force']);
  expect([code, stderr]).toEqual([exit.ok, expect.any(String)]);
  const json = async (name: string) =>
    JSON.parse(await readFile(at(split + merged, name), 'utf8')) as unknown;
  const record = (await json('run.json')) as RunRecord;
  expect(record.data.merged).toBe(merged);
  expect(record.data.validation === null).toBe(merged);
  expect(((await json('evaluation.json')) as EvaluationRecord).split).toBe(split);

  const evaluated = await run([...judge(), '--model', at(split + merged), '--data', at('photos')]);
  const { count, photos } = JSON.parse(evaluated.stdout) as { count: number; photos: string };
  const kept = (split === 'train' ? record.data.train : record.data.validation)?.count;
  expect([count, photos]).toEqual([kept, merged ? 'trained' : 'heldOut']);
  expect(evaluated.stderr.includes('was trained on these very photos')).toBe(merged);
});

test('a tenth of one pool is held out without a word in the recipe, and eval finds it again', async () => {
  const pool: Record<string, Buffer> = {};
  for (let i = 0; i < 12; i++) {
    pool[`noise/${i}.png`] = await noisy(20 + i, 20)
      .png()
      .toBuffer();
    pool[`grey/${i}.png`] = await plain(i * 0x101010, 18 + i, 17)
      .png()
      .toBuffer();
  }
  await writeTree(at('pool'), pool);
  await writeFile(at('pool.yaml'), small(''));
  const args = ['--arch', at('pool.yaml'), '--cache', at('cache'), '--out', at('run'), '--force'];
  const { code } = await run(['train', ...args, '--data', at('pool')]);
  expect(code).toBe(exit.ok);
  const evalOf = async (folder: string) => {
    const { stdout } = await run([...judge(), '--model', at('run'), '--data', at(folder)]);
    return JSON.parse(stdout) as { count: number; photos: string };
  };
  expect(await evalOf('pool')).toMatchObject({ count: 2, photos: 'heldOut' });
  // One photo more, and they are not those of the run.
  await writeTree(at('larger'), {
    ...pool,
    'grey/new.png': await plain(7, 21, 17).png().toBuffer(),
  });
  expect(await evalOf('larger')).toMatchObject({ count: 25, photos: 'given' });
});
