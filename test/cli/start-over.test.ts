/** What `train` does with a folder that holds a run which failed. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunRecord } from '../../runtime/report/index.ts';
import { noisy, plain, writeTree } from '../data/fixtures.ts';
import { exit, run } from './run.ts';

let folder = '';
const at = (...names: readonly string[]) => path.join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'netlathe-start-over-'));
  const photos: Record<string, Buffer> = {};
  for (let i = 0; i < 4; i++) {
    const split = i % 2 === 0 ? 'training' : 'validation';
    photos[`${split}/noise/${i}.png`] = await noisy(20 + i, 20)
      .png()
      .toBuffer();
    photos[`${split}/grey/${i}.png`] = await plain(i * 0x101010, 18 + i, 17)
      .png()
      .toBuffer();
  }
  await writeTree(at('photos'), photos);
  await writeFile(
    at('small.yaml'),
    `
version: 1
name: small
input: { height: 16, width: 16 }
classes: [grey, noise]
layers: [{ op: conv2d, kernel: 3, filters: 4 }, globalAvgPool, { op: dense, units: classes }]
train: { epochs: 1, batch: 2 }
`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const train = (...more: readonly string[]) =>
  run([
    ...['train', '--arch', at('small.yaml'), '--data', at('photos'), '--cache', at('cache')],
    ...['--out', at('run'), ...more],
  ]);

test('its epochs are not lost to a forgotten flag, as long as it has a checkpoint', async () => {
  expect((await train()).code).toBe(exit.ok);
  const record = JSON.parse(await readFile(at('run/run.json'), 'utf8')) as RunRecord;
  await writeFile(at('run/run.json'), JSON.stringify({ ...record, status: 'failed' }));
  const checkpoint = await readFile(at('run/checkpoint.safetensors'));

  const refused = await train();
  expect(refused.code).toBe(exit.usage);
  expect(refused.stderr).toMatch(/holds a run that failed/);
  expect(refused.stderr).toMatch(/--resume[\s\S]*--force/);
  expect(await readFile(at('run/checkpoint.safetensors'))).toEqual(checkpoint);

  expect((await train('--resume')).code).toBe(exit.ok);
  await writeFile(at('run/run.json'), JSON.stringify({ ...record, status: 'failed' }));
  await rm(at('run/checkpoint.safetensors'));
  expect((await train()).code).toBe(exit.ok);
});
