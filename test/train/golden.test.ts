/** The promise of strict numerics, through the command line: these bytes, on every machine, with any threads. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { golden, goldenArguments, makeGoldenJob } from '../../scripts/proofs/golden.ts';
import { type Job, sha256, trainArguments } from '../../scripts/proofs/job.ts';
import { run } from '../cli/run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-golden-'));
let job: Job;
beforeAll(async () => {
  job = await makeGoldenJob(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the golden run', () => {
  it.each(['1', '2', '4'])('gives the recorded weights with %s threads', async (threads) => {
    const into = path.join(folder, `run-${threads}`);
    const args = trainArguments(job, into, [...goldenArguments, '--threads', threads]);
    const { code, stderr } = await run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(sha256(path.join(into, 'last.safetensors'))).toBe(golden);
  });
});
