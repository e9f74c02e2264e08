/** What is damaged: the zoo, and the samples of mistakes. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface Corpus {
  readonly texts: readonly string[];
  readonly byName: ReadonlyMap<string, string>;
}

export function readCorpus(): Corpus {
  const root = path.join(import.meta.dirname, '../..');
  const byName = new Map<string, string>();
  for (const folder of ['architectures', 'test/errors/samples']) {
    for (const name of readdirSync(path.join(root, folder)).sort()) {
      if (!name.endsWith('.yaml')) continue;
      byName.set(name, readFileSync(path.join(root, folder, name), 'utf8'));
    }
  }
  return { texts: [...byName.values()], byName };
}
