/** The module in an app that vite builds, weights and all, and opens in Chromium; esbuild is in bundle.test.ts. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeBundle } from '../../compiler/7-emit/write-bundle.ts';
import { testImage } from '../../templates/support/self-test.ts';
import { networkOf } from '../support/compile.ts';
import { bundleOf, moduleOf, randomWeights } from './support.ts';
import { serve } from './web/serve.ts';

const executablePath = process.env.NETLATHE_CHROMIUM ?? '/usr/bin/chromium';
const found = existsSync(executablePath);
if (!found) process.stderr.write(`no Chromium at ${executablePath}: its tests are left out\n`);

const graph = networkOf(
  `
- { op: conv2d, kernel: 3, filters: 12, padding: 1 }
- batchNorm
- hardSwish
- { op: conv2d, kernel: 1, filters: 10 }
- gelu
`,
  24,
);
const drawing = { seed: 5, width: 40, height: 33, channels: 3 } as const;

let folder = '';
const at = (...names: readonly string[]) => path.join(folder, ...names);
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'netlathe-vite-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(!found)('built by vite', () => {
  test.each(['model.ts', 'model.mjs'])('from %s it gives the logits of Node', async (entry) => {
    const files = await bundleOf(graph, randomWeights(graph));
    const source = at(entry);
    await writeBundle(path.join(source, 'bundle'), files, { force: false });
    const pixels = [...testImage(drawing).data];
    await writeFile(
      path.join(source, 'index.html'),
      '<script type="module" src="app.ts"></script>',
    );
    await writeFile(
      path.join(source, 'app.ts'),
      `import { create } from './bundle/${entry}';
       import weights from './bundle/weights.bin?url';
       const bytes = await (await fetch(weights)).arrayBuffer();
       const model = await create({ weights: bytes, backend: 'simd' });
       const data = Uint8Array.from(${JSON.stringify(pixels)});
       document.title = JSON.stringify([...model.logits({ data, width: 40, height: 33 })]);`,
    );
    await build({
      root: source,
      configFile: false,
      logLevel: 'error',
      build: { outDir: 'out', assetsInlineLimit: 0 },
    });
    expect((await readdir(path.join(source, 'out/assets'))).sort()).toEqual([
      expect.stringMatching(/^index-.*\.js$/),
      expect.stringMatching(/^weights-.*\.bin$/),
    ]);
    const server = await serve(path.join(source, 'out'));
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.waitForFunction(() => document.title !== '');
    const logits: unknown = JSON.parse(await page.title());
    await browser.close();
    await server.close();
    const inNode = await (await moduleOf(files)).create({
      weights: files.get('weights.bin') as Uint8Array,
      backend: 'simd',
    });
    expect(logits).toEqual([...inNode.logits(testImage(drawing))]);
  });
});
