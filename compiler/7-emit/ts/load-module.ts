/** Imports an emitted module: from its text before it is written, or from its folder. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { CreateOptions, Model } from '../../../templates/support/types.ts';

export interface EmittedModule {
  readonly create: (options?: CreateOptions) => Promise<Model>;
  readonly labels: readonly string[];
}

export async function loadModule(text: string): Promise<EmittedModule> {
  const url = `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`;
  return (await import(/* @vite-ignore */ url)) as EmittedModule;
}

export async function loadBundle(folder: string): Promise<EmittedModule> {
  return loadModule(await readFile(path.join(folder, 'model.mjs'), 'utf8'));
}
