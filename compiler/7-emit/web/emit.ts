/** Target `web`: a page that takes pictures and says what is on them, without a network once it was loaded. */

import { filled, templateText } from '../skeleton.ts';
import { codeOf, htmlOf, shownOf } from '../text.ts';
import {
  type BundleFiles,
  type EmitInput,
  type EmitOptions,
  emitModule,
  jsonFile,
  sha256,
} from '../ts/emit.ts';
import { banner } from '../ts/header.ts';
import { metadataFor } from '../ts/metadata.ts';
import { loadSupport } from '../ts/support.ts';
import { groundOf, iconOf } from './icon.ts';

export async function emitWeb(input: EmitInput, options: EmitOptions): Promise<BundleFiles> {
  const module = await emitModule(input, { ...options, embed: false });
  const files = await pageFiles(input, module, { worker: true });
  files.set('metadata.json', jsonFile(metadataFor('web', module, files)));
  return files;
}

/** What the page is put together from; `worker`: whether it keeps itself for offline use. */
export async function pageFiles(
  { graph, counts, netlathe }: EmitInput,
  module: BundleFiles,
  { worker }: { readonly worker: boolean },
): Promise<Map<string, Uint8Array>> {
  const support = await loadSupport();
  const { name, input, classes } = graph;
  const files = new Map<string, Uint8Array>();
  const text = (file: string, contents: string): void => {
    files.set(file, Buffer.from(contents));
  };
  text('app.css', await filled('web/app.css', { banner, css: await templateText('web/app.css') }));
  text('app.js', await filled('web/app.js', { banner, app: support.web.app }));
  for (const file of ['model.mjs', 'weights.bin']) {
    files.set(file, module.get(file) as Uint8Array);
  }
  for (const { size, ...style } of icons) {
    files.set(iconName(size, style), iconOf(name, size, style));
  }
  text('manifest.webmanifest', `${JSON.stringify(manifestOf(name), null, 2)}\n`);
  text(
    'index.html',
    await filled('web/index.html', {
      banner,
      title: htmlOf(name),
      width: `${input.width}`,
      height: `${input.height}`,
      resize: graph.preprocessing.resize,
      worker: worker ? 'sw.js' : '',
      classes: `${classes.length}`,
      facts: htmlOf(
        `${counts.params.trainable.toLocaleString('en-US')} parameters. Made with netlathe ${netlathe}.`,
      ),
    }),
  );
  if (worker) text('sw.js', await workerText(files, support.web.worker));
  return files;
}

/** Its version is a hash of all files: another byte anywhere is another version. */
async function workerText(files: BundleFiles, worker: string): Promise<string> {
  const hashes = [...files].map(([file, contents]) => `${file} ${sha256(contents)}`);
  return filled('web/sw.js', {
    banner,
    worker,
    version: codeOf(sha256(hashes.join('\n')).slice(0, 16)),
    files: codeOf([...files.keys()]),
  });
}

interface Icon {
  readonly size: number;
  readonly scale: number;
}

const icons: readonly Icon[] = [
  { size: 180, scale: 0.92 },
  { size: 192, scale: 1 },
  { size: 512, scale: 1 },
  { size: 512, scale: 0.74 },
];

function iconName(size: number, { scale }: { readonly scale: number }): string {
  return `icons/${size}${scale < 0.8 ? '-maskable' : ''}.png`;
}

function manifestOf(name: string): object {
  const colour = `#${groundOf(name)
    .map((value) => value.toString(16).padStart(2, '0'))
    .join('')}`;
  return {
    name: shownOf(name),
    short_name: shownOf(name, 12),
    start_url: './',
    scope: './',
    display: 'standalone',
    background_color: '#fbfaf7',
    theme_color: colour,
    icons: icons
      .filter(({ size }) => size !== 180)
      .map(({ size, scale }) => ({
        src: iconName(size, { scale }),
        sizes: `${size}x${size}`,
        type: 'image/png',
        purpose: scale < 0.8 ? 'maskable' : 'any',
      })),
  };
}
