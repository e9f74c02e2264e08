/** What a run's record says of photos that were merged into training, and of those that were kept apart. */
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

const both = '[training, validation]';

test.each([
  { data: `{ train: ${both}, validation: false }`, merged: true, split: 'train' },
  { data: `{ train: ${both}, validation: spare }`, merged: false, split: 'validation' },
  { data: `{ train: ${both}, holdOut: 0.4 }`, merged: false, split: 'validation' },
])('$data: merged is $merged', async ({ data, merged, split }) => {
  const yaml = `
version: 1
name: small
input: { height: 16, width: 16 }
classes: [grey, noise]
layers: [{ op: conv2d, kernel: 3, filters: 4 }, globalAvgPool, { op: dense, units: classes }]
train: { epochs: 1, batch: 2, data: ${data} }
`;
  await writeFile(at('small.yaml'), yaml);
  const args = ['--arch', at('small.yaml'), '--data', at('photos'), '--cache', at('cache')];
  const { code, stderr } = await run(['train', ...args, '--out', at(split + merged), '--force']);
  expect([code, stderr]).toEqual([exit.ok, expect.any(String)]);
  const json = async (name: string) =>
    JSON.parse(await readFile(at(split + merged, name), 'utf8')) as unknown;
  const record = (await json('run.json')) as RunRecord;
  expect(record.data.merged).toBe(merged);
  expect(record.data.validation === null).toBe(merged);
  expect(((await json('evaluation.json')) as EvaluationRecord).split).toBe(split);
});
