/**
 * A network's first convolution with a batch norm, an activation and a 2x2 max pool behind it: the gradient to its
 * weights follows from sums over the pooled gradient and over the photos. Neither the convolution's output nor the
 * gradient to it is kept or made.
 */

import { sumPartials, sumPartialsUnits } from '../../../runtime/kernels/plain/partials.ts';
import {
  STEM_CHANNELS,
  STEM_KERNEL,
  STEM_PRODUCTS,
  STEM_TAPS,
  stemGradientSums,
  stemGradientSumsScratch,
  stemProducts,
  stemProductsScratch,
  stemWeightGradient,
} from '../../../runtime/kernels/plain/stem.ts';
import { type Graph, type GraphNode, graphInput, shapeOf } from '../../graph/graph.ts';
import type { ActivationCode } from '../activation.ts';
import type { PendingBuffer } from '../builder.ts';
import type { TrainingContext } from '../training-context.ts';
import { convolutionShape } from './convolution.ts';

type Conv = GraphNode<'conv2d'>;

/** Whether it is a convolution that the kernels compute: 3x3 without stride, over photos of three colours. */
export function isStem(graph: Graph, node: GraphNode | undefined): node is Conv {
  if (node?.op !== 'conv2d' || node.inputs[0] !== graphInput) return false;
  const { kernel, stride, dilation, groups } = node.attributes;
  return (
    kernel.every((n) => n === STEM_KERNEL) &&
    [...stride, ...dilation, groups].every((n) => n === 1) &&
    shapeOf(graph, graphInput).channels === STEM_CHANNELS
  );
}

export interface StemBuffers {
  readonly winners: PendingBuffer;
  /** Which pixel of its window each winner is. */
  readonly numbers: PendingBuffer;
  readonly gradient: PendingBuffer;
  readonly coefficients: PendingBuffer;
  /** Where the sums for the norm's own gradient go. */
  readonly partials: PendingBuffer;
}

/** What is summed before the norm's gradient is known: products with the patches of winners, an image each. */
export function sumStem(
  node: Conv,
  buffers: StemBuffers,
  activation: ActivationCode,
  t: TrainingContext,
): PendingBuffer {
  const shape = convolutionShape(node, t.shape(graphInput));
  const channels = shape.outChannels;
  const patches = t.builder.temporary(`patches ${node.name}`, t.batch * STEM_TAPS * channels);
  const scratchSize = stemGradientSumsScratch(shape, channels);
  const scratch = t.builder.scratch(`scratch ${node.name}`, scratchSize);
  t.call(
    node.name,
    stemGradientSums,
    {
      ...{ image: t.value(graphInput), ...buffers, patches, scratch },
      ...{ ...geometryOf(node, t), channels, ...activation, scratchSize },
    },
    t.batch,
    node.macs * t.batch,
  );
  return patches;
}

/** The gradient to the weights, from what sumStem gave and the norm's three rows. */
export function finishStem(
  node: Conv,
  patches: PendingBuffer,
  gradientCoefficients: PendingBuffer,
  t: TrainingContext,
): void {
  const channels = node.shape.channels;
  const weights = t.weight(node, 'kernel');
  const bias = t.biasOf(node);
  t.call(
    node.name,
    stemWeightGradient,
    {
      ...{ patches, products: productsOf(node, t), weights, bias: bias ?? weights },
      ...{ gradientCoefficients, gradient: t.gradient(node, 'kernel'), images: t.batch, channels },
      ...{ hasBias: bias ? 1 : 0, accumulate: t.builder.scalar('accumulate') },
    },
    channels,
  );
}

/** The products of the photos' patches among themselves, summed over the batch. */
function productsOf(node: Conv, t: TrainingContext): PendingBuffer {
  const geometry = geometryOf(node, t);
  const scratchSize = stemProductsScratch(geometry);
  const scratch = t.builder.scratch(`scratch products ${node.name}`, scratchSize);
  const partials = t.builder.temporary(`products ${node.name}`, t.batch * STEM_PRODUCTS);
  const image = t.value(graphInput);
  const args = { image, products: partials, scratch, ...geometry, scratchSize };
  t.call(node.name, stemProducts, args, t.batch);
  const sum = t.builder.temporary(`sum of products ${node.name}`, STEM_PRODUCTS);
  t.call(
    node.name,
    sumPartials,
    { partials, sum, size: STEM_PRODUCTS, chunks: t.batch, accumulate: 0 },
    sumPartialsUnits(STEM_PRODUCTS),
  );
  return sum;
}

function geometryOf(node: Conv, t: TrainingContext) {
  const { inHeight, inWidth, outHeight, outWidth, padTop, padLeft } = convolutionShape(
    node,
    t.shape(graphInput),
  );
  return { inHeight, inWidth, outHeight, outWidth, padTop, padLeft };
}
