/** What int8 costs a network: agreement and accuracy on photos, and the noise that each layer adds. */

import type { ImageSet } from '../../../runtime/data/index.ts';
import { Evaluator } from '../../../runtime/train/evaluator.ts';
import type { Model } from '../../../templates/support/types.ts';
import type { Quantization } from '../../6-lower/int8/lower.ts';
import { inputsOf, type LayerNoise, noiseOf } from './calibrate.ts';
import type { EmitInput, Int8Options } from './emit.ts';
import { largestOf, photoOf } from './verify.ts';

export interface Int8Quality {
  readonly calibrated: number;
  readonly kept: readonly string[];
  /** All layers that run in floats. */
  readonly floats: readonly string[];
  /** Photos of the validation set; shares of them. */
  readonly photos: number;
  /** The class that the trained network names. */
  readonly agreement: number;
  /** The right class, in int8 and as trained. */
  readonly accuracy: number;
  readonly trainedAccuracy: number;
  /** The signal-to-noise ratio behind each layer, and behind the network. */
  readonly layers: readonly LayerNoise[];
}

/** Photos by which the noise is measured. */
const noisePhotos = 16;

export async function int8Quality(
  { graph, weights }: EmitInput,
  quantization: Quantization,
  { training, validation, calibrate, seed }: Int8Options,
  model: Model,
  floats: readonly string[],
): Promise<Int8Quality> {
  const trained = await evaluate({ graph, weights }, validation);
  const classes = graph.classes.length;
  let [agreed, correct, trainedCorrect] = [0, 0, 0];
  for (let n = 0; n < validation.count; n++) {
    const expected = largestOf(trained.subarray(n * classes, (n + 1) * classes));
    const actual = largestOf(model.logits(photoOf(validation, n)));
    if (actual === expected) agreed++;
    if (actual === validation.labels[n]) correct++;
    if (expected === validation.labels[n]) trainedCorrect++;
  }
  const photos = Math.max(1, validation.count);
  const inputs = inputsOf(graph, validation, noisePhotos, seed);
  return {
    calibrated: Math.min(calibrate, training.count),
    kept: [...quantization.keep],
    floats,
    photos: validation.count,
    agreement: agreed / photos,
    accuracy: correct / photos,
    trainedAccuracy: trainedCorrect / photos,
    layers: (await noiseOf(graph, weights, quantization, inputs)).map(({ layer, decibels }) => ({
      layer,
      decibels: Math.round(decibels * 10) / 10,
    })),
  };
}

async function evaluate(
  { graph, weights }: Pick<EmitInput, 'graph' | 'weights'>,
  images: ImageSet,
): Promise<Float32Array> {
  const evaluator = await Evaluator.create(graph, images, { threads: 1, build: 'strict' });
  try {
    return await evaluator.run(weights);
  } finally {
    await evaluator.close();
  }
}

export interface LayerLoss extends LayerNoise {
  /** By how much the ratio is lower than behind any layer before. */
  readonly lost: number;
}

/** The layers behind which the ratio falls the most, the worst first. */
export function worstLayers(layers: readonly LayerNoise[], count: number): readonly LayerLoss[] {
  return layers
    .map((noise, i) => {
      const before = layers[i - 1]?.decibels ?? noise.decibels;
      return { ...noise, lost: before - noise.decibels };
    })
    .sort((a, b) => b.lost - a.lost)
    .slice(0, count);
}
