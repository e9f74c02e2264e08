/** What React Native gets: the plain module as Hermes runs it, the component as TypeScript, the page in Chromium. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import sharp from 'sharp';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { count } from '../../../compiler/5-budget/counts.ts';
import { emitReactNative } from '../../../compiler/7-emit/react-native/emit.ts';
import {
  createInHermes,
  pageIn,
  proveReactNative,
} from '../../../compiler/7-emit/react-native/prove.ts';
import { type BundleFiles, emitModule } from '../../../compiler/7-emit/ts/emit.ts';
import { writeBundle } from '../../../compiler/7-emit/write-bundle.ts';
import { ModelHost } from '../../../templates/support/native/host.ts';
import { testImage } from '../../../templates/support/self-test.ts';
import type { Model, ModelInfo } from '../../../templates/support/types.ts';
import { networkOf } from '../../support/compile.ts';
import { moduleOf, randomWeights, textOf } from '../support.ts';

const executablePath = process.env.NETLATHE_CHROMIUM ?? '/usr/bin/chromium';
const found = existsSync(executablePath);
if (!found) process.stderr.write(`no Chromium at ${executablePath}: its tests are left out\n`);

const graph = networkOf(
  `
- { op: conv2d, kernel: 3, filters: 12, padding: 1 }
- batchNorm
- hardSwish
- { op: maxPool2d, size: 2 }
- { op: conv2d, kernel: 3, groups: depthwise, padding: 1 }
- { op: conv2d, kernel: 1, filters: 10 }
- gelu
`,
  24,
);
const image = testImage({ seed: 9, width: 50, height: 31, channels: 3 });

let folder = '';
let files: BundleFiles;
let inNode: Model;
beforeAll(async () => {
  const weights = randomWeights(graph);
  const network = { graph, weights, counts: count(graph), verdicts: [], source: 'a network' };
  const options = { weights: 'fp32', embed: true, relaxed: false } as const;
  const input = { ...network, netlathe: '0.0.0' };
  files = await emitReactNative(input, options);
  inNode = await (await moduleOf(await emitModule(input, options))).create({ backend: 'simd' });
  folder = await mkdtemp(path.join(tmpdir(), 'netlathe-native-'));
  await writeBundle(folder, files, { force: false });
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the plain module', () => {
  test('needs nothing but the language, and names what WASM names', async () => {
    const model = await createInHermes(textOf(files, 'model.rn.js'))();
    expect(model.info.backend).toBe('js');
    expect(model.selfTest().passed).toBe(true);
    const [ours] = model.predict(image, { topK: 1 });
    const [theirs] = inNode.predict(image, { topK: 1 });
    expect(ours?.index).toBe(theirs?.index);
    expect(ours?.score).toBeCloseTo(theirs?.score ?? 0, 4);
    const required = createRequire(import.meta.url)(path.join(folder, 'model.rn.js'));
    expect(required.labels).toEqual(graph.classes);
  });

  test('has no syntax and names no globals that Hermes lacks', () => {
    const source = ts.createSourceFile(
      'm.js',
      textOf(files, 'model.rn.js'),
      ts.ScriptTarget.ES2022,
    );
    const foreign = new Set<string>();
    const visit = (node: ts.Node): void => {
      if (ts.isAwaitExpression(node) || ts.isClassLike(node)) foreign.add(ts.SyntaxKind[node.kind]);
      if (node.kind === ts.SyntaxKind.AsyncKeyword) foreign.add('async');
      if (ts.isIdentifier(node)) {
        const text = node.text;
        if (/^(TextDecoder|atob|Buffer|SharedArrayBuffer|Atomics|structuredClone)$/.test(text)) {
          foreign.add(text);
        }
      }
      node.forEachChild(visit);
    };
    visit(source);
    expect([...foreign]).toEqual([]);
    expect(textOf(files, 'model.rn.js')).not.toContain('AGFzbQ');
  });
});

test('emit runs both of them, and finds one that is damaged', async () => {
  const { lines } = await proveReactNative(files);
  expect(lines).toEqual([
    expect.stringMatching(/^self test of 3 images, js: /),
    'self test of 3 images, simd: bit-equal',
  ]);
  const damaged = new Map(files);
  const text = textOf(files, 'model.rn.js').replace(/"norms":\[[^,]+,/, '"norms":[0.02,');
  damaged.set('model.rn.js', Buffer.from(text));
  await expect(proveReactNative(damaged)).rejects.toMatchObject({ code: 'E703' });
});

test('the component is strict TypeScript', () => {
  const stubs = path.join(import.meta.dirname, '../../../templates/support/native/react.d.ts');
  const program = ts.createProgram([path.join(folder, 'ModelWebView.tsx'), stubs], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2022.d.ts'],
    types: [],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  });
  const messages = ts
    .getPreEmitDiagnostics(program)
    .map((d) => `${d.file?.fileName}: ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`);
  expect(messages).toEqual([]);
});

describe.skipIf(!found)('the page in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  }, 60_000);
  afterAll(() => browser?.close());

  test('answers by messages as the module in Node does, and asks nobody', async () => {
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on('console', (message) => faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('blob:')) faults.push(request.url());
    });
    const host = new ModelHost((code) => void page.evaluate(code));
    const ready = new Promise<ModelInfo>((resolve) => {
      host.onReady = resolve;
    });
    await page.exposeFunction('posted', (message: string) => host.receive(message));
    await page.evaluate(() => {
      const posted = Reflect.get(window, 'posted') as (message: string) => void;
      Reflect.set(window, 'ReactNativeWebView', { postMessage: posted });
    });
    await page.setContent(pageIn(textOf(files, 'modelPage.js')));
    expect((await ready).backend).toBe('simd');

    const { data, width, height } = image;
    const pixels = Buffer.from(data).toString('base64');
    const expected = inNode.predict(image);
    expect((await host.predict({ pixels, width, height })).predictions).toEqual(expected);
    const png = await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    const photo = `data:image/png;base64,${png.toString('base64')}`;
    const answer = await host.predict({ photo }, { topK: 2 });
    expect(answer.predictions).toEqual(expected.slice(0, 2));
    expect(answer.milliseconds).toBeGreaterThanOrEqual(0);
    await expect(host.predict({ photo: 'AAAA' })).rejects.toThrow('cannot be decoded');
    expect(faults).toEqual([]);
    await page.close();
  });
});
