import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import vm from 'node:vm';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareBundle, writeBundle } from '../../compiler/7-emit/write-bundle.ts';
import { supportText } from '../../scripts/build-support.ts';
import { networkOf } from '../support/compile.ts';
import { bundleOf, randomWeights, textOf } from './support.ts';

const graph = networkOf(
  `
- { op: conv2d, kernel: 3, filters: 12, padding: 1 }
- batchNorm
- silu
- { op: maxPool2d, size: 2 }
- { op: conv2d, kernel: 3, groups: depthwise, padding: 1 }
- { op: conv2d, kernel: 1, filters: 10 }
- gelu
`,
  16,
);
const weights = randomWeights(graph);
const files = await bundleOf(graph, weights);

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'netlathe-emit-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const at = (...names: readonly string[]) => path.join(folder, ...names);

test('the support code in templates/built is that of templates/support', async () => {
  const file = path.join(import.meta.dirname, '../../templates/built/support.generated.json');
  expect(await readFile(file, 'utf8')).toBe(await supportText());
});

describe('on disk', () => {
  test('it is written, compared and written again', async () => {
    const bundle = at('bundle');
    expect(await compareBundle(bundle, files)).toHaveLength(files.size);
    await writeBundle(bundle, files, { force: false });
    expect(await compareBundle(bundle, files)).toEqual([]);
    expect((await readdir(bundle)).sort()).toEqual([...files.keys()].sort());
    const half = await bundleOf(graph, weights, { weights: 'fp16' });
    const changed = await compareBundle(bundle, half);
    expect(changed).toContainEqual({ file: 'weights.bin', kind: 'differs' });
    await writeBundle(bundle, half, { force: false });
    expect(await compareBundle(bundle, half)).toEqual([]);
  });

  test('a file of other origin is left alone, unless forced', async () => {
    const bundle = at('foreign');
    await writeBundle(bundle, new Map(), { force: false });
    await rm(bundle, { recursive: true, force: true });
    await writeBundle(bundle, new Map([['x', new Uint8Array(1)]]), { force: false });
    await writeFile(path.join(bundle, 'model.ts'), 'export const mine = 1;\n');
    await writeFile(path.join(bundle, 'labels.json'), '[]');
    const refused = writeBundle(bundle, files, { force: false });
    await expect(refused).rejects.toMatchObject({
      code: 'E702',
      notes: ['model.ts', 'labels.json'],
    });
    expect((await readdir(bundle)).sort()).toEqual(['labels.json', 'model.ts', 'x']);
    await writeBundle(bundle, files, { force: true });
    expect(await compareBundle(bundle, files)).toEqual([]);
  });
});

describe('the code', () => {
  beforeAll(() => writeBundle(at('code'), files, { force: false }));

  const use = `
    const model = await create({ weights, backend: 'simd' });
    const photo = { data: new Uint8Array(20 * 30 * 3).fill(77), width: 20, height: 30 };
    return [...model.logits(photo)];`;
  const run = (create: unknown): Promise<number[]> =>
    new Function('create', 'weights', `return (async () => {${use}})()`)(
      create,
      files.get('weights.bin'),
    );

  test('is small', () => {
    const { length } = brotliCompressSync(textOf(files, 'model.mjs'));
    expect(length).toBeLessThan(25 * 1024);
  });

  test('gives the same as an ES module, by require, as a script and from a bundler', async () => {
    const module = await import(/* @vite-ignore */ at('code', 'model.mjs'));
    const expected = await run(module.create);
    expect(expected).toHaveLength(3);
    const required = createRequire(import.meta.url)(at('code', 'model.cjs'));
    expect(await run(required.create)).toEqual(expected);
    const page = vm.createContext({ WebAssembly });
    vm.runInContext(textOf(files, 'model.cjs'), page);
    expect(await run(vm.runInContext('NetlatheModel.create', page))).toEqual(expected);
    for (const entry of ['model.ts', 'model.mjs', 'model.cjs']) {
      const { outputFiles } = await build({
        stdin: { contents: `export { create } from './${entry}'`, resolveDir: at('code') },
        bundle: true,
        minify: true,
        format: 'esm',
        platform: 'browser',
        write: false,
      });
      const bundled = at('code', `bundled-${entry}.mjs`);
      await writeFile(bundled, outputFiles[0]?.contents as Uint8Array);
      expect(await run((await import(/* @vite-ignore */ bundled)).create)).toEqual(expected);
    }
  });

  test('names nothing of the outside world', () => {
    const outside =
      /\b(fetch|XMLHttpRequest|eval|importScripts|WebSocket|SharedArrayBuffer|Atomics|atob|TextDecoder|process|Buffer|import|require|Function)\b|http/g;
    for (const name of ['model.ts', 'model.mjs', 'model.cjs']) {
      const options = { target: ts.ScriptTarget.ES2022, removeComments: true };
      const bare = ts.transpile(textOf(files, name).replace(/^\/\*!.*?\*\//s, ''), options);
      // The base64 of WASM may spell anything.
      const code = bare.replace(/[\w+/=]{60,}/g, '');
      expect(code.match(outside) ?? []).toEqual([]);
    }
  });

  test('is strictly typed, with labels as a union', async () => {
    const consumer = at('code', 'consumer.mts');
    await writeFile(
      consumer,
      `import { create, labels, type Label } from './model.mjs';
       import type { Label as FromSource } from './model.ts';
       const model = await create({ weights: new Uint8Array(1) });
       const label: Label = model.predict({ data: new Uint8ClampedArray(4), width: 1, height: 1 }, { topK: 1 })[0]!.label;
       const same: FromSource = label;
       // @ts-expect-error it is no label
       const wrong: Label = 'no such label';
       // @ts-expect-error the weights are needed
       create();
       export default [labels, same, wrong, model.selfTest().passed satisfies boolean];`,
    );
    const program = ts.createProgram([consumer, at('code', 'model.ts')], {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
      types: [],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
    });
    const messages = ts
      .getPreEmitDiagnostics(program)
      .map((d) => `${d.file?.fileName}: ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`);
    expect(messages).toEqual([]);
  });
});
