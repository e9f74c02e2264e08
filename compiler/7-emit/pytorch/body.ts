/**
 * What a class of the emitted module holds: its modules and the lines of its `forward`. Numbers of modules stay apart
 * as slots, so that parts which differ in numbers alone become one class with parameters.
 */

import { type Graph, type GraphNode, graphInput, readersOf, shapeOf } from '../../graph/graph.ts';
import { type Rank, rankAfter, rankBefore } from '../torch-layout.ts';
import { expressionOf, isEven } from './expressions.ts';
import { pythonNumber, pythonPair } from './identifiers.ts';
import type { Branch } from './tree.ts';

/** A value in a constructor: Python, and what to call it where it becomes a parameter. */
export interface Slot {
  readonly hint: string;
  readonly value: string;
  /** Written as `hint=value`, and not at all where it is this. */
  readonly default?: string;
}

export type Member =
  /** A layer of torch.nn. */
  | {
      readonly kind: 'layer';
      readonly path: readonly string[];
      readonly type: string;
      readonly slots: readonly Slot[];
    }
  | { readonly kind: 'part'; readonly path: readonly string[]; readonly body: Body };

export interface Body {
  readonly segment: string;
  readonly members: readonly Member[];
  /** Names of what `forward` takes. */
  readonly inputs: readonly string[];
  readonly lines: readonly string[];
}

export interface BodyContext {
  readonly graph: Graph;
  readonly paths: ReadonlyMap<GraphNode, readonly string[]>;
  readonly ranks: ReadonlyMap<number, Rank>;
  readonly readers: (id: number) => readonly number[];
}

export function bodyContext(
  graph: Graph,
  paths: ReadonlyMap<GraphNode, readonly string[]>,
): BodyContext {
  const ranks = new Map<number, Rank>([[graphInput, 'image']]);
  for (const node of graph.nodes) {
    ranks.set(
      node.id,
      rankAfter(
        node,
        node.inputs.map((id) => ranks.get(id) as Rank),
      ),
    );
  }
  return { graph, paths, ranks, readers: readersOf(graph) };
}

/** One call in a `forward`: a layer, or a part that is a class of its own. */
type Item =
  | { readonly kind: 'node'; readonly node: GraphNode }
  | {
      readonly kind: 'part';
      readonly branch: Branch;
      readonly inputs: readonly number[];
      readonly output: number;
    };

export function bodyOf(branch: Branch, context: BodyContext, output: number): Body {
  const items = itemsOf(branch, context);
  const inputs = enteringOf(branch.nodes);
  const writer = new Writer(branch, context, inputs, items, output);
  for (const [at, item] of items.entries()) writer.write(item, at);
  return writer.finish(output);
}

/** In the order of the Graph. */
function itemsOf(branch: Branch, context: BodyContext): readonly Item[] {
  const items: (Item & { readonly first: number })[] = [];
  const visit = (inner: Branch): void => {
    if (inner.node) items.push({ kind: 'node', node: inner.node, first: inner.node.id });
    for (const child of inner.children.values()) {
      const output = isPart(child, inner, context);
      if (output === undefined) visit(child);
      else {
        const inputs = enteringOf(child.nodes);
        const first = (child.nodes[0] as GraphNode).id;
        items.push({ kind: 'part', branch: child, inputs, output, first });
      }
    }
  };
  visit(branch);
  return items.sort((a, b) => a.first - b.first);
}

/**
 * The one node whose value leaves a branch of the tree, if the branch is to be a class: several layers in a row of which
 * some have weights. The branches of a join stay with the join.
 */
function isPart(branch: Branch, parent: Branch, context: BodyContext): number | undefined {
  const { nodes, node } = branch;
  const ids = nodes.map(({ id }) => id);
  const [first, last] = [ids[0] as number, ids.at(-1) as number];
  const isClass =
    node === undefined &&
    parent.node === undefined &&
    nodes.length > 1 &&
    nodes.some(({ weights }) => weights.length > 0) &&
    last - first === ids.length - 1;
  if (!isClass) return undefined;
  const leaving = ids.filter(
    (id) => id === context.graph.output || context.readers(id).some((r) => r < first || r > last),
  );
  return leaving.length === 1 ? leaving[0] : undefined;
}

/** Ids of what the layers read from outside, in the order of reading. */
function enteringOf(nodes: readonly GraphNode[]): readonly number[] {
  const own = new Set(nodes.map(({ id }) => id));
  return [...new Set(nodes.flatMap(({ inputs }) => inputs.filter((id) => !own.has(id))))];
}

const letters = ['x', 'y', 'z', 'u', 'v', 'w'] as const;

class Writer {
  readonly #branch: Branch;
  readonly #context: BodyContext;
  readonly #variables = new Map<number, string>();
  /** The last item that reads a value; beyond them all for what leaves. */
  readonly #lastUse = new Map<number, number>();
  readonly #members: Member[] = [];
  readonly #lines: string[] = [];
  readonly #inputs: readonly string[];

