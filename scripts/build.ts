/**
 * `npm run build`, and so `npm ci` and `npm pack`: makes what is generated, builds the kernels, compiles to dist/ and
 * puts beside the compiled code the files that it looks up there.
 */

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildKernels } from './build-kernels.ts';
import { buildSupport } from './build-support.ts';
import { generate } from './generate.ts';

const root = path.join(import.meta.dirname, '..');
const at = (file: string) => path.join(root, file);

/** Files that tsc does not carry over, at the same place below dist/. */
const carried = [
  'compiler/2-validate/validator.generated.js',
  'compiler/2-validate/validator.generated.d.ts',
  'compiler/suite/validator.generated.js',
  'compiler/suite/validator.generated.d.ts',
  'runtime/kernels/build/strict.wasm',
  'runtime/kernels/build/relaxed.wasm',
];

function compileTypeScript(): void {
  const tsc = at('node_modules/typescript/bin/tsc');
  const options = ['-p', at('tsconfig.build.json')];
  const { status } = spawnSync(process.execPath, [tsc, ...options], { stdio: 'inherit' });
  // tsc has said what is wrong.
  if (status !== 0) process.exit(1);
}

await generate();
await buildKernels();
await buildSupport();
rmSync(at('dist'), { recursive: true, force: true });
compileTypeScript();
for (const file of carried) {
  if (!existsSync(at(file))) throw new Error(`${file} was not built`);
  cpSync(at(file), at(path.join('dist', file)));
}
chmodSync(at('dist/cli/bin.js'), 0o755);
