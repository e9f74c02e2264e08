/** The event file of a run folder, as the run goes on. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { eventFileName, tensorboardEvents } from '../../runtime/track/event-file.ts';
import { TensorboardReporter } from '../../runtime/track/tensorboard.ts';
import { epochs, run } from '../report/fixture.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-tensorboard-'));
afterAll(() => rmSync(folder, { recursive: true }));

const startedAt = '2026-11-24T14:03:27.000Z';
const record = { ...run(), startedAt };
const file = path.join(folder, eventFileName(startedAt));
const all = epochs(4);
const upTo = (count: number) => Buffer.from(tensorboardEvents(startedAt, all.slice(0, count)));

it('has every epoch when it is over, once, also after --resume', async () => {
  const first = new TensorboardReporter(folder, false);
  await first.onBegin(record, []);
  for (const metrics of all.slice(0, 3)) await first.onEpoch(metrics);
  expect(readFileSync(file)).toEqual(upTo(3));

  // Killed while it wrote the third epoch, and resumed from the second hours later.
  writeFileSync(file, readFileSync(file).subarray(0, -5));
  const second = new TensorboardReporter(folder, true);
  await second.onBegin({ ...record, startedAt: '2026-11-24T20:00:00.000Z' }, all.slice(0, 2));
  expect(readFileSync(file)).toEqual(upTo(2));
  for (const metrics of all.slice(2)) await second.onEpoch(metrics);
  expect(readFileSync(file)).toEqual(upTo(4));
  expect(readdirSync(folder)).toEqual([path.basename(file)]);
});

it('says where it cannot write', async () => {
  const reporter = new TensorboardReporter(path.join(file, 'below'), false);
  await expect(reporter.onBegin(record, [])).rejects.toMatchObject({
    code: expect.stringMatching(/^E52/),
  });
});
