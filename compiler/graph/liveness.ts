/**
 * Which values share a buffer and how long each buffer lives, in the order of the nodes, for one image.
 * The memory plan of the inference program and the count `activationBytes` both follow from this.
 */

import { ops } from '../ops/index.ts';
import { type Graph, graphInput, readersOf, shapeOf } from './graph.ts';
import { elements } from './shape.ts';

export interface LiveBuffer {
  /** Float32 values. */
  readonly elements: number;
  /** The node that first writes it; `graphInput` for the image. */
  readonly first: number;
  /** The last node that reads or overwrites it. */
  readonly last: number;
}

export interface Liveness {
  readonly buffers: readonly LiveBuffer[];
  /** Buffer of each node's output, by node id. */
  readonly bufferOf: readonly number[];
}

/** An op that works in place takes over a buffer that nothing reads after it. */
export function liveness(graph: Graph): Liveness {
  const readers = readersOf(graph);
  const buffers: { elements: number; first: number; last: number }[] = [
    { elements: elements(graph.input), first: graphInput, last: graphInput },
  ];
  const bufferOf: number[] = [];
  const buffer = (id: number) => (id === graphInput ? 0 : (bufferOf[id] as number));
  const users = new Map<number, Set<number>>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      const b = buffers[buffer(input)];
      if (b) b.last = Math.max(b.last, node.id);
    }
    const takenOver = ops[node.op].inPlace
      ? node.inputs.find(
          (input) =>
            elements(shapeOf(graph, input)) === elements(node.shape) &&
            lastReader(buffer(input), input) <= node.id,
        )
      : undefined;
    if (takenOver !== undefined) bufferOf.push(buffer(takenOver));
    else {
      bufferOf.push(buffers.length);
      buffers.push({ elements: elements(node.shape), first: node.id, last: node.id });
    }
    const own = bufferOf[node.id] as number;
    const sharing = users.get(own) ?? new Set();
    users.set(own, sharing.add(node.id));
    (buffers[own] as { last: number }).last = Math.max(
      (buffers[own] as { last: number }).last,
      node.id,
    );
  }
  const output = buffers[bufferOf[graph.output] ?? 0];
  if (output) output.last = graph.nodes.length - 1;
  return { buffers, bufferOf };

  /** The last node that reads any value held in the buffer. */
  function lastReader(b: number, input: number): number {
    const holders = [...(users.get(b) ?? []), input];
    return Math.max(...holders.flatMap((id) => readers(id)), -1);
  }
}

/** Bytes of all buffers alive at once, at the worst moment. */
export function peakActivationBytes(graph: Graph): number {
  const { buffers } = liveness(graph);
  let peak = 0;
  for (let id = graphInput; id < graph.nodes.length; id++) {
    const alive = buffers.reduce(
      (sum, b) => (b.first <= id && id <= b.last ? sum + b.elements : sum),
      0,
    );
    peak = Math.max(peak, alive);
  }
  return peak * 4;
}
