/** Networks of the zoo with random weights, random photos of their size, and netlathe's logits for them. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { count as countGraph } from '../../compiler/5-budget/counts.ts';
import type { EmitInput } from '../../compiler/7-emit/ts/emit.ts';
import { compile, isComplete } from '../../compiler/compile.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import {
  type SafeTensor,
  type WeightStore,
  writeSafetensors,
} from '../../compiler/weights/index.ts';
import { setOf } from '../../runtime/data/index.ts';
import { Random } from '../../runtime/train/random.ts';
import { evaluated, randomWeights } from '../../test/emit/support.ts';
import { architectures } from '../../test/support/architectures.ts';
import { graphOf } from '../../test/support/compile.ts';

const zoo = path.join(import.meta.dirname, '../../architectures');

export const zooNames: readonly string[] = readdirSync(zoo)
  .map((file) => path.basename(file, '.yaml'))
  .sort();

export function zooInput(name: string): EmitInput {
  const resolve = (reference: string) =>
    path.join(zoo, `${path.basename(reference, '.yaml')}.yaml`);
  const compilation = compile({ resolve, read: (file) => readFileSync(file, 'utf8') }, name);
  if (!isComplete(compilation)) throw new Error(`${name}: ${compilation.diagnostics[0]?.message}`);
  const { graph, counts } = compilation;
  return { graph, weights: randomWeights(graph), counts, verdicts: [], source: '', netlathe: '0' };
}

/** Architectures over photos, drawn at random: between them they use every op, which the zoo does not. */
export function generatedInputs(count: number): readonly EmitInput[] {
  const photos = architectures().filter(({ spec }) => (spec as Drawn).input.channels === 3);
  return fc.sample(photos, { numRuns: count, seed: 5 }).map(({ yaml }) => {
    const graph = graphOf(yaml);
    const about = { counts: countGraph(graph), verdicts: [], source: '', netlathe: '0' };
    return { graph, weights: randomWeights(graph), ...about };
  });
}

interface Drawn {
  readonly input: { readonly channels: number };
}

export const photosEach = 2;

/** Bytes [photos, height, width, channels]. */
export function noise({ input: { height, width, channels } }: Graph): Uint8Array {
  const random = new Random(7, 1);
  const bytes = new Uint8Array(photosEach * height * width * channels);
  return bytes.map(() => random.integer(256));
}

/** What `netlathe eval` gives for photos that already have the size of the input. */
export async function expectedFile(graph: Graph, weights: WeightStore): Promise<Uint8Array> {
  const { height, width, channels } = graph.input;
  const bytes = noise(graph);
  const logits = await logitsOf(graph, weights, bytes);
  return writeSafetensors(
    new Map<string, SafeTensor>([
      ['bytes', { dtype: 'U8', shape: [photosEach, height, width, channels], bytes }],
      [
        'logits',
        {
          dtype: 'F32',
          shape: [photosEach, graph.classes.length],
          bytes: new Uint8Array(logits.buffer),
        },
      ],
    ]),
  );
}

/** Of bytes [photos, height, width, channels]. */
export async function logitsOf(
  graph: Graph,
  weights: WeightStore,
  bytes: Uint8Array,
): Promise<Float32Array> {
  const { height, width, channels } = graph.input;
  const each = height * width * channels;
  const photos = Array.from({ length: bytes.length / each }, (_, i) => ({
    path: `${i}`,
    width,
    height,
    format: 'png' as const,
    pixels: bytes.subarray(i * each, (i + 1) * each),
  }));
  const rows = await evaluated(graph, weights, setOf(photos));
  return Float32Array.from(rows.flatMap((row) => [...row]));
}

/** The largest difference, as a share of the largest value. */
export function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, largest] = [a.length === b.length ? 0 : Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < a.length; i++) {
    difference = Math.max(difference, Math.abs((a[i] as number) - (b[i] as number)));
    largest = Math.max(largest, Math.abs(b[i] as number));
  }
  return difference / largest;
}
