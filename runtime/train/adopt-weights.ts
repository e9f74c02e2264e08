/**
 * Weights of a network from tensors that others named: netlathe's names, those of an emitted PyTorch module, or those of
 * torchvision, which are matched in the order of the layers. Every shape is checked; what does not fit is named.
 */

import { torchNames } from '../../compiler/7-emit/pytorch/tree.ts';
import { fromTorch, torchShape, torchWord } from '../../compiler/7-emit/torch-layout.ts';
import { type Graph, type GraphNode, graphInput, nodeOf } from '../../compiler/graph/graph.ts';
import type { WeightSpec } from '../../compiler/ops/op.ts';
import { type Weight, type WeightStore, weightName } from '../../compiler/weights/store.ts';
import { modulesInOrder, type TorchModule } from './state-dict-order.ts';

export type Naming = 'netlathe' | 'pytorch' | 'order';

export interface Adoption {
  /** What was taken, by netlathe's names. Complete if there are no faults and `head` is empty. */
  readonly weights: WeightStore;
  /** How tensors and layers were matched. */
  readonly naming: Naming;
  /** Weights of the last layer that were left, because the file has another number of classes or none. */
  readonly head: readonly string[];
  /** What does not match, in words, by name. */
  readonly faults: readonly string[];
}

interface Slot {
  readonly name: string;
  readonly node: GraphNode;
  readonly spec: WeightSpec;
}

export function adoptWeights(graph: Graph, given: WeightStore): Adoption {
  const slots = graph.nodes.flatMap((node) =>
    node.weights.map((spec) => ({ name: weightName(node, spec), node, spec })),
  );
  const torch = torchNames(graph);
  const share = (nameOf: (slot: Slot) => string) =>
    slots.filter((slot) => given.has(nameOf(slot))).length / Math.max(1, slots.length);
  const ours = share(({ name }) => name);
  const theirs = share(({ name }) => torch.get(name) as string);
  const adopting = new Adopting(graph);
  if (Math.max(ours, theirs) < 0.5 && looksForeign(given)) adopting.byOrder(given);
  else if (ours >= theirs) adopting.byName(given, slots, ({ name }) => name, 'netlathe');
  else adopting.byName(given, slots, ({ name }) => torch.get(name) as string, 'pytorch');
  return adopting.result();
}

/** PyTorch calls kernels `weight`. */
function looksForeign(given: WeightStore): boolean {
  return [...given.keys()].some((name) => name.endsWith('.weight'));
}

/** The layer that gives the classes: the first with weights, from the logits back. */
function headOf(graph: Graph): GraphNode | undefined {
  for (let id = graph.output; id !== graphInput; ) {
    const node = nodeOf(graph, id);
    if (node.weights.length > 0) {
      const isKernel = node.op === 'dense' || node.op === 'conv2d';
      return isKernel && node.shape.channels === graph.classes.length ? node : undefined;
    }
    if (node.inputs.length !== 1) return undefined;
    id = node.inputs[0] as number;
  }
  return undefined;
}

const dims = (shape: readonly number[]) => shape.join('x');
const sameDims = (a: readonly number[], b: readonly number[]) => dims(a) === dims(b);

class Adopting {
  readonly #graph: Graph;
  readonly #head: GraphNode | undefined;
  readonly #weights = new Map<string, Weight>();
  readonly #left: string[] = [];
  readonly #faults: string[] = [];
  #naming: Naming = 'order';

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#head = headOf(graph);
  }

  result(): Adoption {
    return {
      weights: this.#weights,
      naming: this.#naming,
      head: this.#left,
      faults: this.#faults,
    };
  }

  byName(
    given: WeightStore,
    slots: readonly Slot[],
    nameOf: (slot: Slot) => string,
    naming: 'netlathe' | 'pytorch',
  ): void {
    this.#naming = naming;
    const expected = new Set<string>();
    for (const slot of slots) {
      const { name, node, spec } = slot;
      const theirs = nameOf(slot);
      expected.add(theirs);
      const weight = given.get(theirs);
      const shape = naming === 'netlathe' ? spec.shape : torchShape(spec);
      if (weight && sameDims(weight.shape, shape)) {
        this.#weights.set(name, naming === 'netlathe' ? weight : fromTorch(spec, weight.values));
      } else if (node === this.#head) this.#left.push(name);
      else if (!weight) this.#faults.push(`${theirs} (${dims(shape)}) is missing`);
      else this.#faults.push(`${theirs} is ${dims(weight.shape)}, the network has ${dims(shape)}`);
    }
    for (const name of given.keys()) {
      if (!expected.has(name)) this.#faults.push(`${name} belongs to no layer of the network`);
    }
  }

  byOrder(given: WeightStore): void {
    const { kernels, norms } = modulesInOrder(given);
    const weighted = this.#graph.nodes.filter(({ weights }) => weights.length > 0);
    this.#pair(
      weighted.filter(({ op }) => op !== 'batchNorm'),
      kernels,
      'convolutions and dense layers',
    );
    this.#pair(
      weighted.filter(({ op }) => op === 'batchNorm'),
      norms,
      'batch norms',
    );
  }

  #pair(nodes: readonly GraphNode[], modules: readonly TorchModule[], what: string): void {
    const headless = nodes.at(-1) === this.#head && modules.length === nodes.length - 1;
    if (modules.length !== nodes.length && !headless) {
      this.#faults.push(`the file has ${modules.length} ${what}, the network ${nodes.length}`);
    }
    for (const [i, node] of nodes.entries()) {
      const module = modules[i];
      if (module) this.#take(node, module);
      else if (node === this.#head && headless) this.#leave(node);
    }
  }

  #take(node: GraphNode, { name, tensors }: TorchModule): void {
    const wanted = new Map(node.weights.map((spec) => [torchWord(spec) as string, spec]));
    const bad = [...wanted].filter(([word, spec]) => !fits(tensors.get(word), spec));
    if (bad.length > 0 && node === this.#head) {
      this.#leave(node);
      return;
    }
    for (const [word, spec] of bad) {
      const found = tensors.get(word);
      const is = found ? `is ${dims(found.shape)}` : 'is missing';
      const takes = dims(torchShape(spec));
      this.#faults.push(
        `${name}.${word} ${is}; ${node.name}, the layer in its place, takes ${takes}`,
      );
    }
    for (const word of tensors.keys()) {
      if (!wanted.has(word)) this.#faults.push(`${name}.${word} has no place in ${node.name}`);
    }
    for (const [word, spec] of wanted) {
      const tensor = tensors.get(word);
      if (tensor && fits(tensor, spec)) {
        this.#weights.set(weightName(node, spec), fromTorch(spec, tensor.values));
      }
    }
  }

  #leave(node: GraphNode): void {
    this.#left.push(...node.weights.map((spec) => weightName(node, spec)));
  }
}

/** A 1x1 convolution over a vector and a dense layer are the same numbers. */
function fits(tensor: Weight | undefined, spec: WeightSpec): boolean {
  if (!tensor) return false;
  const [a, b] = [tensor.shape, torchShape(spec)].map((shape) =>
    shape.length === 4 && shape[2] === 1 && shape[3] === 1 ? shape.slice(0, 2) : shape,
  ) as [readonly number[], readonly number[]];
  return sameDims(a, b);
}
