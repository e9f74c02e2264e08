/** What is said about the model beside it, and inside of it: classes, preprocessing, sizes. */

import { type BundleFiles, type EmitInput, sha256 } from '../ts/emit.ts';
import { banner } from '../ts/header.ts';
import { metadataVersion } from '../ts/metadata.ts';
import type { TfliteOptions } from './emit.ts';

export function metadataOf(
  { graph, counts, source, netlathe }: EmitInput,
  { weights, preprocess }: TfliteOptions,
): object {
  return {
    generator: banner,
    version: metadataVersion,
    target: 'tflite',
    name: graph.name,
    netlathe,
    source: { sha256: sha256(source) },
    classes: graph.classes,
    input: graph.input,
    preprocessing: { ...graph.preprocessing, where: preprocess },
    counts: { params: counts.params.trainable, macs: counts.macs },
    weights,
  };
}

/** For the `files` of metadata.json, by which a later emit knows its own. */
export function listOf(files: BundleFiles): object {
  return Object.fromEntries(
    [...files].map(([name, contents]) => [
      name,
      { bytes: contents.length, sha256: sha256(contents) },
    ]),
  );
}

export function json(value: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`);
}

/**
 * A line each, as Android's tools read labels. They break a line where a label does, and skip an empty one; so breaks
 * become spaces, and a label without a visible character its number. The metadata have them as they are.
 */
export function labelLines(classes: readonly string[]): string {
  const lines = classes.map((label, i) => {
    const line = label.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
    return line === '' ? `class ${i}` : line;
  });
  return `${lines.join('\n')}\n`;
}
