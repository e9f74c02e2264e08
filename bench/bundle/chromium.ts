/** The runtimes inside Chromium: a page each, measured in turn. Timers are exact where the page is cross-origin isolated. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Artifacts } from './artifacts.ts';
import type { Hello } from './compare.ts';
import type { Peers } from './processes.ts';

export interface PageRuntime {
  readonly own: boolean;
  readonly name: 'netlathe' | 'ort' | 'tfjs' | 'litert';
  readonly options: Readonly<Record<string, string | number>>;
}

export function pageRuntimes({ bundles, graph }: Artifacts): readonly PageRuntime[] {
  const { height, width } = graph.input;
  const own = bundles.flatMap(({ weights }) =>
    ['simd', 'relaxed', 'js'].map((backend) => ({
      ...{ own: true, name: 'netlathe' as const },
      options: { folder: `/art/${weights}`, backend },
    })),
  );
  const peers = (['ort', 'tfjs', 'litert'] as const).map((name) => ({
    ...{ own: false, name },
    options: { height, width, version: '2.5.3' },
  }));
  return [...own, ...peers];
}

export interface OpenPage {
  readonly hello: Hello;
  readonly page: Page;
}

export class PageBench {
  readonly #browser: Browser;
  readonly #files: (pathname: string) => Promise<Uint8Array | string>;
  readonly version: string;

  private constructor(browser: Browser, files: (pathname: string) => Promise<Uint8Array | string>) {
    this.#browser = browser;
    this.#files = files;
    this.version = browser.version();
  }

  static async start(
    executablePath: string,
    artifacts: Artifacts,
    peers: Peers,
  ): Promise<PageBench> {
    const files = await filesOf(artifacts, peers);
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    return new PageBench(browser, files);
  }

  async open({ name, options }: PageRuntime): Promise<OpenPage> {
    const page = await this.#browser.newPage();
    await page.route('**/*', async (route) => {
      const { pathname } = new URL(route.request().url());
      try {
        const body = Buffer.from(await this.#files(pathname));
        await route.fulfill({ body, contentType: typeOf(pathname), headers: isolated });
      } catch {
        await route.fulfill({ status: 404 });
      }
    });
    await page.goto('https://bench.test/');
    await page.waitForFunction('globalThis.openRuntime !== undefined');
    const call = `openRuntime(${JSON.stringify(name)}, ${JSON.stringify(options)})`;
    return { page, hello: await page.evaluate<Hello>(call) };
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}

/** Without these headers a browser rounds its clock to a tenth of a millisecond. */
const isolated = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

function typeOf(pathname: string): string {
  if (pathname === '/') return 'text/html';
  if (/\.m?js$/.test(pathname)) return 'text/javascript';
  return pathname.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream';
}

async function filesOf({ folder }: Artifacts, peers: Peers) {
  const litert = await bundled(
    path.join(peers.folder, 'node_modules/@litertjs/core/dist/index.js'),
  );
  return async (pathname: string): Promise<Uint8Array | string> => {
    if (pathname === '/') return readFile(path.join(import.meta.dirname, 'page.html'));
    if (pathname === '/page.mjs') return readFile(path.join(import.meta.dirname, 'page.mjs'));
    if (pathname === '/layers.js') return readFile(peers.layers);
    if (pathname === '/litert.mjs') return litert;
    if (pathname.startsWith('/art/')) return readFile(path.join(folder, pathname.slice(5)));
    return readFile(path.join(peers.folder, pathname.replace('/peers/', '')));
  };
}

/** Its package imports another by name, which a page cannot. */
async function bundled(entry: string): Promise<string> {
  const { outputFiles } = await build({
    ...{ entryPoints: [entry], bundle: true, format: 'esm', write: false, minify: true },
  });
  return outputFiles[0]?.text ?? '';
}
