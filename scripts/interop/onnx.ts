/** A network as ONNX files, both ways of preprocessing, beside netlathe's own logits. */

import path from 'node:path';
import { emitOnnx } from '../../compiler/7-emit/onnx/emit.ts';
import type { BundleFiles, EmitInput } from '../../compiler/7-emit/ts/emit.ts';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { expectedFile } from './networks.ts';

export async function write(folder: string, files: BundleFiles): Promise<void> {
  for (const [file, contents] of files) await writeFileAtomic(path.join(folder, file), contents);
}

export async function prepareOnnx(input: EmitInput, folder: string): Promise<void> {
  await write(folder, emitOnnx(input, { preprocess: 'outside' }));
  await write(path.join(folder, 'inside'), emitOnnx(input, { preprocess: 'inside' }));
  const expected = await expectedFile(input.graph, input.weights);
  await write(folder, new Map([['expected.safetensors', expected]]));
}
