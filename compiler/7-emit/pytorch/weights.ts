/** Weights as the state dict of the emitted module, and back. */

import type { Graph } from '../../graph/graph.ts';
import type { Weight, WeightStore } from '../../weights/index.ts';
import { weightName } from '../../weights/store.ts';
import { toTorch, weightsOf } from '../torch-layout.ts';
import { torchNames } from './tree.ts';

export function stateDict(graph: Graph, weights: WeightStore): WeightStore {
  const names = torchNames(graph);
  const dict = new Map<string, Weight>();
  for (const { node, spec, weight } of weightsOf(graph, weights)) {
    dict.set(names.get(weightName(node, spec)) as string, toTorch(spec, weight));
  }
  return dict;
}
