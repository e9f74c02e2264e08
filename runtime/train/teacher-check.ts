/** How good a teacher is on what its student sees, and how much its softened targets say. */

import { lowerImages } from '../../compiler/6-lower/images.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { imageSet } from '../data/image-set.ts';
import type { ImageSet } from '../data/index.ts';
import { Engine } from '../engine/engine.ts';
import { type EvaluatorOptions, evaluateBatches } from './evaluator.ts';
import { batchBytes } from './feeder.ts';
import { type Prediction, softmax } from './figures.ts';
import { ResizeFeeder } from './resize-feeder.ts';
import { type Teacher, TeacherHost, teacherPlan } from './teacher.ts';

/** Logits [count, classes], in the order of the student's classes, of photos as the student sees them. */
export async function teacherLogits(
  teacher: Teacher,
  student: Graph,
  images: ImageSet,
  { threads, build, signal }: EvaluatorOptions & { readonly signal?: AbortSignal },
): Promise<Float32Array> {
  const batch = Math.max(1, Math.min(32, images.count));
  const plan = teacherPlan(teacher, student, true);
  const photoBytes = batchBytes(images, batch);
  const options = { batch, photoBytes, augmented: false, teacher: plan, threads };
  const program = lowerImages(student, options);
  if (!program.teacher) throw new Error('netlathe bug: the program has no teacher');
  const engine = await Engine.create(program.program, build);
  try {
    const feeder = new ResizeFeeder(student, images, program, engine);
    const host = new TeacherHost(engine, program.teacher, teacher, plan);
    const sizes = { count: images.count, batch, classes: student.classes.length };
    return await evaluateBatches(sizes, signal, (first, count) => {
      feeder.feed(first, count);
      engine.run('images');
      host.teach([]);
      return host.logits;
    });
  } finally {
    await engine.close();
  }
}

/** At most so many photos, spread over the whole set. */
export function sampleOf(images: ImageSet, most: number): ImageSet {
  if (images.count <= most) return images;
  const places = Array.from({ length: most }, (_, i) => Math.floor((i * images.count) / most));
  return imageSet(
    images.pixels,
    places.map((i) => ({
      path: images.paths[i] as string,
      hash: '',
      label: images.labels[i] as number,
      offset: images.offsets[i] as number,
      width: images.widths[i] as number,
      height: images.heights[i] as number,
    })),
  );
}

export interface Calibration {
  /** Expected calibration error: the mean gap between confidence and accuracy, over 10 bins (Guo et al. 2017). */
  readonly error: number;
  /** Mean of how sure it was of what it said. */
  readonly confidence: number;
}

const bins = 10;

export function calibrationOf(predictions: readonly Prediction[]): Calibration {
  const sums = Array.from({ length: bins }, () => ({ confidence: 0, correct: 0 }));
  for (const { confidence, label, predicted } of predictions) {
    const bin = sums[Math.min(bins - 1, Math.floor(confidence * bins))];
    if (!bin) continue;
    bin.confidence += confidence;
    if (label === predicted) bin.correct++;
  }
  const count = Math.max(1, predictions.length);
  const gap = sums.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.correct), 0);
  const confidence = sums.reduce((sum, bin) => sum + bin.confidence, 0);
  return { error: gap / count, confidence: confidence / count };
}

export interface Softness {
  readonly temperature: number;
  /** Mean entropy of the softened targets, as a share of the largest there is, log(classes). */
  readonly entropy: number;
  /** Mean of the largest softened probability. */
  readonly largest: number;
  readonly verdict: 'informative' | 'nearly one-hot' | 'nearly uniform';
}

/** Beyond these shares of log(classes) little is left to learn: only the label, or not even that. */
const informative = { least: 0.05, most: 0.97 } as const;

export function softnessOf(logits: Float32Array, classes: number, temperature: number): Softness {
  const count = logits.length / classes;
  let entropy = 0;
  let largest = 0;
  for (let n = 0; n < count; n++) {
    const row = logits.subarray(n * classes, (n + 1) * classes).map((z) => z / temperature);
    const shares = softmax(row);
    largest += Math.max(...shares);
    for (const p of shares) if (p > 0) entropy -= p * Math.log(p);
  }
  const share = entropy / count / Math.log(classes);
  const verdict =
    share < informative.least
      ? 'nearly one-hot'
      : share > informative.most
        ? 'nearly uniform'
        : 'informative';
  return { temperature, entropy: share, largest: largest / count, verdict };
}
