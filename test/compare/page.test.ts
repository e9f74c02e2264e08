/** The page of a comparison in a real browser: it asks for nothing, hides nothing, fits, and keeps names in their place. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Comparison } from '../../runtime/compare/comparison.ts';
import { renderComparison } from '../../runtime/compare/page/page.ts';
import { words } from '../../runtime/compare/words/index.ts';
import { chromiumPath } from '../report/chromium.ts';
import { openPage, shapeOf } from '../support/pages.ts';
import { madeUp, planOf } from './fixture.ts';

const plan = planOf('suites/report.yaml');
const comparison = madeUp(plan, {
  skill: { depthwise: 0.62, plain: 0.55, group: 0.56, relu: 0.6, adam: 0.6, sgd: 0.58 },
  epochs: 8,
  status: ({ network, seed }) =>
    seed !== 2
      ? 'finished'
      : network.id === 'plain'
        ? 'failed'
        : network.id === 'group'
          ? 'missing'
          : 'finished',
});

const trials = plan.networks.reduce((sum, { seeds }) => sum + seeds.length, 0);

const hostile = [
  '</script><script>canary()</script>',
  '"><img src=x onerror=canary()>',
  `'"\`\${canary()}{{canary}}`,
  '<!--',
  '\u202eevil\u202d',
  '</style><svg onload=canary()>',
  'a'.repeat(600),
];

function named(names: readonly string[]): Comparison {
  const at = (i: number) => names[i % names.length] as string;
  return {
    ...comparison,
    title: at(0),
    description: at(1),
    cpu: at(2),
    classes: comparison.classes.map((_, i) => `${at(i)}${i}`),
    networks: comparison.networks.map((n, i) => ({
      ...n,
      label: at(i),
      reference: at(i + 1),
      architecture: names.join('\n'),
      changes: n.changes.map((c) => ({ ...c, from: at(i), to: at(i + 2) })),
      trials: n.trials.map((t) => ({ ...t, reason: t.reason && at(i) })),
    })),
    questions: comparison.questions.map((q, i) => ({ ...q, ask: at(i) })),
  };
}

describe('the training loss of taught networks', () => {
  it.each(['en', 'zh'] as const)(
    'is said to be on another scale, beside others only, %s',
    async (language) => {
      const { taught } = words[language].curves;
      expect(await renderComparison(comparison, language)).toContain(taught);
      const networks = plan.networks.filter(({ teacher }) => teacher);
      const alone = madeUp({ ...plan, networks }, { skill: { plain: 0.6 } });
      expect(await renderComparison(alone, language)).not.toContain(taught);
    },
  );
});

describe.skipIf(!chromiumPath)('the comparison in Chromium', () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'netlathe-comparison-'));
    browser = await chromium.launch({
      executablePath: chromiumPath as string,
      args: ['--no-sandbox'],
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (html: string, width?: number) => openPage(browser, folder, html, width);

  it('asks for nothing, and shows every trial, the failed and the missing too', async () => {
    const { page, noise } = await open(await renderComparison(comparison, 'en'));
    expect(noise).toEqual([]);
    expect(await page.locator('.trials tbody tr').count()).toBe(trials);
    expect(await page.locator('.trials .failed').first().textContent()).toContain('failed');
    expect(await page.locator('.trials .state.missing').count()).toBe(1);
    const notices = (await page.locator('.notice').allTextContents()).join(' ');
    expect(notices).toContain(`${trials - 2} of ${trials} trials are finished.`);
    expect(notices).toContain('The sizes are not equal.');
    expect(notices).toContain('Without a held-out figure: ');
    expect(await page.locator('.answer').count()).toBe(plan.questions.length);
    // Four curves and four costs, drawn for wide screens; and each network by itself.
    expect(await page.locator('.chart svg.wide:visible').count()).toBe(8);
    expect(await page.locator('.chart svg.small:visible').count()).toBe(plan.networks.length);
  }, 60_000);

  it.each([390, 1280])(
    'fits a screen %i wide, in both languages',
    async (width) => {
      for (const language of ['en', 'zh'] as const) {
        const { page } = await open(
          await renderComparison(named(['a rather long name of a thing', 'b']), language),
          width,
        );
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        expect(await page.evaluate(() => document.documentElement.lang)).toBe(
          language === 'en' ? 'en' : 'zh-Hans',
        );
      }
    },
    60_000,
  );

  it('has the shape of a harmless page, whatever the names', async () => {
    const bad = await open(await renderComparison(named(hostile), 'en'), 1200);
    const good = await open(
      await renderComparison(named(hostile.map((_, i) => `name ${i}`)), 'en'),
      1100,
    );
    expect(await shapeOf(bad.page)).toEqual(await shapeOf(good.page));
    expect(bad.noise).toEqual([]);
    expect(await bad.page.textContent('h1')).toBe(hostile[0]);
  }, 60_000);

  it('gives every table a caption and every drawing a name', async () => {
    const { page } = await open(await renderComparison(comparison, 'en'));
    const faults = await page.evaluate(() => {
      const all = (selector: string) => [...document.querySelectorAll(selector)];
      return [
        ...all('table').filter((t) => !t.querySelector('caption')?.textContent),
        ...all('th').filter((t) => !t.hasAttribute('scope')),
        ...all('[role=img]').filter((e) => !e.getAttribute('aria-label')),
        ...all('[aria-labelledby]').filter(
          (e) => !document.getElementById(e.getAttribute('aria-labelledby') ?? ''),
        ),
      ].map((e) => e.outerHTML.slice(0, 80));
    });
    expect(faults).toEqual([]);
    expect(await page.content()).not.toMatch(/undefined|NaN|\[object/);
  }, 60_000);
});
