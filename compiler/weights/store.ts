/** Weights by name: what initialisers make, checkpoints hold and emitters write. */

import { type Graph, type GraphNode, size } from '../graph/graph.ts';
import type { WeightSpec } from '../ops/op.ts';

export interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** In the order of the Graph: `layer.weight`, as in `separable_1.conv2d_2.kernel`. */
export type WeightStore = ReadonlyMap<string, Weight>;

export function weightName(
  node: Pick<GraphNode, 'name'>,
  weight: Pick<WeightSpec, 'name'>,
): string {
  return `${node.name}.${weight.name}`;
}

/** What keeps a store from being the weights of this Graph, in words; empty if nothing does. */
export function mismatches(graph: Graph, weights: WeightStore): readonly string[] {
  const found: string[] = [];
  const expected = new Set<string>();
  for (const node of graph.nodes) {
    for (const spec of node.weights) {
      const name = weightName(node, spec);
      expected.add(name);
      const weight = weights.get(name);
      const shape = spec.shape.join('x');
      if (!weight) found.push(`${name} (${shape}) is missing`);
      else if (weight.shape.join('x') !== shape || weight.values.length !== size(spec)) {
        found.push(`${name} is ${weight.shape.join('x')}, the network has ${shape}`);
      }
    }
  }
  for (const name of weights.keys()) {
    if (!expected.has(name)) found.push(`${name} belongs to no layer of the network`);
  }
  return found;
}
