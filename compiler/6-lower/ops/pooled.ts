/**
 * A 1x1 convolution and the 2x2 max pool behind it, in training. Three quarters of the gradient to the convolution's
 * output are zeros; it is never stored, and its products are never computed. Nor is the output kept for the backward pass.
 */

import { gradientChunks } from '../../../runtime/kernels/plain/partials.ts';
import {
  maxPoolWinners,
  pooledInputGradient,
  pooledWeightGradient,
  pooledWeightGradientScratch,
} from '../../../runtime/kernels/plain/pooled.ts';
import { elements } from '../../graph/shape.ts';
import type { PendingBuffer } from '../builder.ts';
import type { FusedUnit } from '../fuse.ts';
import type { TrainingContext } from '../training-context.ts';
import {
  addBiasGradient,
  addPartials,
  convolutionShape,
  forwardDense,
  packBackward,
} from './convolution.ts';

export type PooledUnit = Extract<FusedUnit, { readonly kind: 'pooled' }>;

/** The numbers of the windows' winners, by the convolution's node. */
export type PoolMemory = Map<number, PendingBuffer>;

export function forwardPooled({ node, pool }: PooledUnit, memory: PoolMemory, t: TrainingContext) {
  forwardDense(node, t);
  const { height, width, channels } = pool.shape;
  const size = t.batch * elements(pool.shape);
  const winners = t.builder.temporary(`winners ${pool.name}`, size, 'u8');
  memory.set(node.id, winners);
  const input = t.value(node.id);
  const sizes = { outHeight: height, outWidth: width, channels };
  t.call(pool.name, maxPoolWinners, { input, output: t.output(pool), winners, ...sizes }, t.batch);
}

export function backwardPooled(
  { node, pool }: PooledUnit,
  gradient: PendingBuffer,
  memory: PoolMemory,
  t: TrainingContext,
): void {
  const winners = memory.get(node.id) as PendingBuffer;
  const from = t.input(node);
  const shape = convolutionShape(node, t.shape(from));
  const { inChannels, outChannels } = shape;
  const { height: outHeight, width: outWidth } = pool.shape;
  const sizes = { outHeight, outWidth, inChannels, outChannels };
  const macs = node.macs * t.batch;
  if (!t.isFrozen(node)) {
    const size = inChannels * outChannels;
    const chunks = gradientChunks(t.batch, size);
    const partials = t.builder.temporary(`partials ${node.name}`, chunks * size);
    const scratchSize = pooledWeightGradientScratch(inChannels, outChannels);
    const scratch = t.builder.scratch(`scratch ${node.name}`, scratchSize);
    const buffers = { input: t.value(from), gradient, winners, partials, scratch };
    const args = { ...buffers, batch: t.batch, ...sizes, chunks, scratchSize };
    t.call(node.name, pooledWeightGradient, args, chunks, macs);
    addPartials(node, 'kernel', partials, size, chunks, t);
    // The pool passes every gradient on, so that their sum is that of the pooled image.
    if (t.biasHasGradient(node)) addBiasGradient(node, gradient, t, pool.shape);
  }
  if (!t.needsGradient(from)) return;
  const packed = packBackward(node, shape, t);
  t.contribute(from, node.name, (inputGradient) => {
    const args = { gradient, winners, packed, inputGradient, ...sizes };
    t.call(node.name, pooledInputGradient, args, t.batch, macs);
  });
}
