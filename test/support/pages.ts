/** Self-contained pages in a real browser. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';

export interface OpenedPage {
  readonly page: Page;
  /** What the browser complained about, and what the page asked for beside itself. */
  readonly noise: readonly string[];
}

/** Opens a page with the network cut, so that nothing can come from anywhere. */
export async function openPage(
  browser: Browser,
  folder: string,
  html: string,
  width = 1280,
): Promise<OpenedPage> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, offline: true });
  const noise: string[] = [];
  const url = pathToFileURL(join(folder, `${width}.html`)).href;
  await writeFile(new URL(url), html);
  page.on('console', (message) => noise.push(message.text()));
  page.on('pageerror', (error) => noise.push(String(error)));
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) noise.push(request.url());
  });
  await page.goto(url, { waitUntil: 'load' });
  return { page, noise };
}

/** Tags and attribute names in order: what stays the same whatever names are used. */
export function shapeOf(page: Page): Promise<readonly string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('*')].map(
      (e) => `${e.tagName} ${[...e.attributes].map((a) => a.name).join()}`,
    ),
  );
}
