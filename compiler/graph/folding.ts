/** Which batch norms disappear in inference: those right behind a convolution or dense layer that nothing else reads. */

import { type Graph, type GraphNode, graphInput } from './graph.ts';

export function foldsIntoConvolution(graph: Graph, node: GraphNode): boolean {
  const [input] = node.inputs;
  if (input === undefined || input === graphInput) return false;
  const before = graph.nodes[input];
  const readers = graph.nodes.filter((n) => n.inputs.includes(input)).length;
  return (before?.op === 'conv2d' || before?.op === 'dense') && readers === 1;
}
