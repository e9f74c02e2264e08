/** The package's root folder, the same whether this file runs from the sources or from dist/. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let found: string | undefined;

export function packageRoot(): string {
  found ??= locate(dirname(fileURLToPath(import.meta.url)));
  return found;
}

function locate(start: string): string {
  for (let folder = start; ; ) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) {
      const { name }: { name?: unknown } = JSON.parse(readFileSync(manifest, 'utf8'));
      // The name is checked because dist/ or a template may hold a package.json of its own.
      if (name === 'netlathe') return folder;
    }
    const above = dirname(folder);
    if (above === folder) throw new Error('netlathe is not inside its own package');
    folder = above;
  }
}
