/**
 * Target `react-native`: the module in plain JavaScript for Hermes, which has no WebAssembly, and a component that runs it
 * by messages in a WebView, which has.
 */

import { createHash } from 'node:crypto';
import { filled } from '../skeleton.ts';
import { codeOf } from '../text.ts';
import {
  type BundleFiles,
  type Emission,
  type EmitInput,
  type EmitOptions,
  emissionOf,
  jsonFile,
} from '../ts/emit.ts';
import { banner, headerOf } from '../ts/header.ts';
import { metadataOf } from '../ts/metadata.ts';
import { kernelsOf, sourceFiles } from '../ts/source.ts';
import { loadSupport } from '../ts/support.ts';

export async function emitReactNative(
  input: EmitInput,
  options: EmitOptions,
): Promise<BundleFiles> {
  const emission = await emissionOf(input, { ...options, embed: true });
  const header = headerOf(emission, 'react-native');
  const sources = await sourceFiles(emission, header);
  const support = await loadSupport();
  const files = new Map<string, Uint8Array>();
  const text = (file: string, contents: string): void => {
    files.set(file, Buffer.from(contents));
  };
  text('model.rn.js', await plainModule(emission));
  text('model.rn.d.ts', sources['model.d.ts']);
  const page = codeOf(await pageOf(sources['model.cjs']));
  text('modelPage.js', await filled('native/modelPage.js', { header, page }));
  text('modelPage.d.ts', await filled('native/modelPage.d.ts', { banner }));
  const view = { banner, view: support.native.view };
  text('ModelWebView.tsx', await filled('native/ModelWebView.tsx', view));
  files.set('labels.json', jsonFile(input.graph.classes));
  const metadata = { ...metadataOf(emission, files), target: 'react-native' };
  files.set('metadata.json', jsonFile(metadata));
  return files;
}

/** Without the WASM that nothing there could run. */
async function plainModule(emission: Emission): Promise<string> {
  const support = await loadSupport();
  const spec = { ...emission.spec, wasm: {} };
  return filled('native/model.rn.js', {
    header: headerOf({ ...emission, spec }, 'react-native'),
    spec: codeOf(spec),
    core: support.native.core,
    kernels: kernelsOf(support, emission.plan.kernels),
  });
}

/** A page that runs these two scripts, known by their hashes, and nothing else. */
async function pageOf(module: string): Promise<string> {
  const { native } = await loadSupport();
  const model = `\n${module}`;
  const bridge = `\n(${native.bridge})(NetlatheModel.create, window);\n`;
  for (const script of [model, bridge]) {
    // Text of a user cannot hold these: codeOf sees to it.
    if (/<\/script|<!--/i.test(script)) {
      throw new Error('netlathe bug: a script that ends its element');
    }
  }
  const hashes = [model, bridge].map(
    (script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  return filled('native/page.html', { hashes: hashes.join(' '), model, bridge });
}
