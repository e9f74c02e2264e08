/**
 * A module of every network of the zoo up to 10M parameters, with random weights, in fp32 and in int8. Each tests itself against the
 * evaluator's logits in Node and, where there is one, in Chromium with the network cut, by all backends.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';
import type { Metadata } from '../../compiler/7-emit/ts/metadata.ts';
import { compile, isComplete } from '../../compiler/compile.ts';
import { supportsRelaxed } from '../../runtime/kernels/load.ts';
import type { SelfTestResult } from '../../templates/support/types.ts';
import { bundleOf, moduleOf, randomWeights, textOf } from '../../test/emit/support.ts';
import { photos } from '../../test/support/photos.ts';
import type { Proof, Trial } from './harness.ts';
import { root } from './job.ts';

const zoo = path.join(root, 'architectures');
const mostParams = 10e6;
const executablePath = process.env.NETLATHE_CHROMIUM ?? '/usr/bin/chromium';
const backends = ['simd', 'relaxed', 'js'] as const;
const weightTypes = ['fp32', 'int8'] as const;

export const proof: Proof = {
  name: 'modules',
  promise: 'An emitted module gives the logits of the trained network, in Node and in Chromium',
  unit: 'self tests',
  seconds: 480,
  cases: 1000,
  run: async (trial) => {
    const browser = existsSync(executablePath)
      ? await chromium.launch({ executablePath, args: ['--no-sandbox'] })
      : undefined;
    if (!browser) trial.note(`no Chromium at ${executablePath}: Node alone`);
    let networks = 0;
    for (const { name } of trial.named(zooFiles())) {
      if (await tryNetwork(trial, name, browser)) networks++;
    }
    await browser?.close();
    trial.note(`${networks} networks${browser ? `, Chromium ${browser.version()}` : ''}`);
  },
};

function zooFiles(): readonly { readonly name: string }[] {
  return readdirSync(zoo)
    .sort()
    .map((name) => ({ name }));
}

async function tryNetwork(trial: Trial, file: string, browser: Browser | undefined) {
  const { graph, params } = graphOf(file);
  if (params > mostParams) return false;
  const store = randomWeights(graph);
  const made = photos(4, 3, 1, 2 * graph.input.height);
  const int8 = { training: made, validation: made, calibrate: 4, seed: 0, keep: [] };
  for (const weights of weightTypes) {
    const files = await bundleOf(graph, store, {
      weights,
      ...(weights === 'int8' ? { int8 } : {}),
    });
    const all: [string, readonly SelfTestResult[]][] = [['Node', await inNode(files)]];
    if (browser) all.push(['Chromium', await inChromium(browser, files)]);
    const size = brotliCompressSync(textOf(files, 'model.mjs')).length;
    const about = `${file}, ${weights}`;
    process.stderr.write(
      `${about}: ${params} parameters, code ${size} bytes brotli${inFloats(files)}\n`,
    );
    for (const [where, results] of all) {
      for (const { backend, passed, maxDifference } of results) {
        trial.done();
        if (!passed)
          trial.fail(file, `${weights}: ${backend} in ${where} is off by ${maxDifference}`);
      }
    }
  }
  return true;
}

/** What of an int8 network has no form in bytes. */
function inFloats(files: Files): string {
  const { int8 } = JSON.parse(textOf(files, 'metadata.json')) as Metadata;
  return int8 && int8.floats.length > 0 ? `; in floats: ${int8.floats.join(', ')}` : '';
}

function graphOf(file: string) {
  const resolve = (reference: string) =>
    path.join(zoo, `${path.basename(reference, '.yaml')}.yaml`);
  const compilation = compile({ resolve, read: (at) => readFileSync(at, 'utf8') }, file);
  if (!isComplete(compilation)) throw new Error(`${file}: ${compilation.diagnostics[0]?.message}`);
  return { graph: compilation.graph, params: compilation.counts.params.trainable };
}

type Files = Awaited<ReturnType<typeof bundleOf>>;

async function inNode(files: Files): Promise<readonly SelfTestResult[]> {
  const { create } = await moduleOf(files);
  const weights = files.get('weights.bin') as Uint8Array;
  const results: SelfTestResult[] = [];
  for (const backend of backends) {
    if (backend === 'relaxed' && !supportsRelaxed()) continue;
    const model = await create({ weights, backend }).catch((error: unknown) => {
      // The first compiler of V8 11.3 gets the relaxed product of bytes wrong; modules notice, and take another.
      if (backend === 'relaxed') return undefined;
      throw error;
    });
    if (model) results.push(model.selfTest());
  }
  return results;
}

async function inChromium(browser: Browser, files: Files): Promise<readonly SelfTestResult[]> {
  const page = await browser.newPage();
  await page.route('**/*', (route) => {
    const name = new URL(route.request().url()).pathname;
    if (name === '/') return route.fulfill({ contentType: 'text/html', body: '<!doctype html>' });
    const body = Buffer.from(files.get(name.slice(1)) ?? new Uint8Array());
    return body.length > 0 ? route.fulfill({ body }) : route.abort();
  });
  await page.goto('https://app.test/');
  await page.addScriptTag({ content: textOf(files, 'model.cjs') });
  const results = await page.evaluate<SelfTestResult[]>(`(async () => {
    const weights = await (await fetch('weights.bin')).arrayBuffer();
    const results = [];
    for (const backend of ${JSON.stringify(backends)}) {
      results.push((await NetlatheModel.create({ weights, backend })).selfTest());
    }
    return results;
  })()`);
  await page.close();
  return results;
}
