/** What holds for every Graph, checked after each phase in tests: a violation is a bug of the compiler. */

import { ops } from '../ops/index.ts';
import { type Graph, graphInput, shapeOf, size } from './graph.ts';
import { type Shape, sameShape } from './shape.ts';

/** The violations found, in words; empty for a sound Graph. */
export function verify(graph: Graph): readonly string[] {
  const found: string[] = [];
  const names = new Set<string>();
  graph.nodes.forEach((node, index) => {
    const at = `${node.name} (${node.op})`;
    if (node.id !== index) found.push(`${at}: id ${node.id} at position ${index}`);
    if (names.has(node.name)) found.push(`${at}: name used twice`);
    names.add(node.name);
    const known = node.inputs.every((i) => i === graphInput || (i >= 0 && i < index));
    if (!known || node.inputs.length === 0) {
      found.push(`${at}: inputs ${node.inputs.join(',')} do not come before it`);
      return;
    }
    if (ops[node.op].arity === 'single' && node.inputs.length !== 1) {
      found.push(`${at}: takes 1 input, has ${node.inputs.length}`);
    }
    if (!isSize(node.shape)) found.push(`${at}: shape ${JSON.stringify(node.shape)}`);
    if (!Number.isSafeInteger(node.macs) || node.macs < 0) found.push(`${at}: macs ${node.macs}`);
    for (const weight of node.weights) {
      if (!Number.isSafeInteger(size(weight)) || size(weight) <= 0) {
        found.push(`${at}: weight ${weight.name} has shape ${weight.shape.join('x')}`);
      }
    }
    found.push(...verifyInPlace(graph, index));
  });
  const output = graph.nodes[graph.output];
  if (!output) found.push(`output ${graph.output} does not exist`);
  else if (!sameShape(output.shape, { height: 1, width: 1, channels: graph.classes.length })) {
    found.push(`output gives ${JSON.stringify(output.shape)} for ${graph.classes.length} classes`);
  }
  return found;
}

function isSize({ height, width, channels }: Shape): boolean {
  return [height, width, channels].every((n) => Number.isSafeInteger(n) && n >= 1);
}

/** Single-input ops that work in place keep the number of elements; otherwise buffers could not be shared. */
function verifyInPlace(graph: Graph, id: number): readonly string[] {
  const node = graph.nodes[id];
  if (!node || !ops[node.op].inPlace || ops[node.op].arity === 'join') return [];
  const before = shapeOf(graph, node.inputs[0] as number);
  const count = (s: Shape) => s.height * s.width * s.channels;
  return count(before) === count(node.shape) ? [] : [`${node.name}: in place, but sizes differ`];
}