  constructor(
    branch: Branch,
    context: BodyContext,
    inputs: readonly number[],
    items: readonly Item[],
    output: number,
  ) {
    this.#branch = branch;
    this.#context = context;
    for (const [at, item] of items.entries()) {
      const read = item.kind === 'node' ? item.node.inputs : item.inputs;
      for (const id of read) this.#lastUse.set(id, at);
    }
    this.#lastUse.set(output, items.length);
    this.#inputs = inputs.map((id) => this.#assign(id, -1, []));
  }

  write(item: Item, at: number): void {
    const { kind } = item;
    const inputs = kind === 'node' ? item.node.inputs : item.inputs;
    const code = kind === 'node' ? this.#layer(item.node) : this.#part(item);
    const id = kind === 'node' ? item.node.id : item.output;
    const name = this.#assign(id, at, inputs);
    this.#lines.push(`${name} = ${code}`);
  }

  finish(output: number): Body {
    const { segment } = this.#branch;
    const name = this.#variables.get(output) as string;
    const last = this.#lines.at(-1);
    // The line that makes the result returns it.
    const lines = last?.startsWith(`${name} = `)
      ? [...this.#lines.slice(0, -1), `return ${last.slice(name.length + 3)}`]
      : [...this.#lines, `return ${name}`];
    return { segment, members: this.#members, inputs: this.#inputs, lines };
  }

  #layer(node: GraphNode): string {
    const { ranks, graph } = this.#context;
    const given = node.inputs.map((id) => ranks.get(id) as Rank);
    const wanted = rankBefore(node, given);
    const inputs = node.inputs.map((id, i) => {
      const variable = this.#variables.get(id) as string;
      if (given[i] === wanted) return variable;
      return wanted === 'vector' ? `${variable}.flatten(1)` : `${variable}[:, :, None, None]`;
    });
    let module = '';
    if (hasModule(node)) {
      const path = this.#own(this.#context.paths.get(node) as readonly string[]);
      this.#members.push({ kind: 'layer', path, ...moduleOf(node, graph) });
      module = `self.${path.join('.')}`;
    }
    return expressionOf(node, {
      inputs,
      module,
      entering: shapeOf(graph, node.inputs[0] as number),
    });
  }

  #part({ branch, inputs, output }: Extract<Item, { readonly kind: 'part' }>): string {
    const path = this.#own(branch.path);
    this.#members.push({ kind: 'part', path, body: bodyOf(branch, this.#context, output) });
    return `self.${path.join('.')}(${inputs.map((id) => this.#variables.get(id)).join(', ')})`;
  }

  #own(path: readonly string[]): readonly string[] {
    return path.slice(this.#branch.path.length);
  }

  /** A variable for a value: that of an input which nobody reads any more, or the first that is free. */
  #assign(id: number, at: number, inputs: readonly number[]): string {
    const dying = inputs.find((input) => this.#lastUse.get(input) === at);
    const live = new Set<string>();
    for (const [other, name] of this.#variables) {
      if ((this.#lastUse.get(other) ?? -1) > at) live.add(name);
    }
    const reused = dying === undefined ? undefined : this.#variables.get(dying);
    const free = letters.find((letter) => !live.has(letter)) ?? `v${this.#variables.size}`;
    const name = reused !== undefined && !live.has(reused) ? reused : free;
    this.#variables.set(id, name);
    return name;
  }
}

/** A batch norm without learned scale and shift has statistics. */
function hasModule(node: GraphNode): boolean {
  return node.weights.length > 0;
}

function moduleOf(
  node: GraphNode,
  graph: Graph,
): { readonly type: string; readonly slots: readonly Slot[] } {
  const { channels } = shapeOf(graph, node.inputs[0] as number);
  const slot = (hint: string, value: string, standard?: string): Slot =>
    standard === undefined ? { hint, value } : { hint, value, default: standard };
  const flag = (value: boolean) => (value ? 'True' : 'False');
  switch (node.op) {
    case 'conv2d': {
      const { filters, kernel, stride, dilation, padding, groups, bias } = node.attributes;
      const around = isEven(padding) ? pythonPair([padding[0], padding[2]]) : '0';
      const slots = [
        slot('inputs', pythonNumber(channels)),
        slot('filters', pythonNumber(filters)),
        slot('kernel', pythonPair(kernel)),
        slot('stride', pythonPair(stride), '1'),
        slot('padding', around, '0'),
        slot('dilation', pythonPair(dilation), '1'),
        slot('groups', pythonNumber(groups), '1'),
        slot('bias', flag(bias), 'True'),
      ];
      return { type: 'nn.Conv2d', slots };
    }
    case 'dense': {
      const { units, bias } = node.attributes;
      const sizes = [slot('inputs', pythonNumber(channels)), slot('units', pythonNumber(units))];
      return { type: 'nn.Linear', slots: [...sizes, slot('bias', flag(bias), 'True')] };
    }
    case 'batchNorm': {
      const { epsilon, momentum, affine } = node.attributes;
      const slots = [
        slot('inputs', pythonNumber(channels)),
        slot('eps', pythonNumber(epsilon), '0.00001'),
        slot('momentum', pythonNumber(momentum), '0.1'),
        slot('affine', flag(affine), 'True'),
      ];
      return { type: 'nn.BatchNorm2d', slots };
    }
    default:
      throw new Error(`netlathe bug: ${node.op} has no module, but weights`);
  }
}
