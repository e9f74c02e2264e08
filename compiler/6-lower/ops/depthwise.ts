/** Depthwise convolutions as kernel calls: weights as they are, no packing. */

import {
  type DepthwiseShape,
  depthwise,
  depthwiseInputGradient,
  depthwiseWeightGradient,
} from '../../../runtime/kernels/plain/depthwise.ts';
import { gradientChunks } from '../../../runtime/kernels/plain/partials.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Shape } from '../../graph/shape.ts';
import type { PendingBuffer } from '../builder.ts';
import type { ForwardContext } from '../forward-context.ts';
import type { TrainingContext } from '../training-context.ts';
import { addBiasGradient, addPartials } from './convolution.ts';

type Conv = GraphNode<'conv2d'>;

export function depthwiseShape(node: Conv, input: Shape): DepthwiseShape {
  const { kernel, stride, dilation, padding, filters } = node.attributes;
  return {
    inHeight: input.height,
    inWidth: input.width,
    inChannels: input.channels,
    outHeight: node.shape.height,
    outWidth: node.shape.width,
    multiplier: filters / input.channels,
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    strideY: stride[0],
    strideX: stride[1],
    dilationY: dilation[0],
    dilationX: dilation[1],
    padTop: padding[0],
    padLeft: padding[2],
  };
}

export function forwardDepthwise(node: Conv, t: ForwardContext): void {
  const shape = depthwiseShape(node, t.shape(t.input(node)));
  const weights = t.kernelOf(node);
  const bias = t.biasOf(node);
  const input = t.value(t.input(node));
  t.call(
    node.name,
    depthwise,
    {
      input,
      weights,
      bias: bias ?? weights,
      output: t.output(node),
      ...shape,
      hasBias: bias ? 1 : 0,
    },
    t.batch,
    node.macs * t.batch,
  );
}

export function backwardDepthwise(node: Conv, gradient: PendingBuffer, t: TrainingContext): void {
  const from = t.input(node);
  const shape = depthwiseShape(node, t.shape(from));
  const macs = node.macs * t.batch;
  if (!t.isFrozen(node)) {
    const size = shape.kernelHeight * shape.kernelWidth * node.shape.channels;
    const chunks = gradientChunks(t.batch, size);
    const partials = t.builder.temporary(`partials ${node.name}`, chunks * size);
    t.call(
      node.name,
      depthwiseWeightGradient,
      { input: t.value(from), gradient, partials, batch: t.batch, ...shape, chunks },
      chunks,
      macs,
    );
    addPartials(node, 'kernel', partials, size, chunks, t);
    if (t.biasHasGradient(node)) addBiasGradient(node, gradient, t);
  }
  const weights = t.weight(node, 'kernel');
  t.contribute(from, node.name, (inputGradient) => {
    t.call(
      node.name,
      depthwiseInputGradient,
      { gradient, weights, inputGradient, ...shape },
      t.batch,
      macs,
    );
  });
}
