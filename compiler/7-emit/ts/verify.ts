/** An emitted module beside the network it was made of: the same photos through both. */

import type { ImageSet } from '../../../runtime/data/index.ts';
import type { Backend, Model, PixelImage } from '../../../templates/support/types.ts';

export interface BackendReport {
  readonly backend: Backend;
  readonly photos: number;
  /** Photos whose logits have exactly the trained network's bits. */
  readonly bitEqual: number;
  readonly maxDifference: number;
  /** Photos whose logits are not those of the simd backend, where all backends promise the same ones. */
  readonly unlike: number;
  /** Shares of the photos: the same class as the trained network, the right class. */
  readonly agreement: number;
  readonly accuracy: number;
  readonly selfTest: boolean;
  /** Milliseconds a photo, resize included, and of the network alone. */
  readonly latency: Latency;
  readonly networkLatency: Latency;
}

export interface Latency {
  readonly median: number;
  readonly p95: number;
}

export interface Expected {
  /** The trained network's logits, row by row. */
  readonly reference: Float32Array;
  /** The simd backend's by photo, which that backend fills in; nothing where backends may differ. */
  readonly simd?: Map<number, Float32Array> | undefined;
}

export function verifyBackend(
  model: Model,
  images: ImageSet,
  { reference, simd }: Expected,
  chosen: readonly number[],
): BackendReport {
  const classes = model.labels.length;
  const selfTest = model.selfTest().passed;
  const times: number[] = [];
  let [bitEqual, maxDifference, unlike, agreed, correct] = [0, 0, 0, 0, 0];
  for (const n of chosen) {
    const expected = reference.subarray(n * classes, (n + 1) * classes);
    const photo = photoOf(images, n);
    const before = performance.now();
    const actual = model.logits(photo);
    times.push(performance.now() - before);
    const difference = largestDifference(actual, expected);
    if (difference === 0) bitEqual++;
    maxDifference = Math.max(maxDifference, difference);
    const first = simd?.get(n);
    if (first && largestDifference(actual, first) > 0) unlike++;
    else if (!first) simd?.set(n, actual.slice());
    const predicted = largestOf(actual);
    if (predicted === largestOf(expected)) agreed++;
    if (predicted === images.labels[n]) correct++;
  }
  const photos = chosen.length;
  return {
    backend: model.info.backend,
    photos,
    bitEqual,
    maxDifference,
    unlike,
    agreement: agreed / photos,
    accuracy: correct / photos,
    selfTest,
    latency: latencyOf(times),
    networkLatency: networkLatency(model, Math.min(photos, 200)),
  };
}

function networkLatency(model: Model, repeats: number): Latency {
  const { height, width, channels } = model.info.input;
  const input = new Float32Array(height * width * channels);
  const times = Array.from({ length: repeats }, () => {
    const before = performance.now();
    model.logits(input);
    return performance.now() - before;
  });
  return latencyOf(times);
}

/** A photo of a set, without a copy. */
export function photoOf(images: ImageSet, n: number): PixelImage {
  const [width, height] = [images.widths[n] as number, images.heights[n] as number];
  const offset = images.offsets[n] as number;
  return { data: images.pixels.subarray(offset, offset + width * height * 3), width, height };
}

/** 0 only where all bits are the same; infinite where a number is none. */
function largestDifference(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i])) continue;
    const difference = Math.abs((a[i] as number) - (b[i] as number));
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, difference, Number.MIN_VALUE);
  }
  return largest;
}

/** The first of equal ones. */
export function largestOf(row: Float32Array): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if ((row[i] as number) > (row[best] as number)) best = i;
  return best;
}

export function latencyOf(times: readonly number[]): Latency {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { median: at(0.5), p95: at(0.95) };
}
