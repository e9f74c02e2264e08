/**
 * A network's first convolution with a batch norm, an activation and a 2x2 max pool behind it, in training. The
 * statistics of its output and the gradient to its weights follow from products of the photos' patches; neither the
 * output nor the gradient to it exists as a whole.
 */

import { normPoolGradientSums } from '../../../runtime/kernels/plain/norm-pool.ts';
import { sumPartials, sumPartialsUnits } from '../../../runtime/kernels/plain/partials.ts';
import {
  STEM_CHANNELS,
  STEM_KERNEL,
  STEM_PRODUCTS,
  STEM_TAPS,
  stemForward,
  stemForwardScratch,
  stemGradientSums,
  stemGradientSumsScratch,
  stemProducts,
  stemProductsScratch,
  stemWeightGradient,
} from '../../../runtime/kernels/plain/stem.ts';
import { type Graph, type GraphNode, graphInput, shapeOf } from '../../graph/graph.ts';
import { elements } from '../../graph/shape.ts';
import { codeOf } from '../activation.ts';
import type { PendingBuffer } from '../builder.ts';
import type { FusedUnit } from '../fuse.ts';
import type { TrainingContext } from '../training-context.ts';
import { convolutionShape, packForward } from './convolution.ts';
import { coefficientsOf, finishNorm } from './norm.ts';

type StemUnit = Extract<FusedUnit, { readonly kind: 'stem' }>;

/** What the backward pass needs of the forward one, by the convolution's node. */
export type StemMemory = Map<number, Remembered>;

interface Remembered {
  readonly coefficients: PendingBuffer;
  /** The norm's input at the largest of each window. */
  readonly winners: PendingBuffer;
  /** Which pixel of its window each winner is. */
  readonly numbers: PendingBuffer;
  /** Of the patches of each photo. */
  readonly products: PendingBuffer;
}

/** Whether it is a convolution that the kernels compute: 3x3 without stride, over photos of three colours. */
export function isStem(graph: Graph, node: GraphNode): node is GraphNode<'conv2d'> {
  if (node.op !== 'conv2d' || node.inputs[0] !== graphInput) return false;
  const { kernel, stride, dilation, groups } = node.attributes;
  return (
    kernel.every((n) => n === STEM_KERNEL) &&
    [...stride, ...dilation, groups].every((n) => n === 1) &&
    shapeOf(graph, graphInput).channels === STEM_CHANNELS
  );
}

export function forwardStem(unit: StemUnit, memory: StemMemory, t: TrainingContext): void {
  const { node, norm, activation, pool } = unit;
  const shape = shapeOfStem(node, t);
  const { channels } = node.shape;
  const image = t.value(graphInput);
  const weights = t.weight(node, 'kernel');
  const bias = t.biasOf(node);
  const products = t.builder.temporary(`products ${node.name}`, t.batch * STEM_PRODUCTS);
  const partials = t.builder.temporary(`statistics ${norm.name}`, t.batch * 2 * channels);
  const productScratch = stemProductsScratch(shape);
  t.call(
    node.name,
    stemProducts,
    {
      ...{ image, weights, bias: bias ?? weights, products, partials },
      scratch: t.builder.scratch(`scratch products ${node.name}`, productScratch),
      ...{ ...shape, channels, hasBias: bias ? 1 : 0, scratchSize: productScratch },
    },
    t.batch,
  );
  const coefficients = coefficientsOf(norm, partials, t);
  const count = t.batch * elements(pool.shape);
  const winners = t.builder.temporary(`winners ${norm.name}`, count);
  const numbers = t.builder.temporary(`numbers ${norm.name}`, count, 'u8');
  const scratchSize = stemForwardScratch(shape, channels);
  const packed = packForward(node, convolutionShape(node, t.shape(graphInput)), t);
  t.call(
    node.name,
    stemForward,
    {
      ...{ image, packed, coefficients, output: t.output(pool), winners, numbers },
      scratch: t.builder.scratch(`scratch ${node.name}`, scratchSize),
      ...{ ...shape, channels, ...codeOf(activation), scratchSize },
    },
    t.batch,
    node.macs * t.batch,
  );
  memory.set(node.id, { coefficients, winners, numbers, products });
}

export function backwardStem(
  { node, norm, activation }: StemUnit,
  gradient: PendingBuffer,
  memory: StemMemory,
  t: TrainingContext,
): void {
  const { height, width, channels } = node.shape;
  const { coefficients, winners, numbers, products } = memory.get(node.id) as Remembered;
  const partials = t.builder.temporary(`gradient sums ${norm.name}`, t.batch * 2 * channels);
  const pass = { winners, gradient, coefficients, partials, channels, ...codeOf(activation) };
  if (t.isFrozen(node)) {
    t.call(norm.name, normPoolGradientSums, { ...pass, height, width }, t.batch);
    finishNorm(norm, partials, coefficients, t);
    return;
  }
  const shape = shapeOfStem(node, t);
  const patches = t.builder.temporary(`patches ${node.name}`, t.batch * STEM_TAPS * channels);
  const scratchSize = stemGradientSumsScratch(shape, channels);
  const scratch = t.builder.scratch(`scratch gradient ${node.name}`, scratchSize);
  const buffers = { image: t.value(graphInput), numbers, patches, scratch };
  const args = { ...pass, ...buffers, ...shape, scratchSize };
  t.call(node.name, stemGradientSums, args, t.batch, node.macs * t.batch);
  const weights = t.weight(node, 'kernel');
  const bias = t.biasOf(node);
  t.call(
    node.name,
    stemWeightGradient,
    {
      ...{ patches, products: sumOf(node, products, t), weights, bias: bias ?? weights },
      gradientCoefficients: finishNorm(norm, partials, coefficients, t),
      ...{ gradient: t.gradient(node, 'kernel'), images: t.batch, channels },
      ...{ hasBias: bias ? 1 : 0, accumulate: t.builder.scalar('accumulate') },
    },
    channels,
  );
}

function sumOf(
  node: GraphNode<'conv2d'>,
  partials: PendingBuffer,
  t: TrainingContext,
): PendingBuffer {
  const size = STEM_PRODUCTS;
  const sum = t.builder.temporary(`sum of products ${node.name}`, size);
  const args = { partials, sum, size, chunks: t.batch, accumulate: 0 };
  t.call(node.name, sumPartials, args, sumPartialsUnits(size));
  return sum;
}

function shapeOfStem(node: GraphNode<'conv2d'>, t: TrainingContext) {
  const shape = convolutionShape(node, t.shape(graphInput));
  const { inHeight, inWidth, outHeight, outWidth, padTop, padLeft } = shape;
  return { inHeight, inWidth, outHeight, outWidth, padTop, padLeft };
}
