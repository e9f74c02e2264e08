/** Finds, probes and instantiates the built kernels (scripts/build-kernels.ts writes them). */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { packageRoot } from '../package-root.ts';

/** `strict` gives the same bits on every machine; `relaxed` may round a multiply and an add once. */
export type KernelBuild = 'strict' | 'relaxed';

/** A kernel as WebAssembly exports it: byte offsets and scalars in the order of its record, then begin and end. */
export type KernelFunction = (...args: number[]) => void;
export type KernelExports = Readonly<Record<string, KernelFunction>>;

export const PAGE_BYTES = 65536;
const MAX_PAGES = 65536;

/** (func (param v128 v128 v128) (result v128) local.get 0..2 f32x4.relaxed_madd), the smallest module that needs it. */
const RELAXED_PROBE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x08, 0x01, 0x60, 0x03, 0x7b, 0x7b, 0x7b, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x0d, 0x01, 0x0b, 0x00, 0x20, 0x00, 0x20, 0x01, 0x20, 0x02, 0xfd, 0x85, 0x02, 0x0b],
);

/** Whether this process can run the relaxed build. Node 20 has relaxed SIMD behind a V8 flag, which is set here. */
export function supportsRelaxed(): boolean {
  if (WebAssembly.validate(RELAXED_PROBE)) return true;
  // Newer V8s have it on and warn about the flag, hence only after a failed probe. Unknown flags do no harm.
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  return WebAssembly.validate(RELAXED_PROBE);
}

/** The build's file: beside the compiled code in a published package, beside the sources in a checkout. */
export function kernelFile(build: KernelBuild): string {
  const root = packageRoot();
  const candidates = ['runtime/kernels/build', 'dist/runtime/kernels/build'];
  const files = candidates.map((folder) => join(root, folder, `${build}.wasm`));
  const file = files.find((path) => existsSync(path));
  if (!file) throw new Error(`The ${build} kernels are not built: run "npm run build"`);
  return file;
}

const modules = new Map<KernelBuild, Promise<WebAssembly.Module>>();

/**
 * Compiles one build, once in a process: who knows early that it will be needed can ask early. The module can be posted
 * to worker threads, which then only instantiate it.
 */
export function compileKernelModule(build: KernelBuild): Promise<WebAssembly.Module> {
  const known = modules.get(build);
  if (known) return known;
  const compiling = compile(build);
  modules.set(build, compiling);
  compiling.catch(() => modules.delete(build));
  return compiling;
}

async function compile(build: KernelBuild): Promise<WebAssembly.Module> {
  if (build === 'relaxed' && !supportsRelaxed()) {
    throw new Error('This JavaScript engine has no relaxed SIMD: use the strict kernels');
  }
  return WebAssembly.compile(await readFile(kernelFile(build)));
}

/** A shared memory of at least `bytes`, which never grows. */
export function createKernelMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.max(1, Math.ceil(bytes / PAGE_BYTES));
  if (pages > MAX_PAGES) throw new RangeError(`${bytes} bytes exceed WebAssembly's 4 GiB`);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** The kernels bound to a memory: once in every thread, all over the same memory. */
export function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): KernelExports {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports as Record<string, KernelFunction>;
}
