/** What lowering a forward pass may ask for, in training and in inference alike. */

import type { Kernel, KernelArgs } from '../../runtime/kernels/kernel.ts';
import type { GraphNode } from '../graph/graph.ts';
import type { Shape } from '../graph/shape.ts';
import type { CallArguments, PendingBuffer, ProgramBuilder } from './builder.ts';

export type Weighted = GraphNode<'conv2d'> | GraphNode<'dense'>;

export interface ForwardContext {
  readonly builder: ProgramBuilder;
  readonly batch: number;
  /** Whether this is a training step; inference is computed one way only, so that all who run it agree. */
  readonly trains: boolean;
  shape(id: number): Shape;
  /** The input that a single-input node reads. */
  input(node: GraphNode): number;
  value(id: number): PendingBuffer;
  /** A new buffer for the output of a node, over the whole batch. */
  output(node: GraphNode): PendingBuffer;
  /** The output of a node is a buffer that is there already. */
  alias(node: GraphNode, buffer: PendingBuffer): void;
  kernelOf(node: Weighted): PendingBuffer;
  biasOf(node: Weighted): PendingBuffer | undefined;
  /** A buffer for what follows from the weights alone. */
  derived(label: string, elements: number): PendingBuffer;
  /** A call that needs the weights alone: in inference it runs once, before all batches. */
  prepare<A extends KernelArgs>(
    layer: string,
    kernel: Kernel<A>,
    args: CallArguments<A>,
    units: number,
  ): void;
  call<A extends KernelArgs>(
    layer: string,
    kernel: Kernel<A>,
    args: CallArguments<A>,
    units: number,
    macs?: number,
  ): void;
}
