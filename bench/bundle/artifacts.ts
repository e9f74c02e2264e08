/** The same network with the same weights in every runtime's format, in one folder. */

import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { saveTfjsModel } from '../../compiler/7-emit/tfjs/index.ts';
import type { EmitOptions } from '../../compiler/7-emit/ts/emit.ts';
import { writeBundle } from '../../compiler/7-emit/write-bundle.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { weightsToSafetensors } from '../../compiler/weights/index.ts';
import { Random } from '../../runtime/train/random.ts';
import { bundleOf, randomWeights } from '../../test/emit/support.ts';
import { photos } from '../../test/support/photos.ts';

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
  const bundles = [];
  for (const [name, options] of Object.entries(storages(graph))) {
    const files = await bundleOf(graph, weights, options);
    bundles.push({ weights: name, folder: path.join(folder, name) });
    await writeBundle(path.join(folder, name), files, { force: true });
  }
  await saveTfjsModel(graph, weights, path.join(folder, 'tfjs'));
  await writeFile(path.join(folder, 'weights.safetensors'), weightsToSafetensors(weights));
  await writeFile(path.join(folder, 'network.json'), JSON.stringify(described(graph)));
  const image = path.join(folder, 'image.f32');
  await writeFile(image, new Uint8Array(randomImage(graph).buffer));
  execFileSync(python, [path.join(import.meta.dirname, 'convert.py'), folder], { stdio: 'pipe' });
  return { folder, graph, image, bundles };
}

/** How weights are stored. int8 is calibrated on drawn pictures: their speed is that of photos. */
function storages({ input, classes }: Graph): Readonly<Record<string, Partial<EmitOptions>>> {
  const drawn = photos(8, classes.length, 1, input.height);
  const rest = { calibrate: 8, seed: 0, keep: [] };
  return {
    fp32: {},
    int8: { weights: 'int8', int8: { training: drawn, validation: drawn, ...rest } },
  };
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
