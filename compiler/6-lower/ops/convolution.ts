/** Convolutions and dense layers as kernel calls: pointwise where the kernel is 1x1, depthwise where groups are channels. */

import {
  type ConvolutionShape,
  convolution,
  convolutionInputGradient,
  convolutionInputGradientScratch,
  convolutionScratch,
  convolutionWeightGradient,
  convolutionWeightGradientScratch,
  convolutionWeightGradientUnits,
  gradientKernelRows,
} from '../../../runtime/kernels/plain/convolution.ts';
import {
  packedPanels,
  packedSize,
  packWeights,
  packWeightsTransposed,
} from '../../../runtime/kernels/plain/pack.ts';
import {
  biasGradient,
  gradientChunks,
  sumPartials,
  sumPartialsUnits,
} from '../../../runtime/kernels/plain/partials.ts';
import {
  pointwise,
  pointwiseWeightGradient,
  pointwiseWeightGradientScratch,
} from '../../../runtime/kernels/plain/pointwise.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Shape } from '../../graph/shape.ts';
import type { PendingBuffer } from '../builder.ts';
import type { ForwardContext, Weighted } from '../forward-context.ts';
import type { TrainingContext } from '../training-context.ts';

type Conv = GraphNode<'conv2d'>;

/** The sizes of a layer as the kernels name them; a dense layer is a 1x1 convolution of a 1x1 image. */
export function convolutionShape(node: Weighted, input: Shape): ConvolutionShape {
  const out = node.shape;
  const common = {
    inHeight: input.height,
    inWidth: input.width,
    inChannels: input.channels,
    outHeight: out.height,
    outWidth: out.width,
    outChannels: out.channels,
  };
  if (node.op === 'dense') return { ...common, ...unitGeometry };
  const { kernel, stride, dilation, padding, groups } = node.attributes;
  return {
    ...common,
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    strideY: stride[0],
    strideX: stride[1],
    dilationY: dilation[0],
    dilationX: dilation[1],
    padTop: padding[0],
    padLeft: padding[2],
    groups,
  };
}

const unitGeometry = {
  kernelHeight: 1,
  kernelWidth: 1,
  strideY: 1,
  strideX: 1,
  dilationY: 1,
  dilationX: 1,
  padTop: 0,
  padLeft: 0,
  groups: 1,
} as const;

export function isPointwise(node: Weighted): boolean {
  if (node.op === 'dense') return true;
  const { kernel, stride, padding, groups } = node.attributes;
  return (
    kernel[0] === 1 &&
    kernel[1] === 1 &&
    stride[0] === 1 &&
    stride[1] === 1 &&
    padding.every((p) => p === 0) &&
    groups === 1
  );
}

export function isDepthwise(node: Conv, input: Shape): boolean {
  return node.attributes.groups === input.channels && node.attributes.groups > 1;
}

/** Packs the weights for the forward pass and calls the kernel. */
export function forwardDense(node: Weighted, t: ForwardContext): void {
  const input = t.shape(t.input(node));
  const shape = convolutionShape(node, input);
  const packed = packForward(node, shape, t);
  const macs = node.macs * t.batch;
  if (isPointwise(node)) {
    const pixels = input.height * input.width;
    const { inChannels, outChannels } = shape;
    t.call(
      node.name,
      pointwise,
      {
        input: t.value(t.input(node)),
        packed,
        output: t.output(node),
        pixels,
        inChannels,
        outChannels,
      },
      t.batch,
      macs,
    );
    return;
  }
  const scratchSize = convolutionScratch(shape);
  const scratch = t.builder.scratch(`scratch ${node.name}`, scratchSize);
  t.call(
    node.name,
    convolution,
    {
      input: t.value(t.input(node)),
      packed,
      output: t.output(node),
      scratch,
      ...shape,
      scratchSize,
    },
    t.batch,
    macs,
  );
}

export function packForward(
  node: Weighted,
  shape: ConvolutionShape,
  t: ForwardContext,
): PendingBuffer {
  const { groups, outChannels } = shape;
  const depth = shape.kernelHeight * shape.kernelWidth * (shape.inChannels / groups);
  const layout = { depth, channels: outChannels / groups, groups };
  const packed = t.derived(`packed ${node.name}`, packedSize(layout));
  const weights = t.kernelOf(node);
  const bias = t.biasOf(node);
  t.prepare(
    node.name,
    packWeights,
    { weights, bias: bias ?? weights, packed, depth, outChannels, groups, hasBias: bias ? 1 : 0 },
    packedPanels(layout),
  );
  return packed;
}

