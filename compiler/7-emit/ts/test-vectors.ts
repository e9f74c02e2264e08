/**
 * What a module tests itself with: made-up photos, drawn by the module from a seed, and their logits. They go the way
 * of real ones: encoded as PNG, decoded as a data set is, evaluated by the trainer.
 */

import sharp from 'sharp';
import { decodeImage, setOf } from '../../../runtime/data/index.ts';
import { Evaluator } from '../../../runtime/train/evaluator.ts';
import { testImage } from '../../../templates/support/self-test.ts';
import type { Model, TestVector } from '../../../templates/support/types.ts';
import type { Graph } from '../../graph/graph.ts';
import type { WeightStore } from '../../weights/index.ts';

type Drawing = Omit<TestVector, 'logits'>;

/** Wider than the input, higher, and smaller with transparency. */
function drawings({ input: { height, width } }: Graph): readonly Drawing[] {
  return [
    { seed: 1, width: Math.ceil(width * 1.7), height: height + 3, channels: 3 },
    { seed: 2, width: width + 1, height: Math.ceil(height * 2.3), channels: 3 },
    { seed: 3, width: Math.ceil(width / 2), height: Math.ceil(height / 1.5), channels: 4 },
  ];
}

export async function testVectors(
  graph: Graph,
  by: { readonly weights: WeightStore } | { readonly model: Model },
): Promise<readonly TestVector[]> {
  const all = drawings(graph);
  const classes = graph.classes.length;
  const logits =
    'model' in by
      ? all.map((drawing) => by.model.logits(testImage(drawing)).slice())
      : await evaluated(graph, by.weights, all).then((rows) =>
          all.map((_, i) => rows.slice(i * classes, (i + 1) * classes)),
        );
  return all.map((drawing, i) => ({
    ...drawing,
    logits: Buffer.from((logits[i] as Float32Array<ArrayBuffer>).buffer).toString('base64'),
  }));
}

async function evaluated(
  graph: Graph,
  weights: WeightStore,
  all: readonly Drawing[],
): Promise<Float32Array> {
  const photos = await Promise.all(
    all.map(async (drawing, i) => {
      const { data, width, height } = testImage(drawing);
      const raw = { width, height, channels: drawing.channels };
      const png = await sharp(data, { raw }).png().toBuffer();
      return { ...(await decodeImage(png)), path: `${i}.png` };
    }),
  );
  const evaluator = await Evaluator.create(graph, setOf(photos), { threads: 1, build: 'strict' });
  try {
    return await evaluator.run(weights);
  } finally {
    await evaluator.close();
  }
}
