/** The module in a real browser with the network cut: as a module and as a plain script, by every backend. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { photoOf } from '../../compiler/7-emit/ts/verify.ts';
import { networkOf } from '../support/compile.ts';
import { photos } from '../support/photos.ts';
import { apart, bundleOf, evaluated, randomWeights, textOf } from './support.ts';

const executablePath = process.env.NETLATHE_CHROMIUM ?? '/usr/bin/chromium';
const found = existsSync(executablePath);
if (!found) process.stderr.write(`no Chromium at ${executablePath}: its tests are left out\n`);

const graph = networkOf(
  `
- { op: conv2d, kernel: 3, filters: 16, padding: 1 }
- batchNorm
- hardSwish
- { op: maxPool2d, size: 2 }
- { op: conv2d, kernel: 3, groups: depthwise, padding: 1 }
- { op: conv2d, kernel: 1, filters: 24 }
- gelu
`,
  32,
);

interface Result {
  readonly backend: string;
  readonly logits: readonly number[];
  readonly passed: boolean;
  readonly exact: boolean;
}

/** Runs in the page. `ImageData` is what a camera frame on a canvas gives. */
const inPage = `async (create, given) => {
  const weights = Uint8Array.from(atob(given.weights), (c) => c.charCodeAt(0));
  const results = [];
  for (const backend of ['auto', 'relaxed', 'simd', 'js']) {
    const model = await create({ weights, backend });
    const image = new ImageData(new Uint8ClampedArray(given.rgba), given.width, given.height);
    const { passed, exact } = model.selfTest();
    results.push({ backend: model.info.backend, logits: [...model.logits(image)], passed, exact });
  }
  return results;
}`;

describe.skipIf(!found)('in Chromium, the network cut', async () => {
  const weights = randomWeights(graph);
  const files = await bundleOf(graph, weights);
  const images = photos(1, 3, 2, 45);
  const [expected] = await evaluated(graph, weights, images);
  const { data, width, height } = photoOf(images, 0);
  const rgba = Array.from({ length: width * height * 4 }, (_, i) =>
    i % 4 === 3 ? 255 : (data[Math.floor(i / 4) * 3 + (i % 4)] as number),
  );
  const bytes = Buffer.from(files.get('weights.bin') as Uint8Array);
  const given = { weights: bytes.toString('base64'), rgba, width, height };

  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  }, 60_000);
  afterAll(() => browser.close());

  /** A page under the policy that the contract names, which may fetch nothing. */
  async function page(
    policy = "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'",
  ) {
    const context = await browser.newContext();
    const requests: string[] = [];
    const opened = await context.newPage();
    await opened.route('**/*', (route) => {
      const url = route.request().url();
      if (url === 'https://app.test/') {
        const csp = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
        return route.fulfill({ contentType: 'text/html', body: `<!doctype html>${csp}` });
      }
      requests.push(url);
      return route.abort();
    });
    await opened.goto('https://app.test/');
    return { opened, requests };
  }

  function verify(results: readonly Result[]): void {
    expect(results.map(({ backend }) => backend)).toEqual(['relaxed', 'relaxed', 'simd', 'js']);
    for (const { backend, logits, passed, exact } of results) {
      expect(passed).toBe(true);
      const actual = Float32Array.from(logits);
      if (backend === 'simd') {
        expect(exact).toBe(true);
        expect(actual).toEqual(expected);
      } else expect(apart(actual, expected as Float32Array)).toBeLessThan(1e-4);
    }
  }

  test('as a plain script: logits bit-equal to the evaluator', async () => {
    const { opened, requests } = await page();
    await opened.addScriptTag({ content: textOf(files, 'model.cjs') });
    const run = `(${inPage})(NetlatheModel.create, ${JSON.stringify(given)})`;
    verify(await opened.evaluate<Result[]>(run));
    expect(requests).toEqual([]);
  });

  test('as a module', async () => {
    const { opened, requests } = await page();
    // An inline module has no exports; it hands `create` on.
    const content = `${textOf(files, 'model.mjs')}\nglobalThis.made = create;`;
    await opened.addScriptTag({ content, type: 'module' });
    await opened.waitForFunction('globalThis.made');
    verify(await opened.evaluate<Result[]>(`(${inPage})(made, ${JSON.stringify(given)})`));
    expect(requests).toEqual([]);
  });

  test('in int8: the same bits by every backend', async () => {
    const int8 = { training: images, validation: images, calibrate: 1, seed: 0, keep: [] };
    const small = await bundleOf(graph, weights, { weights: 'int8', int8 });
    const { opened, requests } = await page();
    await opened.addScriptTag({ content: textOf(small, 'model.cjs') });
    const own = Buffer.from(small.get('weights.bin') as Uint8Array).toString('base64');
    const run = `(${inPage})(NetlatheModel.create, ${JSON.stringify({ ...given, weights: own })})`;
    const results = await opened.evaluate<Result[]>(run);
    expect(results.map(({ backend }) => backend)).toEqual(['relaxed', 'relaxed', 'simd', 'js']);
    for (const { logits, exact } of results) {
      expect(exact).toBe(true);
      expect(logits).toEqual(results[0]?.logits);
    }
    expect(requests).toEqual([]);
  });

  test('where a policy forbids WebAssembly, auto is plain JavaScript', async () => {
    const { opened } = await page("default-src 'none'; script-src 'unsafe-inline'");
    await opened.addScriptTag({ content: textOf(files, 'model.cjs') });
    const backend = await opened.evaluate(
      `NetlatheModel.create({ weights: new Uint8Array(${JSON.stringify([...bytes])}) }).then((m) => m.info.backend)`,
    );
    expect(backend).toBe('js');
  });
});
