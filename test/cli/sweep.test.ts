/** `netlathe sweep`: draws within the budget, gives up the poor early, and tells how to make the best again. */

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { costOf, rungsOf } from '../../compiler/suite/sweep/rungs.ts';
import { sweepPage } from '../../runtime/sweep/page.ts';
import { figureOf, type SweepRecord } from '../../runtime/sweep/records.ts';
import { makeJob, weightHashes } from '../../scripts/proofs/job.ts';
import { exit, run } from './run.ts';

const network = `version: 1
name: tiny
input: { height: 16, width: 16 }
classes: 3
bandwidth: { base: 4, multipliers: [1, 2] }
layers:
  - { op: conv2d, kernel: 3, filters: "bandwidth[0]", padding: same }
  - relu
  - { op: conv2d, kernel: 3, filters: "bandwidth[1]", padding: same }
  - relu
  - globalAvgPool
  - { op: dense, units: classes }
`;

const suite = (sweep: string) => `version: 1
name: tiny-search
data: photos
budget: { params: { atMost: 1000 } }
train: { epochs: 2, batch: 8, optimizer: { name: adamw } }
networks: { net: { arch: net.yaml } }
sweep:
  search:
    train.optimizer.learningRate: { logUniform: [0.0005, 0.05] }
    train.labelSmoothing: [0, 0.1]
    bandwidth.base: { integer: [2, 12] }
${sweep}`;

let folder: string;
const at = (name: string) => path.join(folder, name);
const sweep = (name: string, ...more: string[]) =>
  run(['sweep', at(name), '--out', at('out'), '--cache', at('cache'), ...more]);

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'netlathe-sweep-'));
  await makeJob(folder, network, { training: 6, validation: 6, side: 18 });
  writeFileSync(at('net.yaml'), network);
  writeFileSync(at('sweep.yaml'), suite('  trials: 3\n  minEpochs: 1\n  eta: 2\n'));
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what would run', () => {
  const drawn = async (more: string) => {
    writeFileSync(at('dry.yaml'), suite(more));
    const { code, stdout, stderr } = await sweep('dry.yaml', '--dry-run');
    expect([code, stderr.includes('error')]).toEqual([exit.ok, false]);
    const [ladder, ...lines] = stdout.trimEnd().split('\n');
    return { ladder, lines };
  };

  it('is drawn within the budget, the same for the same seed', async () => {
    const { lines } = await drawn('  trials: 12\n');
    expect(lines).toHaveLength(12);
    for (const line of lines) {
      const [, params = '', rate = ''] =
        /^t\d+ {2}([\d,]+) params .*Rate ([\d.]+)/.exec(line) ?? [];
      expect(Number(params.replace(',', ''))).toBeLessThanOrEqual(1000);
      expect(Number(rate)).toBeGreaterThanOrEqual(0.0005);
      expect(Number(rate)).toBeLessThanOrEqual(0.05);
    }
    expect(new Set(lines.map((line) => /base (\d+)/.exec(line)?.[1])).size).toBeGreaterThan(2);
    // More of them are the same and further ones; another seed draws others.
    expect((await drawn('  trials: 20\n')).lines.slice(0, 12)).toEqual(lines);
    expect((await drawn('  trials: 12\n  seed: 1\n')).lines).not.toEqual(lines);
  }, 300_000);

  it('is every combination of a grid, without those over the budget', async () => {
    writeFileSync(
      at('grid.yaml'),
      suite('  method: grid\n').replace('logUniform: [0.0005, 0.05]', '$&, points: 3'),
    );
    const { code, stdout, stderr } = await sweep('grid.yaml', '--dry-run');
    expect(code).toBe(exit.ok);
    const lines = stdout.trimEnd().split('\n').slice(1);
    // Of the bases from 2 to 12, those up to 6 keep to 1,000 parameters.
    expect(lines).toHaveLength(3 * 2 * 5);
    expect(stdout).toContain('Rate 0.005 ');
    expect(stderr).toContain('36 combinations are over the budget');
  });

  it.each([
    ['train.labelSmooting: [0, 0.1]', 'did you mean "labelSmoothing"?'],
    ['bandwith.base: [2, 4]', 'did you mean "bandwidth"?'],
    ['labelSmoothing: [0, 0.1]', 'a key of the recipe is train.labelSmoothing'],
    ['train.labelSmoothing: { uniform: [0.2, 0.1] }', 'the first must be the smaller'],
    ['train.labelSmoothing: { uniform: [0, 0.1], choice: [1] }', 'this has choice and uniform'],
    ['train.seed: [1, 2]', 'seeds are not searched'],
    ['train.data.train: [[training, validation]]', 'no photos are held out to choose by'],
    ['train.data: [{ train: [a, b], validation: b }]', 'no photos are held out to choose by'],
    ['train.distill.teacher: [net]', '"net" learns from a network of the suite'],
    ['bandwidth.multipliers.length: [1, -1]', 'it has no "length"'],
    ['bandwidth.multipliers[2]: [1, 2]', 'it has no "2"'],
    ['bandwidth: [{ base: 4, multipliers: [1, 2] }]', 'it and "bandwidth" set the same'],
    ['train.labelSmoothing: { integer: [0, 8], step: 4, points: 3 }', 'give one of them'],
  ])('is refused: %s', async (line, text) => {
    writeFileSync(at('wrong.yaml'), suite('').replace('train.labelSmoothing: [0, 0.1]', line));
    const { code, stderr } = await sweep('wrong.yaml', '--dry-run');
    expect([code, stderr]).toEqual([exit.fault, expect.stringContaining(text)]);
  });
});

