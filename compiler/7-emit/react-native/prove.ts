/** Runs what React Native would run: the plain module where nothing but the language is, and the scripts of the page. */

import vm from 'node:vm';
import type { CreateOptions, Model, SelfTestResult } from '../../../templates/support/types.ts';
import type { Proof } from '../targets.ts';
import type { BundleFiles } from '../ts/emit.ts';
import { resultOf } from '../ts/self-test.ts';

type Create = (options?: CreateOptions) => Promise<Model>;

/** A context without WebAssembly, as Hermes has none. */
export function createInHermes(module: string): Create {
  const exports: { create?: Create } = {};
  const context = vm.createContext({ exports, WebAssembly: undefined });
  vm.runInContext(module, context);
  if (!exports.create) throw new Error('netlathe bug: the module exports nothing');
  return exports.create;
}

/** The string that the module of the page exports. */
export function pageIn(module: string): string {
  const exports: { modelPage?: string } = {};
  vm.runInNewContext(module, { exports });
  return exports.modelPage ?? '';
}

export async function proveReactNative(files: BundleFiles): Promise<Proof> {
  const textOf = (name: string): string => Buffer.from(files.get(name) ?? '').toString();
  const plain = await createInHermes(textOf('model.rn.js'))();
  const [, script] = /<script>(.*?)<\/script>/s.exec(pageIn(textOf('modelPage.js'))) ?? [];
  const page = vm.createContext({ WebAssembly });
  vm.runInContext(script ?? '', page);
  const create = vm.runInContext('NetlatheModel.create', page) as Create;
  const inPage = await create({ backend: 'simd' });
  const results: readonly SelfTestResult[] = [plain.selfTest(), inPage.selfTest()];
  return resultOf(files, results);
}
