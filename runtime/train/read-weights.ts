/** Weights of a network from a safetensors file, checked against the network. */

import { readFile } from 'node:fs/promises';
import type { Graph } from '../../compiler/graph/graph.ts';
import {
  readSafetensors,
  type WeightStore,
  WeightsError,
  weightsFromSafetensors,
} from '../../compiler/weights/index.ts';
import { initialize } from '../../compiler/weights/initialize.ts';
import { weightName } from '../../compiler/weights/store.ts';
import { reasonOf } from '../runtime-error.ts';
import { type Adoption, adoptWeights } from './adopt-weights.ts';

/** All weights of the network; the file may use netlathe's names, or PyTorch's. */
export async function readWeights(file: string, graph: Graph): Promise<WeightStore> {
  const adoption = await adopt(file, graph);
  if (adoption.head.length > 0) {
    throw new WeightsError('E805', 'the last layer is another', {
      path: file,
      notes: adoption.head.map((name) => `${name} is missing or of another number of classes`),
      hint: 'as a start for training, such weights will do',
    });
  }
  return inOrder(graph, adoption.weights);
}

export interface StartingWeights {
  readonly weights: WeightStore;
  readonly adoption: Adoption;
}

/** To train on from: where the file is of other classes, the last layer starts anew. */
export async function startingWeights(
  file: string,
  graph: Graph,
  seed: number,
): Promise<StartingWeights> {
  const adoption = await adopt(file, graph);
  const fresh = initialize(graph, seed);
  const weights = new Map([...fresh, ...adoption.weights]);
  return { weights: inOrder(graph, weights), adoption };
}

async function adopt(file: string, graph: Graph): Promise<Adoption> {
  const { tensors } = readSafetensors(await bytesOf(file));
  // How many batches a norm has seen: PyTorch counts them, and nothing depends on it.
  const named = [...tensors].filter(([name]) => !/(^|\.)num_batches_tracked$/.test(name));
  const given = weightsFromSafetensors({ tensors: new Map(named), metadata: new Map() });
  const adoption = adoptWeights(graph, given);
  const [first, ...more] = adoption.faults;
  if (first === undefined) return adoption;
  throw new WeightsError('E805', 'the weights are not those of this network', {
    path: file,
    notes: [first, ...more.slice(0, 4)],
    hint:
      adoption.naming === 'order'
        ? 'PyTorch weights are matched layer by layer: use the architecture that has the same layers'
        : 'use the architecture they were trained with',
  });
}

async function bytesOf(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new WeightsError('E806', `cannot be read: ${reasonOf(error)}`, {
      path: file,
      cause: error,
    });
  }
}

function inOrder(graph: Graph, weights: WeightStore): WeightStore {
  const names = graph.nodes.flatMap((node) => node.weights.map((spec) => weightName(node, spec)));
  return new Map(
    names.map((name) => {
      const weight = weights.get(name);
      if (!weight) throw new Error(`netlathe bug: ${name} was not read`);
      return [name, weight];
    }),
  );
}
