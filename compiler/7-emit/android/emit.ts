/**
 * Target `android`: an app that can be installed, made without an Android SDK. The page of target `web` lies in it as
 * assets, shown by a WebView; the code around it is always the same and comes ready-made (scripts/build-dex.ts).
 */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../../../runtime/package-root.ts';
import type { Proof, TargetOptions } from '../targets.ts';
import { type BundleFiles, type EmitInput, emitModule, jsonFile } from '../ts/emit.ts';
import { metadataFor } from '../ts/metadata.ts';
import { selfTest } from '../ts/self-test.ts';
import { pageFiles } from '../web/emit.ts';
import { binaryXml } from './binary-xml.ts';
import { type App, adaptiveIcon, appOf, manifestOf, paths } from './manifest.ts';
import { appIdOf, slugOf } from './names.ts';
import { projectFiles } from './project.ts';
import { resourceTable } from './resources.ts';
import { signedApk } from './sign.ts';
import { archiveOf, fileOf } from './zip.ts';

export async function emitAndroid(input: EmitInput, options: TargetOptions): Promise<BundleFiles> {
  const { signer } = options;
  if (!signer) throw new Error('netlathe bug: an app that nobody signs');
  const { name } = input.graph;
  const module = await emitModule(input, { ...options, embed: false });
  const page = await pageFiles(input, module, { worker: false });
  const app = appOf(name, options.appId ?? appIdOf(name));
  const files = new Map<string, Uint8Array>();
  files.set(`${slugOf(name)}.apk`, signedApk(archiveOf(await apkFiles(app, page)), signer));
  if (options.project) {
    for (const [file, contents] of await projectFiles(app, page)) {
      files.set(`project/${file}`, contents);
    }
  }
  files.set('metadata.json', jsonFile(metadataFor('android', module, files)));
  return files;
}

async function apkFiles(app: App, page: BundleFiles): Promise<ReadonlyMap<string, Uint8Array>> {
  const code = await readFile(path.join(packageRoot(), 'templates/android/classes.dex'));
  return new Map<string, Uint8Array>([
    ['AndroidManifest.xml', binaryXml(manifestOf(app, { gradle: false }))],
    ['classes.dex', code],
    ['resources.arsc', resourceTable(app.id, app.resources)],
    [paths.icon, app.icon],
    [paths.adaptive, binaryXml(adaptiveIcon(app))],
    [paths.foreground, app.foreground],
    ...[...page].map(([file, contents]) => [`assets/www/${file}`, contents] as const),
  ]);
}

/** Tests the module that lies in the app, taken out of it again. */
export async function proveAndroid(files: BundleFiles): Promise<Proof> {
  const [apk] = [...files].flatMap(([file, contents]) => (file.endsWith('.apk') ? [contents] : []));
  const module = new Map(files);
  for (const file of ['model.mjs', 'weights.bin']) {
    const contents = apk && fileOf(apk, `assets/www/${file}`);
    if (!contents) throw new Error(`netlathe bug: the app has no ${file}`);
    module.set(file, contents);
  }
  return selfTest(module);
}
