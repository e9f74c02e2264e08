/** Weights of a network from a safetensors file, checked against the network. */

import { readFile } from 'node:fs/promises';
import type { Graph } from '../../compiler/graph/graph.ts';
import {
  mismatches,
  readSafetensors,
  type WeightStore,
  WeightsError,
  weightsFromSafetensors,
} from '../../compiler/weights/index.ts';
import { reasonOf } from '../runtime-error.ts';

export async function readWeights(file: string, graph: Graph): Promise<WeightStore> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new WeightsError('E806', `cannot be read: ${reasonOf(error)}`, {
      path: file,
      cause: error,
    });
  }
  const weights = weightsFromSafetensors(readSafetensors(bytes));
  const [first, ...more] = mismatches(graph, weights);
  if (first !== undefined) {
    throw new WeightsError('E805', 'the weights are not those of this network', {
      path: file,
      notes: [first, ...more.slice(0, 4)],
      hint: 'use the architecture they were trained with',
    });
  }
  return weights;
}
