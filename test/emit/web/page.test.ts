/** From photos to a prediction on a phone: trained, emitted and opened in Chromium as a user would, the network cut. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shownOf } from '../../../compiler/7-emit/text.ts';
import { loadBundle } from '../../../compiler/7-emit/ts/load-module.ts';
import type { Model, PixelImage } from '../../../templates/support/types.ts';
import { exit, run } from '../../cli/run.ts';
import { writeTree } from '../../data/fixtures.ts';
import { type Server, serve } from './serve.ts';

const executablePath = process.env.NETLATHE_CHROMIUM ?? '/usr/bin/chromium';
const found = existsSync(executablePath);
if (!found) process.stderr.write(`no Chromium at ${executablePath}: its tests are left out\n`);

const name = '</title><img src=x onerror=alert(1)> & "small"';
const yaml = `
version: 1
name: ${JSON.stringify(name)}
input: { height: 16, width: 16 }
classes: 3
layers:
  - { op: conv2d, kernel: 3, filters: 8, padding: same }
  - batchNorm
  - relu
  - globalAvgPool
  - { op: dense, units: classes }
train:
  optimizer: { name: adam, learningRate: 0.03 }
`;

/** Folders are labels: one that would be an element, one with a space. */
const colours: Readonly<Record<string, readonly [number, number, number]>> = {
  '<b>red<b>': [190, 40, 40],
  leaf_green: [40, 150, 50],
  'sky blue': [60, 90, 200],
};
const shown = { red: '<b>red<b>', green: 'leaf green', blue: 'sky blue' };

type Colour = readonly [red: number, green: number, blue: number];

/** A colour with grain, the same for the same seed. */
function photo(colour: Colour, width: number, height: number, seed = 1): PixelImage {
  let state = seed;
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (colour[i % 3] as number) + (state >>> 27);
  });
  return { data, width, height };
}

