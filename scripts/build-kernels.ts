/**
 * Compiles runtime/kernels/wasm/index.ts to the two modules that runtime/kernels/load.ts instantiates: strict.wasm, which
 * gives the same bits on every machine, and relaxed.wasm, which may fuse a multiply and an add.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import asc from 'assemblyscript/asc';

const ROOT = join(import.meta.dirname, '..');
const ENTRY = 'runtime/kernels/wasm/index.ts';
const OUT = join(ROOT, 'runtime/kernels/build');

export type Build = 'strict' | 'relaxed';
export const BUILDS: readonly Build[] = ['strict', 'relaxed'];

function options(build: Build): string[] {
  const relaxed = build === 'relaxed';
  return [
    ENTRY,
    ...['--baseDir', ROOT],
    ...['--outFile', 'kernels.wasm'],
    ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--noAssert'],
    ...['--runtime', 'stub'],
    ...['--importMemory', '--sharedMemory', '--noExportMemory'],
    ...['--initialMemory', '1', '--maximumMemory', '65536'],
    ...['--enable', relaxed ? 'simd,threads,relaxed-simd' : 'simd,threads'],
    // AS112: v128 passed between functions, all of which stay inside the module.
    ...['--disableWarning', '112'],
    ...['--use', `RELAXED=${relaxed ? 1 : 0}`],
  ];
}

/** The bytes of one build. The same sources and the same assemblyscript give the same bytes. */
export async function compileKernels(build: Build): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(options(build), {
    writeFile: (_name, contents) => {
      if (typeof contents !== 'string') binary = contents;
    },
  });
  const messages = stderr.toString();
  if (error || !binary) throw new Error(`asc could not build the ${build} kernels\n${messages}`);
  if (messages.trim()) process.stderr.write(messages);
  return binary;
}

/** Compiles both builds. Each file is replaced by a rename, so that no reader sees half of one. */
export async function buildKernels(out = OUT): Promise<void> {
  await mkdir(out, { recursive: true });
  for (const build of BUILDS) {
    const target = join(out, `${build}.wasm`);
    const temporary = `${target}.${process.pid}.tmp`;
    await writeFile(temporary, await compileKernels(build));
    await rename(temporary, target);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await buildKernels();
