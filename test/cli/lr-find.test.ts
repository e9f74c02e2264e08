import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Job, makeJob } from '../../scripts/proofs/job.ts';
import { exit, run } from './run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-lr-find-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const yaml = `
version: 1
name: rates & <more>
input: { height: 8, width: 8 }
classes: 3
layers:
  - { op: conv2d, kernel: 3, filters: 6, padding: same }
  - batchNorm
  - relu
  - globalAvgPool
  - { op: dense, units: classes }
train: { batch: 8, augment: { flip: true } }
`;

let job: Job;
beforeAll(async () => {
  job = await makeJob(folder, yaml, { training: 10, validation: 3, side: 12 });
}, 60_000);

const find = (...more: string[]) =>
  run([
    ...['lr-find', '--arch', job.architecture, '--data', job.photos, '--steps', '60'],
    ...['--cache', path.join(folder, 'cache'), ...more],
  ]);

describe('netlathe lr-find', () => {
  it('suggests a rate with its reason, and leaves nothing behind', async () => {
    const before = readdirSync(folder);
    const { code, stdout } = await find('--json');
    expect(code).toBe(exit.ok);
    const result = JSON.parse(stdout);
    expect(result.suggestion).toBeGreaterThan(1e-5);
    expect(result.suggestion).toBeLessThan(1);
    expect(result.points[0].rate).toBeCloseTo(1e-6, 12);
    expect(result.reason).toMatch(/falls fastest up to .* lowest at/);
    // The same steps give the same figures.
    expect(JSON.parse((await find('--json', '--threads', '1')).stdout)).toEqual(result);
    expect(readdirSync(folder).filter((name) => name !== 'cache')).toEqual(before);
    expect(existsSync('runs/rates')).toBe(false);
  });

  it('writes its picture where it is told to', async () => {
    const out = path.join(folder, 'out');
    const { code, stdout } = await find('--out', out);
    expect(code).toBe(exit.ok);
    expect(stdout).toMatch(/^learningRate: /m);
    expect(readdirSync(out).sort()).toEqual(['lr-find.html', 'lr-find.json', 'lr-find.svg']);
    const page = readFileSync(path.join(out, 'lr-find.html'), 'utf8');
    expect(page).toContain('rates &amp; &lt;more&gt;');
    const svg = readFileSync(path.join(out, 'lr-find.svg'), 'utf8');
    expect(svg).not.toContain('var(');
    expect(svg.match(/<path[^>]*aria|<path/g)?.length).toBeGreaterThan(60);
  });

  it('refuses rates the wrong way round', async () => {
    expect((await find('--from', '1', '--to', '0.1')).code).toBe(exit.usage);
  });
});
