/** The package this code is part of. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../runtime/package-root.ts';

export { packageRoot };

let version: string | undefined;

export function packageVersion(): string {
  version ??= readVersion();
  return version;
}

function readVersion(): string {
  const text = readFileSync(path.join(packageRoot(), 'package.json'), 'utf8');
  const manifest: { readonly version?: unknown } = JSON.parse(text);
  return String(manifest.version);
}
