/** The package this code is part of, whether it runs from source or from dist/. */

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

interface Manifest {
  readonly name?: unknown;
  readonly version?: unknown;
}

let found: { readonly root: string; readonly manifest: Manifest } | undefined;

function locate(): NonNullable<typeof found> {
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); ; ) {
    const file = path.join(folder, 'package.json');
    if (existsSync(file)) {
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
      if (manifest.name === 'netlathe') return { root: folder, manifest };
    }
    const above = path.dirname(folder);
    if (above === folder) throw new Error('netlathe bug: its package.json is missing');
    folder = above;
  }
}

export function packageRoot(): string {
  found ??= locate();
  return found.root;
}

export function packageVersion(): string {
  found ??= locate();
  return String(found.manifest.version);
}
