/** How long a fresh process takes from importing a bundle to its first logits, and what memory that costs it. */

import { execFile } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

export interface StartUp {
  /** Milliseconds: import to first logits, the best of a few runs. */
  readonly milliseconds: number;
  /** Growth of the process in bytes. */
  readonly residentBytes: number;
}

/** The bundle's place comes as an argument: no text of a user is part of a program. */
const program = `
import { readFileSync } from 'node:fs';
const [module, weights] = process.argv.slice(1);
const before = process.memoryUsage.rss();
const start = performance.now();
const { create } = await import(module);
const model = await create(weights ? { weights: readFileSync(weights), backend: 'simd' } : { backend: 'simd' });
const { height, width } = model.info.input;
model.logits({ data: new Uint8Array(height * width * 3), width, height });
const milliseconds = performance.now() - start;
console.log(JSON.stringify({ milliseconds, residentBytes: process.memoryUsage.rss() - before }));
`;

export async function measureStartUp(folder: string, embedded: boolean): Promise<StartUp> {
  const module = pathToFileURL(path.resolve(folder, 'model.mjs')).href;
  const weights = embedded ? [] : [path.resolve(folder, 'weights.bin')];
  let best: StartUp | undefined;
  for (let i = 0; i < 5; i++) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...['--input-type=module', '-e', program, '--', module],
      ...weights,
    ]);
    const found = JSON.parse(stdout) as StartUp;
    if (!best || found.milliseconds < best.milliseconds) best = found;
  }
  return best as StartUp;
}
