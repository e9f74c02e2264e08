/** The page in a real browser: nothing breaks out of its place, nothing is fetched, everything fits. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderReport } from '../../runtime/report/report.ts';
import { openPage, shapeOf } from '../support/pages.ts';
import { chromiumPath } from './chromium.ts';
import { epochs, evaluation, mistakes, run } from './fixture.ts';

const hostile = [
  '</script><script>canary()</script>',
  '"><img src=x onerror=canary()>',
  `'"\`\${canary()}{{canary}}{{{canary}}}`,
  '<!--', // never closed
  '\u2028\u2029',
  '\u202eevil\u202d',
  '\0\u0001\ud800',
  '</style></title></textarea><svg onload=canary()>',
  ']]>&lt;&#60;&amp',
  '__proto__',
  'constructor',
  'a'.repeat(5000),
];

const harmless = hostile.map((_, i) => `name ${i}`);

function hostileRun(names: readonly string[]) {
  const name = names[0] as string;
  const base = run({ classes: names, name, cpu: names[1] as string });
  const layers = base.architecture.counts.layers.map((layer, i) => ({
    ...layer,
    name: names[i % names.length] as string,
  }));
  const architecture = {
    ...base.architecture,
    file: names[2] as string,
    text: names.join('\n'),
    counts: { ...base.architecture.counts, layers },
  };
  const [decoder = '', fingerprint = ''] = names;
  const data = { ...base.data, root: names[7] as string, fingerprint, decoder };
  const recipe = { ...base.recipe, freeze: names, data: { ...base.recipe.data, train: names } };
  return { ...base, architecture, data, recipe, startedAt: names[1] as string };
}

const pageOf = (names: readonly string[]) => {
  const worst = mistakes(names.length, names).map((m, i) => ({ ...m, path: names[i] as string }));
  return renderReport(hostileRun(names), epochs(3), evaluation(names, 75, worst));
};

describe.skipIf(!chromiumPath)('the page in Chromium', () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'netlathe-report-'));
    browser = await chromium.launch({
      executablePath: chromiumPath as string,
      args: ['--no-sandbox'],
    });
  });

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (html: string, width?: number) => openPage(browser, folder, html, width);

  it('has the shape of a harmless page, whatever the names', async () => {
    const bad = await open(await pageOf(hostile));
    const good = await open(await pageOf(harmless));
    expect(await shapeOf(bad.page)).toEqual(await shapeOf(good.page));
    expect(bad.noise).toEqual([]);
    expect(await bad.page.title()).toBe(`${hostile[0]} · netlathe`);
    expect(await bad.page.textContent('h1')).toBe(hostile[0]);
    const heads = await bad.page.locator('.matrix tbody th').allTextContents();
    expect(heads.slice(0, 4)).toEqual(hostile.slice(0, 4));
  });

  it('asks for nothing and violates no policy', async () => {
    const page = await renderReport(run(), epochs(40), evaluation(undefined, 75, mistakes(6)));
    const { noise, page: opened } = await open(page);
    expect(noise).toEqual([]);
    const loaded = await opened.evaluate(() =>
      [...document.images].every((image) => image.naturalWidth > 0),
    );
    expect(loaded).toBe(true);
  });

  it('asks for itself alone, and its policy stops a script that got in', async () => {
    const sound = await renderReport(run(), epochs(4), evaluation(undefined, 75, mistakes(6)));
    const html = sound.replace(
      '</main>',
      () => '<script>document.title = "owned"</script><img src="https://example.org/a.png"></main>',
    );
    const page = await browser.newPage({ offline: true });
    const requests: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith('data:')) requests.push(request.url());
    });
    const refused: (string | undefined)[] = [];
    page.on('requestfailed', (request) => refused.push(request.failure()?.errorText));
    for (const [name, text] of [
      ['sound', sound],
      ['attacked', html],
    ] as const) {
      const url = pathToFileURL(join(folder, `${name}.html`)).href;
      await writeFile(new URL(url), text);
      await page.goto(url, { waitUntil: 'load' });
      // What was put in is asked for, which Chromium reports, and refused by the policy before the network.
      const foreign = name === 'sound' ? [] : ['https://example.org/a.png'];
      expect(requests.splice(0), name).toEqual([url, ...foreign]);
      expect(refused.splice(0), name).toEqual(foreign.map(() => 'csp'));
      expect(await page.title()).not.toBe('owned');
    }
    await page.close();
  });

  it.each([390, 768, 1280])('fits a screen %i wide', async (width) => {
    const classes = Array.from({ length: 40 }, (_, i) => `a rather long class name ${i}`);
    const measured = evaluation(classes, 50, mistakes(7, classes));
    const { page } = await open(await renderReport(run({ classes }), epochs(40), measured), width);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    const charts = await page.locator('.chart svg:visible').count();
    expect(charts).toBe(3);
  });

  it('gives every table a caption and every drawing a name', async () => {
    const html = await renderReport(run(), epochs(40), evaluation(undefined, 75, mistakes(2)));
    const { page } = await open(html);
    const faults = await page.evaluate(() => {
      const all = (selector: string) => [...document.querySelectorAll(selector)];
      return [
        ...all('table').filter((t) => !t.querySelector('caption')?.textContent),
        ...all('th').filter((t) => !t.hasAttribute('scope')),
        ...all('[role=img]').filter((e) => !e.getAttribute('aria-label')),
        ...all('img').filter((e) => !e.hasAttribute('alt')),
        ...all('[aria-labelledby]').filter(
          (e) => !document.getElementById(e.getAttribute('aria-labelledby') ?? ''),
        ),
      ].map((e) => e.outerHTML.slice(0, 80));
    });
    expect(faults).toEqual([]);
  });
});