function png({ data, width, height }: PixelImage): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** A film of one green frame, for the camera. */
function film(): string {
  const [width, height] = [64, 48];
  const plane = (value: number, size: number) => Buffer.alloc(size, value);
  const frame = Buffer.concat([
    plane(115, width * height),
    plane(95, (width * height) / 4),
    plane(85, (width * height) / 4),
  ]);
  return Buffer.concat([
    Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\nFRAME\n`),
    frame,
  ]).toString('latin1');
}

let folder = '';
const at = (...names: readonly string[]) => path.join(folder, ...names);
const page = at;

async function emit(...more: readonly string[]) {
  const options = ['--model', at('run'), '--target', 'web', '--out', at('page')];
  // Without the relaxed kernels the page has the bits of the module in Node.
  return run(['emit', ...options, '--no-relaxed', ...more]);
}

async function rows(opened: Page): Promise<readonly string[]> {
  await opened.waitForSelector('#results li:first-child .score:not(:empty)');
  return opened.$$eval('#results li:not([hidden])', (items) =>
    items.map((item) =>
      ['.label', '.score'].map((part) => item.querySelector(part)?.textContent).join(' | '),
    ),
  );
}

function expectedRows(model: Model, image: PixelImage): readonly string[] {
  return model
    .predict(image, { topK: 5 })
    .map(({ label, score }) => `${label.replaceAll('_', ' ')} | ${(100 * score).toFixed(1)}%`);
}

describe.skipIf(!found)('a page of a trained network', () => {
  let server: Server;
  let browser: Browser;
  let model: Model;
  const phone: BrowserContextOptions = {
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
  };

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'netlathe-page-'));
    const tree: Record<string, Buffer> = {};
    for (const [label, colour] of Object.entries(colours)) {
      for (let i = 0; i < 8; i++) {
        tree[`${label}/${i}.png`] = await png(photo(colour, 20 + i, 27 - i, i + 1));
      }
    }
    await writeTree(at('photos'), tree);
    await writeFile(at('net.yaml'), yaml);
    await writeFile(at('film.y4m'), film(), 'latin1');
    const train = ['train', '--arch', at('net.yaml'), '--data', at('photos'), '--out', at('run')];
    const options = ['--cache', at('cache'), '--epochs', '12', '--batch', '8', '--threads', '1'];
    const trained = await run([...train, ...options]);
    if (trained.code !== exit.ok) throw new Error(trained.stderr);
    const emitted = await emit();
    if (emitted.code !== exit.ok) throw new Error(emitted.stderr);
    const { create } = await loadBundle(at('page'));
    model = await create({ weights: await readFile(at('page/weights.bin')) });
    server = await serve(at('page'));
    browser = await chromium.launch({
      executablePath,
      args: [
        '--no-sandbox',
        '--use-fake-device-for-media-stream',
        `--use-file-for-fake-video-capture=${at('film.y4m')}`,
      ],
    });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Whatever the console says is a fault: a refused policy, a failed request, an exception. */
  async function open(options: BrowserContextOptions = phone, url = server.url) {
    const context = await browser.newContext(options);
    const opened = await context.newPage();
    const faults: string[] = [];
    opened.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
    });
    opened.on('pageerror', (error) => faults.push(error.message));
    // Whoever listens for the first time may be too late under load.
    opened.on('filechooser', () => undefined);
    const foreign: string[] = [];
    context.on('request', (request) => {
      if (!/^(blob:)?http:\/\/127\.0\.0\.1:/.test(request.url())) foreign.push(request.url());
    });
    await opened.goto(url);
    await opened.waitForSelector('main[data-ready=yes]');
    return { context, opened, faults, foreign };
  }

  const choose = async (opened: Page, buffer: Buffer, mimeType = 'image/png') =>
    opened.setInputFiles('#file', { name: 'photo', mimeType, buffer });

  test('a photo gets the predictions of the module in Node', async () => {
    const { context, opened, faults, foreign } = await open();
    expect(await opened.title()).toBe(shownOf(name));
    expect(await opened.textContent('h1')).toBe(shownOf(name));
    expect(await opened.textContent('#known')).toBe('It knows <b>red<b>, leaf green, sky blue.');
    for (const [key, label] of Object.entries(shown)) {
      const colour = Object.values(colours)[Object.keys(shown).indexOf(key)] as Colour;
      const image = photo(colour, 61, 40, 99);
      await choose(opened, await png(image));
      await opened.waitForFunction(
        (text) => document.querySelector('#spoken')?.textContent?.startsWith(text),
        label,
      );
      expect(await rows(opened)).toEqual(expectedRows(model, image));
    }
    expect(await opened.textContent('#timing')).toMatch(/^\d+\.\d ms · SIMD$/);
    expect(await opened.$$('main img, main b, main script')).toEqual([]);
    expect({ faults, foreign }).toEqual({ faults: [], foreign: [] });
    await context.close();
  });

  test('the camera is classified as it runs, and its picture as in Node', async () => {
    const { context, opened, faults } = await open({ ...phone, permissions: ['camera'] });
    await opened.tap('#shutter');
    await opened.waitForSelector('body[data-mode=live]');
    await opened.waitForFunction(
      (text) => document.querySelector('#spoken')?.textContent?.startsWith(text),
      shown.green,
    );
    await opened.getByRole('button', { name: 'Take picture' }).tap();
    await opened.waitForSelector('body[data-mode=still]');
    const seen = await opened.$eval('#still canvas', (canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const context = (canvas as HTMLCanvasElement).getContext('2d');
      const data = context?.getImageData(0, 0, width, height).data ?? [];
      return { data: [...data], width, height };
    });
    const image = { ...seen, data: Uint8Array.from(seen.data) };
    expect(await rows(opened)).toEqual(expectedRows(model, image));
    // The light of the camera goes out.
    expect(await opened.$eval('#video', (v) => (v as HTMLVideoElement).srcObject)).toBe(null);
    await opened.getByRole('button', { name: 'Back to camera' }).tap();
    await opened.waitForSelector('body[data-mode=live]');
    await opened.getByRole('button', { name: 'Close picture' }).tap();
    expect(await opened.getAttribute('body', 'data-mode')).toBe('off');
    expect(await opened.isVisible('#results')).toBe(false);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('of two cameras the other one can be taken', async () => {
    // A film is one camera; here it is two with a drawing.
    const two = '--use-fake-device-for-media-stream=device-count=2';
    const own = await chromium.launch({ executablePath, args: ['--no-sandbox', two] });
    const context = await own.newContext({ ...phone, permissions: ['camera'] });
    const opened = await context.newPage();
    await opened.goto(server.url);
    await opened.waitForSelector('main[data-ready=yes]');
    await opened.tap('#shutter');
    await opened.waitForSelector('body[data-mode=live]');
    const device = () =>
      opened.$eval('#video', (video) => {
        const stream = (video as HTMLVideoElement).srcObject as MediaStream | null;
        return stream?.getVideoTracks()[0]?.getSettings().deviceId;
      });
    const first = await device();
    await opened.getByRole('button', { name: 'Turn the camera around' }).tap();
    await expect.poll(device).not.toBe(undefined);
    await expect.poll(device).not.toBe(first);
    await own.close();
  });

  test('a camera that is not allowed, and a file that is no photo, are explained', async () => {
    const { context, opened } = await open();
    await opened.tap('#shutter');
    await opened.waitForSelector('#notice:not([hidden])');
    expect(await opened.textContent('#notice')).toContain('The camera was not allowed.');
    await choose(opened, Buffer.from('no photo'));
    await opened.waitForFunction(() =>
      document.querySelector('#notice')?.textContent?.includes('not a photo'),
    );
    await choose(opened, await png(photo([60, 90, 200], 20, 20)));
    await opened.waitForSelector('body[data-mode=still]');
    expect(await opened.isVisible('#notice')).toBe(false);
    await context.close();
  });

  test('a photo is turned as its EXIF says, and may be dropped', async () => {
    const { context, opened } = await open({ viewport: { width: 1200, height: 800 } });
    const stored = Uint8Array.from({ length: 60 * 40 * 3 }, (_, i) =>
      Math.floor(i / 3) % 60 < 30 === (i % 3 === 0) ? 220 : 20,
    );
    const jpeg = await sharp(stored, { raw: { width: 60, height: 40, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 95 })
      .toBuffer();
    await opened.evaluate(
      (bytes) => {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(bytes)], 'p.jpg', { type: 'image/jpeg' }));
        document.dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true }));
      },
      [...jpeg],
    );
    await opened.waitForSelector('body[data-mode=still]');
    const [width, height, top, bottom] = await opened.$eval('#still canvas', (canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const context = (canvas as HTMLCanvasElement).getContext('2d');
      const red = (y: number) => context?.getImageData(20, y, 1, 1).data[0] ?? -1;
      return [width, height, red(5), red(55)];
    });
    expect([width, height]).toEqual([40, 60]);
    expect(top).toBeGreaterThan(180);
    expect(bottom).toBeLessThan(60);
    await context.close();
  });

  test('by keyboard alone, heard by a screen reader', async () => {
    const { context, opened } = await open({ viewport: { width: 1200, height: 800 } });
    const names: string[] = [];
    for (let i = 0; i < 2; i++) {
      await opened.keyboard.press('Tab');
      names.push((await opened.locator(':focus').getAttribute('aria-label')) ?? '');
      const outline = await opened.$eval(
        ':focus',
        (focused) => getComputedStyle(focused).outlineWidth,
      );
      expect(outline).toBe('3px');
    }
    expect(names).toEqual(['Choose a photo', 'Start camera']);
    await opened.keyboard.press('Shift+Tab');
    const chooser = opened.waitForEvent('filechooser');
    await opened.keyboard.press('Enter');
    await (await chooser).setFiles({
      name: 'sky.png',
      mimeType: 'image/png',
      buffer: await png(photo([60, 90, 200], 30, 30)),
    });
    await opened.waitForSelector('body[data-mode=still]');
    const tree = await opened.locator('main').ariaSnapshot();
    expect(tree).toMatch(/status: sky blue, \d+\.\d%/);
    expect(tree).toMatch(/heading "<\/title><img/);
    await context.close();
  });

  test('the policy keeps the page from talking to anyone', async () => {
    const { context, opened, foreign } = await open();
    const blocked = await opened.evaluate(async () => {
      const violated = new Promise<string>((resolve) => {
        addEventListener('securitypolicyviolation', (e) => resolve(e.effectiveDirective));
      });
      await fetch('https://example.org/').catch(() => undefined);
      return violated;
    });
    expect(blocked).toBe('connect-src');
    expect(foreign).toEqual([]);
    await context.close();
  });

  test('it fetches its own files only, takes over a new version, and works without a network', async () => {
    const own = await serve(at('page'));
    const { context, opened, faults } = await open(phone, own.url);
    await opened.evaluate(() => navigator.serviceWorker.ready);
    const { files } = JSON.parse(await readFile(page('page/metadata.json'), 'utf8'));
    const wanted = Object.keys(files).map((file) => `/${file}`);
    expect([...new Set(own.requests)].filter((url) => url !== '/').sort()).toEqual(wanted.sort());

    expect((await emit('--weights', 'fp16')).code).toBe(exit.ok);
    await opened.reload();
    await opened.getByRole('button', { name: 'New version: reload' }).tap();
    await opened.waitForFunction(async () => (await caches.keys()).length === 1);
    await opened.waitForSelector('main[data-ready=yes]');
    const weights = await opened.evaluate(async () => {
      const response = await fetch('weights.bin');
      return (await response.arrayBuffer()).byteLength;
    });
    expect(weights).toBe((await readFile(at('page/weights.bin'))).length);

    await own.close();
    await opened.reload();
    await opened.waitForSelector('main[data-ready=yes]');
    await choose(opened, await png(photo([190, 40, 40], 50, 30, 7)));
    expect((await rows(opened))[0]).toContain(shown.red);
    expect(faults).toEqual([]);
    await context.close();
  });
});