export function backwardDense(node: Weighted, gradient: PendingBuffer, t: TrainingContext): void {
  const shape = convolutionShape(node, t.shape(t.input(node)));
  if (!t.isFrozen(node)) {
    weightGradient(node, gradient, shape, t);
    if (t.biasHasGradient(node)) addBiasGradient(node, gradient, t);
  }
  const from = t.input(node);
  if (!t.needsGradient(from)) return;
  const packed = packBackward(node, shape, t);
  const macs = node.macs * t.batch;
  t.contribute(from, node.name, (inputGradient) => {
    if (isPointwise(node)) {
      const pixels = shape.inHeight * shape.inWidth;
      t.call(
        node.name,
        pointwise,
        {
          input: gradient,
          packed,
          output: inputGradient,
          pixels,
          inChannels: shape.outChannels,
          outChannels: shape.inChannels,
        },
        t.batch,
        macs,
      );
      return;
    }
    const scratchSize = convolutionInputGradientScratch(shape);
    const scratch = t.builder.scratch(`scratch ${node.name}`, scratchSize);
    t.call(
      node.name,
      convolutionInputGradient,
      { gradient, packed, inputGradient, scratch, ...shape, scratchSize },
      t.batch,
      macs,
    );
  });
}

export function packBackward(
  node: Weighted,
  shape: ConvolutionShape,
  t: TrainingContext,
): PendingBuffer {
  const { groups, inChannels, outChannels, kernelHeight, kernelWidth } = shape;
  const layout = {
    depth: kernelHeight * kernelWidth * (outChannels / groups),
    channels: inChannels / groups,
    groups,
  };
  const packed = t.builder.temporary(`packed transposed ${node.name}`, packedSize(layout));
  const { strideY, strideX, dilationY, dilationX } = shape;
  t.call(
    node.name,
    packWeightsTransposed,
    {
      weights: t.weight(node, 'kernel'),
      packed,
      kernelHeight,
      kernelWidth,
      inChannels,
      outChannels,
      strideY,
      strideX,
      dilationY,
      dilationX,
      groups,
    },
    packedPanels(layout),
  );
  return packed;
}

function weightGradient(
  node: Weighted,
  gradient: PendingBuffer,
  shape: ConvolutionShape,
  t: TrainingContext,
): void {
  const { kernelHeight, kernelWidth, inChannels, outChannels, groups } = shape;
  const size = kernelHeight * kernelWidth * (inChannels / groups) * outChannels;
  const chunks = gradientChunks(t.batch, size);
  const partials = t.builder.temporary(`partials ${node.name}`, chunks * size);
  const input = t.value(t.input(node));
  const macs = node.macs * t.batch;
  if (isPointwise(node)) {
    const scratchSize = pointwiseWeightGradientScratch(inChannels, outChannels);
    const scratch = t.builder.scratch(`scratch ${node.name}`, scratchSize);
    const pixels = shape.inHeight * shape.inWidth;
    t.call(
      node.name,
      pointwiseWeightGradient,
      {
        input,
        gradient,
        partials,
        scratch,
        batch: t.batch,
        pixels,
        inChannels,
        outChannels,
        chunks,
        scratchSize,
      },
      chunks,
      macs,
    );
  } else {
    const scratchSize = convolutionWeightGradientScratch(shape);
    const scratch = t.builder.scratch(`scratch ${node.name}`, scratchSize);
    t.call(
      node.name,
      convolutionWeightGradient,
      {
        input,
        gradient,
        partials,
        scratch,
        batch: t.batch,
        ...shape,
        chunks,
        kernelRows: gradientKernelRows(shape),
        scratchSize,
      },
      convolutionWeightGradientUnits(shape, chunks),
      macs,
    );
  }
  addPartials(node, 'kernel', partials, size, chunks, t);
}

export function addBiasGradient(
  node: Conv | GraphNode<'dense'>,
  gradient: PendingBuffer,
  t: TrainingContext,
  /** Of one image of the gradient. */
  { height, width, channels }: Shape = node.shape,
): void {
  const chunks = gradientChunks(t.batch, channels);
  const partials = t.builder.temporary(`bias partials ${node.name}`, chunks * channels);
  const pixels = height * width;
  t.call(
    node.name,
    biasGradient,
    { gradient, partials, batch: t.batch, pixels, channels, chunks },
    chunks,
  );
  addPartials(node, 'bias', partials, channels, chunks, t);
}

/** Adds the chunks up, to what earlier batches left where gradients are accumulated. */
export function addPartials(
  node: Weighted,
  weight: 'kernel' | 'bias',
  partials: PendingBuffer,
  size: number,
  chunks: number,
  t: TrainingContext,
): void {
  const accumulate = t.builder.scalar('accumulate');
  const sum = t.gradient(node, weight);
  t.call(
    node.name,
    sumPartials,
    { partials, sum, size, chunks, accumulate },
    sumPartialsUnits(size),
  );
}
