/** Weights of a network from a safetensors file, checked against the network. */

import type { Graph } from '../../compiler/graph/graph.ts';
import {
  readSafetensors,
  type SafeTensors,
  type WeightStore,
  WeightsError,
  weightsFromSafetensors,
} from '../../compiler/weights/index.ts';
import { initialize } from '../../compiler/weights/initialize.ts';
import { weightName } from '../../compiler/weights/store.ts';
import { ReadRefusal, readPlainFile } from '../files/read-plain-file.ts';
import { reasonOf, systemCode } from '../runtime-error.ts';
import { type Adoption, adoptWeights } from './adopt-weights.ts';
import { firstNonFinite } from './finite.ts';

/** More than the weights and the optimizer's state of the largest network that compiles. */
const largestFile = 2 ** 30;

export interface ReadWeightsOptions {
  /** By the user, rather than by being in the folder of a run: it may be a link. */
  readonly named?: boolean;
}

/** All weights of the network; the file may use netlathe's names, or PyTorch's. */
export async function readWeights(
  file: string,
  graph: Graph,
  options: ReadWeightsOptions = {},
): Promise<WeightStore> {
  const adoption = await adopt(file, graph, options);
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
  const adoption = await adopt(file, graph, { named: true });
  const fresh = initialize(graph, seed);
  const weights = new Map([...fresh, ...adoption.weights]);
  return { weights: inOrder(graph, weights), adoption };
}

async function adopt(file: string, graph: Graph, options: ReadWeightsOptions): Promise<Adoption> {
  const read = await readTensors(file, options);
  if (!read) throw new WeightsError('E806', 'there is no such file', { path: file });
  const { tensors } = read;
  // How many batches a norm has seen: PyTorch counts them, and nothing depends on it.
  const named = [...tensors].filter(([name]) => !/(^|\.)num_batches_tracked$/.test(name));
  const given = weightsFromSafetensors({ tensors: new Map(named), metadata: new Map() });
  const adoption = adoptWeights(graph, given);
  const [first, ...more] = adoption.faults;
  if (first === undefined) return soundOnly(file, adoption);
  throw new WeightsError('E805', 'the weights are not those of this network', {
    path: file,
    notes: [first, ...more.slice(0, 4)],
    hint:
      adoption.naming === 'order'
        ? 'PyTorch weights are matched layer by layer: use the architecture that has the same layers'
        : 'use the architecture they were trained with',
  });
}

function soundOnly(file: string, adoption: Adoption): Adoption {
  const bad = firstNonFinite(adoption.weights);
  if (bad === undefined) return adoption;
  throw new WeightsError('E803', 'it holds what is no number: NaN or infinity', {
    where: `tensor ${JSON.stringify(bad)}`,
    path: file,
    hint: 'use weights from before the training went wrong',
  });
}

/** `undefined` where there is no such file. */
export async function readTensors(
  file: string,
  { named = false }: ReadWeightsOptions = {},
): Promise<SafeTensors | undefined> {
  try {
    return readSafetensors(await readPlainFile(file, { limitBytes: largestFile, named }));
  } catch (error) {
    if (error instanceof WeightsError) throw error.at(file);
    if (systemCode(error) === 'ENOENT') return undefined;
    const reason = systemCode(error) === 'ELOOP' ? 'it is a symbolic link' : reasonOf(error);
    throw new WeightsError('E806', `cannot be read: ${reason}`, {
      path: file,
      cause: error instanceof ReadRefusal ? undefined : error,
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
