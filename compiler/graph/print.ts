/** The text of a Graph, one line a node: what `compile --print graph` shows and golden tests compare. */

import { type Graph, type GraphNode, graphInput, nodeOf, size } from './graph.ts';
import { formatShape } from './shape.ts';

export function printGraph(graph: Graph): string {
  const lines = graph.nodes.map((node) => {
    const inputs = node.inputs.map((i) =>
      i === graphInput ? '%image' : `%${nodeOf(graph, i).name}`,
    );
    return `  %${node.name}: ${formatShape(node.shape)} = ${node.op}(${inputs.join(', ')})${printAttributes(node)}${printWeights(node)}`;
  });
  return [
    `graph ${JSON.stringify(graph.name)} {`,
    `  %image: ${formatShape(graph.input)}`,
    ...lines,
    `  return %${nodeOf(graph, graph.output).name}`,
    '}',
    '',
  ].join('\n');
}

function printAttributes(node: GraphNode): string {
  const entries = Object.entries(node.attributes);
  if (entries.length === 0) return '';
  const text = entries.map(
    ([key, value]) => `${key}: ${Array.isArray(value) ? `[${value.join(', ')}]` : value}`,
  );
  return ` {${text.join(', ')}}`;
}

function printWeights(node: GraphNode): string {
  if (node.weights.length === 0) return '';
  const text = node.weights.map(
    (w) => `${w.name} ${w.shape.join('x')}${w.trainable ? '' : ' fixed'}`,
  );
  return ` weights(${text.join(', ')}) = ${node.weights.reduce((sum, w) => sum + size(w), 0)}`;
}
