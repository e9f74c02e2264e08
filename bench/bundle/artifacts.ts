/** The same network with the same weights in every runtime's format, in one folder. */

import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { saveTfjsModel } from '../../compiler/7-emit/tfjs/index.ts';
import { writeBundle } from '../../compiler/7-emit/write-bundle.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { weightsToSafetensors } from '../../compiler/weights/index.ts';
import { Random } from '../../runtime/train/random.ts';
import { bundleOf, randomWeights } from '../../test/emit/support.ts';

export interface Artifacts {
  readonly folder: string;
  readonly graph: Graph;
  readonly image: string;
  /** Bundles by how their weights are stored. */
  readonly bundles: readonly { readonly weights: string; readonly folder: string }[];
}

export async function makeArtifacts(
  graph: Graph,
  folder: string,
  python: string,
): Promise<Artifacts> {
  await mkdir(folder, { recursive: true });
  const weights = randomWeights(graph);
  const fp32 = path.join(folder, 'fp32');
  await writeBundle(fp32, await bundleOf(graph, weights), { force: true });
  await saveTfjsModel(graph, weights, path.join(folder, 'tfjs'));
  await writeFile(path.join(folder, 'weights.safetensors'), weightsToSafetensors(weights));
  await writeFile(path.join(folder, 'network.json'), JSON.stringify(described(graph)));
  const image = path.join(folder, 'image.f32');
  await writeFile(image, new Uint8Array(randomImage(graph).buffer));
  execFileSync(python, [path.join(import.meta.dirname, 'convert.py'), folder], { stdio: 'pipe' });
  return { folder, graph, image, bundles: [{ weights: 'fp32', folder: fp32 }] };
}

/** What convert.py reads. */
function described({ input, nodes, output, classes }: Graph) {
  const parts = nodes.map(({ name, op, attributes, inputs }) => ({ name, op, attributes, inputs }));
  return { input, output, classes: classes.length, nodes: parts };
}

function randomImage({ input }: Graph): Float32Array {
  const random = new Random(7, 1);
  const length = input.height * input.width * input.channels;
  return Float32Array.from({ length }, () => random.integer(2001) / 1000 - 1);
}

/** What a page has to load, in bytes of brotli. */
export async function brotliBytes(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    files.map(async (file) => brotliCompressSync(await readFile(file)).length),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
