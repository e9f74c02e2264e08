/** What `save` writes beside the topology and `load` reads back. */

import type { Graph, Preprocessing } from '../../graph/graph.ts';

export const modelFile = 'model.json';
export const weightsFile = 'weights.bin';

/** `userDefinedMetadata.netlathe` of model.json: all that a program needs to feed the model and read its answer. */
export interface SavedMetadata {
  /** Of netlathe. */
  readonly version: string;
  readonly name: string;
  /** In the order of the logits. The model ends in logits: softmax gives probabilities. */
  readonly classes: readonly string[];
  readonly labelled: boolean;
  readonly input: { readonly height: number; readonly width: number; readonly channels: number };
  /** (pixel / 255 - mean) / std, a channel each. */
  readonly preprocessing: Preprocessing;
  /** Of weights.bin, so that halves of two models are not taken for one. */
  readonly weightsSha256: string;
}

export function metadataOf(graph: Graph, version: string, weightsSha256: string): SavedMetadata {
  const { name, classes, labelled, input, preprocessing } = graph;
  return { version, name, classes, labelled, input, preprocessing, weightsSha256 };
}

type Json = Readonly<Record<string, unknown>>;

export function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);

export function isListOf<T>(
  value: unknown,
  is: (item: unknown) => item is T,
): value is readonly T[] {
  return Array.isArray(value) && value.every(is);
}

/** Whether the metadata has the form that `save` gives it. */
export function isSavedMetadata(value: unknown): value is SavedMetadata {
  if (!isMap(value)) return false;
  const { version, name, classes, labelled, input, preprocessing, weightsSha256 } = value;
  return (
    [version, name, weightsSha256].every(isText) &&
    isListOf(classes, isText) &&
    typeof labelled === 'boolean' &&
    isMap(input) &&
    [input.height, input.width, input.channels].every(Number.isSafeInteger) &&
    isMap(preprocessing) &&
    ['stretch', 'cover', 'fit'].includes(String(preprocessing.resize)) &&
    isListOf(preprocessing.mean, isNumber) &&
    isListOf(preprocessing.std, isNumber)
  );
}
