/** How much of the image one output value sees (Araujo, Norris and Sim 2019), as the side of a square. */

import { type Graph, graphInput } from '../graph/graph.ts';

interface Field {
  readonly side: number;
  /** Pixels of the image between neighbouring outputs. */
  readonly jump: number;
}

/** By node id; `null` where a layer sees the whole image and nothing else. */
export function receptiveFields(graph: Graph): readonly (number | null)[] {
  const fields: (Field | null)[] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((i) =>
      i === graphInput ? { side: 1, jump: 1 } : (fields[i] ?? null),
    );
    const { reach } = node;
    // A gate over the whole image (squeeze-and-excite) scales channels; where an output looks, the other branch says.
    const local = inputs.filter((f) => f !== null);
    if (reach === 'global' || local.length === 0) {
      fields.push(null);
      continue;
    }
    const side = Math.max(...local.map((f) => f.side));
    const jump = Math.max(...local.map((f) => f.jump));
    if (reach === 'point') {
      fields.push({ side, jump });
      continue;
    }
    const kernel = Math.max(...reach.kernel);
    const stride = Math.max(...reach.stride);
    fields.push({ side: side + (kernel - 1) * jump, jump: jump * stride });
  }
  return fields.map((f) => f?.side ?? null);
}