it('is refused where the photos have none to hold out', async () => {
  mkdirSync(at('few/amber'), { recursive: true });
  for (const name of ['amber', 'beryl', 'coral']) {
    cpSync(at(`photos/training/${name}/0.png`), at(`few/${name}/0.png`));
  }
  const more = ['--data', at('few'), '--out', at('unjudged')];
  const { code, stderr } = await sweep('sweep.yaml', ...more);
  expect([code, stderr]).toEqual([exit.usage, expect.stringContaining('error[E956]')]);
  expect(existsSync(at('unjudged/runs'))).toBe(false);
});

it('tells what has no figure from what failed', () => {
  const seed = { seed: 0, finished: true, top1: null };
  expect(figureOf({ epochs: 1, top1: null, seeds: [seed] })).toBe('no figure');
  const failed = { ...seed, seed: 1, finished: false };
  expect(figureOf({ epochs: 1, top1: null, seeds: [seed, failed] })).toBe('failed');
});

it('halves: never more candidates than before, the last for all epochs', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 2, max: 10 }),
      fc.integer({ min: 1, max: 300 }),
      (candidates, epochs, eta, minEpochs) => {
        const rungs = rungsOf(candidates, epochs, { eta, minEpochs });
        expect(rungs[0]?.count).toBe(candidates);
        expect(rungs.at(-1)?.epochs).toBe(epochs);
        for (const [i, { count, epochs: e }] of rungs.entries()) {
          const next = rungs[i + 1];
          expect(count).toBeGreaterThanOrEqual(1);
          expect(e).toBeGreaterThanOrEqual(1);
          if (!next) continue;
          expect(next.count).toBe(Math.max(1, Math.floor(candidates / eta ** (i + 1))));
          expect(next.epochs).toBeGreaterThanOrEqual(e);
        }
        const cost = costOf(rungs);
        expect(rungs.length > 2 ? cost.epochs : 0).toBeLessThanOrEqual(2 * cost.full);
      },
    ),
  );
  expect(rungsOf(27, 27, { eta: 3, minEpochs: 1 })).toEqual([
    { count: 27, epochs: 1 },
    { count: 9, epochs: 3 },
    { count: 3, epochs: 9 },
    { count: 1, epochs: 27 },
  ]);
});

describe('a search', () => {
  const record = () => JSON.parse(readFileSync(at('out/sweep.json'), 'utf8')) as SweepRecord;

  it('trains the best of a rung for longer, and its file trains to the same weights', async () => {
    const { code, stdout } = await sweep('sweep.yaml');
    expect(code).toBe(exit.ok);
    const { candidates, rungs, best } = record();
    expect(rungs).toEqual([
      { epochs: 1, count: 3 },
      { epochs: 2, count: 1 },
    ]);
    const went = candidates.filter((c) => c.rungs.length === 2);
    const highest = Math.max(...candidates.map((c) => c.rungs[0]?.top1 ?? 0));
    expect(went.map((c) => [c.id, c.rungs[0]?.top1])).toEqual([[best?.id, highest]]);
    expect(stdout).toContain(String(best?.id));
    const again = await run([
      ...['train', '--arch', at('out/best.yaml'), '--data', at('photos')],
      ...['--out', at('again'), '--cache', at('cache'), '--quiet'],
    ]);
    expect(again.code).toBe(exit.ok);
    expect(weightHashes(at('again'))).toBe(weightHashes(at(`out/runs/${best?.id}-e2/seed-0`)));
  }, 300_000);

  it('goes on where it was cut off, to the same result', async () => {
    const before = readFileSync(at('out/sweep.json'), 'utf8');
    const file = at('out/runs/t001-e1/seed-0/run.json');
    const run = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...run, status: 'running' }));
    rmSync(at('out/sweep.json'));
    const refused = await sweep('sweep.yaml');
    expect([refused.code, refused.stderr]).toEqual([exit.usage, expect.stringContaining('E952')]);
    expect((await sweep('sweep.yaml', '--resume')).code).toBe(exit.ok);
    expect(readFileSync(at('out/sweep.json'), 'utf8')).toBe(before);
  }, 300_000);

  it('has a page that runs nothing, whatever the names are', async () => {
    const hostile = '<script>alert(1)</script>';
    const text = await sweepPage({
      ...record(),
      keys: [
        { key: hostile, scale: 'choice' },
        { key: 'b', scale: 'log' },
        { key: 'c', scale: 'linear' },
      ],
      candidates: record().candidates.map((c) => ({ ...c, values: [hostile, 0.1, 2] })),
    });
    expect(text).toContain("default-src 'none'");
    expect(text).not.toContain('<script');
    expect(text).toContain('&lt;script&gt;');
    expect(text.match(/<figure>/g)).toHaveLength(3);
  });
});
