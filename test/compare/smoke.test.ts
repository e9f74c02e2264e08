/** suites/smoke.yaml from nothing to its page: three networks, three seeds, real photos, a real browser. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Comparison } from '../../runtime/compare/comparison.ts';
import { exit, type Ran, run } from '../cli/run.ts';
import { chromiumPath } from '../report/chromium.ts';

// Half a minute on two idle cores; the limit is for busy machines.
const limit = 600_000;
const jobs = String(Math.min(3, availableParallelism()));

describe('the smoke suite', () => {
  let out: string;
  let ran: Ran;
  let comparison: Comparison;

  beforeAll(async () => {
    out = mkdtempSync(path.join(tmpdir(), 'netlathe-smoke-'));
    ran = await run(['compare', 'suites/smoke.yaml', '--out', out, '--jobs', jobs]);
    comparison = JSON.parse(readFileSync(path.join(out, 'comparison.json'), 'utf8')) as Comparison;
  }, limit);

  afterAll(() => rmSync(out, { recursive: true, force: true }));

  it('trains all of it and answers its question', () => {
    expect([ran.code, ran.stderr]).toEqual([exit.ok, expect.stringContaining('9 of 9')]);
    expect(ran.stdout).toContain('The highest mean is that of');
    expect(ran.stdout).toMatch(/^separable +4,0\d\d +\d\d\.\d% .*3\/3$/m);
  });

  it('compares runs of equal size, seed by seed and photo by photo', () => {
    const { networks, pairs } = comparison;
    for (const { params, accuracy, trials, latency } of networks) {
      expect(Math.abs((params.trained ?? 0) / 4000 - 1)).toBeLessThanOrEqual(0.01);
      expect(trials.map(({ status }) => status)).toEqual(['finished', 'finished', 'finished']);
      // Guessing gives 0.1.
      expect(accuracy?.mean).toBeGreaterThan(0.2);
      expect(latency?.median).toBeGreaterThan(0);
    }
    expect(pairs.map(({ seeds }) => [seeds.n, seeds.paired])).toEqual(Array(3).fill([3, true]));
    expect(pairs.map(({ photos }) => photos?.count)).toEqual([500, 500, 500]);
  });

  it('leaves figures, a table and a page', () => {
    const figures = readdirSync(path.join(out, 'figures'));
    expect(figures).toHaveLength(16);
    expect(readFileSync(path.join(out, 'comparison.md'), 'utf8')).toContain(
      '| A Depthwise + pointwise |',
    );
  });

  it.skipIf(!chromiumPath)(
    'shows the page in Chromium, without a request',
    async () => {
      const browser = await chromium.launch({
        executablePath: chromiumPath as string,
        args: ['--no-sandbox'],
      });
      try {
        const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
        const noise: string[] = [];
        const url = pathToFileURL(path.join(out, 'comparison.html')).href;
        page.on('console', (message) => noise.push(message.text()));
        page.on(
          'request',
          (r) => r.url() !== url && !r.url().startsWith('data:') && noise.push(r.url()),
        );
        await page.goto(url);
        expect(noise).toEqual([]);
        expect(await page.textContent('h1')).toBe('Three convolutions at one budget');
        expect(await page.locator('.forest li').count()).toBe(3);
        expect(await page.locator('.chart svg:visible').count()).toBe(11);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      } finally {
        await browser.close();
      }
    },
    60_000,
  );

  it(
    'has nothing to do the second time, and says the same',
    async () => {
      const again = await run(['compare', 'suites/smoke.yaml', '--out', out, '--json']);
      expect([again.code, again.stderr]).toEqual([exit.ok, '']);
      expect(JSON.parse(again.stdout)).toEqual(comparison);
    },
    limit,
  );

  it(
    'makes the page in Chinese of the same runs',
    async () => {
      const { code } = await run([
        'compare',
        'suites/smoke.yaml',
        '--out',
        out,
        '--lang',
        'zh',
        '--quiet',
      ]);
      expect(code).toBe(exit.ok);
      const page = readFileSync(path.join(out, 'comparison.zh.html'), 'utf8');
      expect(page).toContain('<html lang="zh-Hans">');
      expect(page).toContain('同一预算下的三种卷积');
    },
    limit,
  );

  it(
    'is published without weights and without a path of this machine, and gives the same page again',
    async () => {
      const published = path.join(out, 'published');
      const suite = ['compare', 'suites/smoke.yaml', '--json'];
      expect((await run([...suite, '--out', out, '--publish', published])).code).toBe(exit.ok);
      const files = readdirSync(published, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name));
      expect(files.filter((file) => file.endsWith('run.json'))).toHaveLength(9);
      expect(files.filter((file) => file.endsWith('.safetensors'))).toEqual([]);
      expect(files.filter((file) => readFileSync(file, 'utf8').includes(out))).toEqual([]);
      const evaluations = files.filter((file) => file.endsWith('evaluation.json'));
      expect(evaluations).toHaveLength(9);
      expect(evaluations.filter((f) => readFileSync(f, 'utf8').includes('data:image'))).toEqual([]);
      const again = await run([...suite, '--out', published]);
      expect([again.code, again.stderr]).toEqual([exit.ok, '']);
      expect(JSON.parse(again.stdout)).toEqual(comparison);
    },
    limit,
  );
});
