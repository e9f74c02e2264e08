// An emitted module, as a user's program would load it.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export async function open(folder, backend) {
  const { create } = await import(pathToFileURL(path.resolve(folder, 'model.mjs')).href);
  const weights = await readFile(path.join(folder, 'weights.bin'));
  const model = await create({ backend, weights });
  return {
    label: `netlathe ${model.info.weights} ${backend}`,
    run: (image) => model.logits(image),
  };
}
