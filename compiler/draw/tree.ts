/** A Graph as nested stacks again: blocks and branches, from the parts that each layer says it stands in. */

import { type Graph, type GraphNode, graphInput } from '../graph/graph.ts';

export type Item =
  | { readonly kind: 'layer'; readonly node: GraphNode; readonly from: string | undefined }
  | {
      readonly kind: 'block';
      readonly word: string;
      readonly name: string;
      readonly items: readonly Item[];
    }
  | {
      readonly kind: 'join';
      readonly node: GraphNode;
      readonly branches: readonly (readonly Item[])[];
    };

export function treeOf(graph: Graph): readonly Item[] {
  return new Builder(graph).stack(graph.nodes, 0, { last: graphInput });
}

/** What flows into the next layer, unless it takes its input by name. */
interface Flow {
  last: number;
}

class Builder {
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** The nodes that stand `depth` parts deep or deeper. */
  stack(nodes: readonly GraphNode[], depth: number, flow: Flow): readonly Item[] {
    const items: Item[] = [];
    /** What each item has come from so far: `outputs[k]` flows into the item k. */
    const outputs = [flow.last];
    for (let i = 0; i < nodes.length; ) {
      const node = nodes[i] as GraphNode;
      const part = node.origin.path[depth];
      while (outputs.length <= items.length) outputs.push(flow.last);
      if (!part) {
        const bypassed = sidePath(node, flow.last, outputs);
        if (bypassed < 0) items.push(this.#layer(node, flow));
        else {
          items.push(joinedByName(node, items.splice(bypassed), flow));
          outputs.length = bypassed + 1;
        }
        i++;
        continue;
      }
      const owner = ownerOf(part.segment, part.kind);
      let end = i;
      while (end < nodes.length && owned(nodes[end] as GraphNode, depth, owner)) end++;
      const inside = nodes.slice(i, end);
      i = end;
      const join = nodes[i];
      if (part.kind === 'branch' && join && join.origin.path.length === depth) {
        items.push(this.#join(join, inside, depth, flow));
        i++;
      } else if (part.kind === 'block') {
        const word = part.segment.replace(/_\d+$/, '');
        const items_ = this.stack(inside, depth + 1, flow);
        items.push({ kind: 'block', word, name: part.segment, items: items_ });
      } else items.push(...this.stack(inside, depth + 1, flow));
    }
    return items;
  }

  #layer(node: GraphNode, flow: Flow): Item {
    const others = node.inputs.filter((id) => id !== flow.last).map((id) => this.#nameOf(id));
    flow.last = node.id;
    return { kind: 'layer', node, from: others.length > 0 ? others.join(', ') : undefined };
  }

  #join(node: GraphNode, inside: readonly GraphNode[], depth: number, flow: Flow): Item {
    const entering = flow.last;
    const stacks = new Map<number, GraphNode[]>();
    for (const inner of inside) {
      const number = Number(/\.branch(\d+)$/.exec(inner.origin.path[depth]?.segment ?? '')?.[1]);
      stacks.set(number, [...(stacks.get(number) ?? []), inner]);
    }
    const branches = node.inputs.map((_, i) =>
      this.stack(stacks.get(i + 1) ?? [], depth + 1, { last: entering }),
    );
    flow.last = node.id;
    return { kind: 'join', node, branches };
  }

  #nameOf(id: number): string {
    return id === graphInput ? 'image' : (this.#graph.nodes[id]?.name ?? '');
  }
}

/** Where in its own stack the other input of a sum comes from; -1 where it comes from elsewhere. */
function sidePath(node: GraphNode, last: number, outputs: readonly number[]): number {
  const [first, second] = node.inputs;
  if (node.inputs.length !== 2 || first === undefined || second === undefined) return -1;
  if (first === second || (first !== last && second !== last)) return -1;
  return outputs.lastIndexOf(first === last ? second : first);
}

/** `{ op: add, from: [previous, entry] }` is drawn like the branches that it could have been written as. */
function joinedByName(node: GraphNode, items: readonly Item[], flow: Flow): Item {
  const branches = node.inputs[0] === flow.last ? [items, []] : [[], items];
  flow.last = node.id;
  return { kind: 'join', node, branches };
}

/** The branches of one join belong together. */
function ownerOf(segment: string, kind: string): string {
  return kind === 'branch' ? segment.replace(/\.branch\d+$/, '') : segment;
}

function owned(node: GraphNode, depth: number, owner: string): boolean {
  const part = node.origin.path[depth];
  return part !== undefined && ownerOf(part.segment, part.kind) === owner;
}
