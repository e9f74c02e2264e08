/**
 * What the lowering of a layer for training may ask for: the buffers of values and gradients, weights, and a way to add
 * to a gradient that several layers contribute to.
 */

import type { Kernel, KernelArgs } from '../../runtime/kernels/kernel.ts';
import { addTensors } from '../../runtime/kernels/plain/elementwise.ts';
import {
  type Graph,
  type GraphNode,
  graphInput,
  nodeOf,
  readersOf,
  shapeOf,
} from '../graph/graph.ts';
import { elements, type Shape } from '../graph/shape.ts';
import type { WeightSpec } from '../ops/op.ts';
import type { CallArguments, PendingBuffer, ProgramBuilder } from './builder.ts';
import type { ForwardContext, Weighted } from './forward-context.ts';
import type { ParameterBuffers } from './parameters.ts';

interface Gradient {
  readonly buffer: PendingBuffer;
  /** Whether another value has the same gradient in the same buffer, so that it must not be changed. */
  readonly shared: boolean;
}

export interface TrainingBuffers {
  readonly image: PendingBuffer;
  readonly weights: ParameterBuffers;
  readonly statistics: ParameterBuffers;
  readonly gradients: ParameterBuffers;
}

export class TrainingContext implements ForwardContext {
  readonly builder: ProgramBuilder;
  readonly graph: Graph;
  readonly batch: number;
  readonly trains = true;
  readonly readers: (id: number) => readonly number[];
  readonly buffers: TrainingBuffers;
  readonly #isFrozen: (layer: string) => boolean;
  readonly #wanted: ReadonlySet<number>;
  readonly #values = new Map<number, PendingBuffer>();
  readonly #gradients = new Map<number, Gradient>();

  constructor(
    builder: ProgramBuilder,
    graph: Graph,
    batch: number,
    buffers: TrainingBuffers,
    isFrozen: (layer: string) => boolean,
    /** Nodes whose outputs something beside the graph reads. */
    wanted: ReadonlySet<number> = new Set(),
  ) {
    this.#wanted = wanted;
    this.builder = builder;
    this.graph = graph;
    this.batch = batch;
    this.readers = readersOf(graph);
    this.buffers = buffers;
    this.#isFrozen = isFrozen;
    this.#values.set(graphInput, buffers.image);
  }

  shape(id: number): Shape {
    return shapeOf(this.graph, id);
  }

  /** The input a single-input node reads. */
  input(node: GraphNode): number {
    return node.inputs[0] as number;
  }

  value(id: number): PendingBuffer {
    const value = this.#values.get(id);
    if (!value) throw new Error(`netlathe bug: ${nodeOf(this.graph, id).name} has no value yet`);
    return value;
  }

  /** A new buffer for the output of a node, over the whole batch. */
  output(node: GraphNode): PendingBuffer {
    const value = this.builder.temporary(node.name, this.batch * elements(node.shape));
    this.#values.set(node.id, value);
    return value;
  }

  /** The output of a node is a buffer that is there already. */
  alias(node: GraphNode, buffer: PendingBuffer): void {
    this.#values.set(node.id, buffer);
  }

  weight(node: GraphNode, name: WeightSpec['name']): PendingBuffer {
    const fixed = name === 'movingMean' || name === 'movingVariance';
    return (fixed ? this.buffers.statistics : this.buffers.weights).of(node, name);
  }

  kernelOf(node: Weighted): PendingBuffer {
    return this.weight(node, 'kernel');
  }

  biasOf(node: Weighted): PendingBuffer | undefined {
    return node.attributes.bias ? this.weight(node, 'bias') : undefined;
  }

  derived(label: string, size: number): PendingBuffer {
    return this.builder.temporary(label, size);
  }

  /** Weights change with every step, so what follows from them is made anew. */
  prepare<A extends KernelArgs>(
    layer: string,
    kernel: Kernel<A>,
    args: CallArguments<A>,
    units: number,
  ): void {
    this.call(layer, kernel, args, units);
  }

  gradient(node: GraphNode, name: WeightSpec['name']): PendingBuffer {
    return this.buffers.gradients.of(node, name);
  }

  isFrozen(node: GraphNode): boolean {
    return this.#isFrozen(node.name);
  }

  /**
   * Whether the bias of a node has a gradient: not where only a batch norm reads its output, which takes the mean away,
   * bias and all. The gradient is zero there, and what a sum would give of it is its rounding.
   */
  biasHasGradient(node: Weighted): boolean {
    if (!node.attributes.bias) return false;
    const readers = this.readers(node.id);
    const normed =
      readers.length > 0 && readers.every((id) => nodeOf(this.graph, id).op === 'batchNorm');
    return !normed || node.id === this.graph.output || this.#wanted.has(node.id);
  }

  /** The gradient to a node's output; `undefined` where the loss does not depend on it. */
  incoming(id: number): PendingBuffer | undefined {
    return this.#gradients.get(id)?.buffer;
  }

  /** Nothing needs the gradient to the image. */
  needsGradient(id: number): boolean {
    return id !== graphInput;
  }

  setIncoming(id: number, buffer: PendingBuffer): void {
    this.#gradients.set(id, { buffer, shared: true });
  }

  /**
   * Adds to the gradient of a value: `write` calls a kernel that fills the buffer it is given. The first contribution
   * is written in place; later ones are added.
   */
  contribute(id: number, layer: string, write: (target: PendingBuffer) => void): void {
    if (!this.needsGradient(id)) return;
    const target = this.builder.temporary(
      `${layer} to ${this.#nameOf(id)}`,
      this.batch * elements(this.shape(id)),
    );
    write(target);
    this.#addTo(id, layer, { buffer: target, shared: false });
  }

  /** Passes the gradient of one value on to another unchanged. */
  passOn(id: number, layer: string, gradient: PendingBuffer): void {
    if (this.needsGradient(id)) this.#addTo(id, layer, { buffer: gradient, shared: true });
  }

  #addTo(id: number, layer: string, more: Gradient): void {
    const before = this.#gradients.get(id);
    if (!before) {
      this.#gradients.set(id, more);
      return;
    }
    const size = elements(this.shape(id));
    const target = before.shared
      ? more.shared
        ? this.builder.temporary(`${layer} sum to ${this.#nameOf(id)}`, this.batch * size)
        : more.buffer
      : before.buffer;
    this.call(
      layer,
      addTensors,
      { a: before.buffer, b: more.buffer, output: target, size },
      this.batch,
    );
    this.#gradients.set(id, { buffer: target, shared: false });
  }

  call<A extends KernelArgs>(
    layer: string,
    kernel: Kernel<A>,
    args: CallArguments<A>,
    units: number,
    macs = 0,
  ): void {
    this.builder.call(kernel, args, { layer, units, macs });
  }

  #nameOf(id: number): string {
    return id === graphInput ? 'image' : nodeOf(this.graph, id).name;
  }
}
