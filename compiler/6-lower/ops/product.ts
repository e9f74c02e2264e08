/** The products of inference as kernel calls, with all that runs along: activations, pools, a depthwise before. */

import {
  convolveActivate,
  convolveActivateScratch,
  depthwiseActivate,
  depthwisePointwise,
  depthwisePointwiseScratch,
  pointwiseActivate,
  pointwiseActivateScratch,
} from '../../../runtime/kernels/plain/fused.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { codeOf } from '../activation.ts';
import type { ForwardContext } from '../forward-context.ts';
import type { Product, Stage } from '../inference-units.ts';
import { convolutionShape, isDepthwise, isPointwise, packForward } from './convolution.ts';
import { depthwiseShape } from './depthwise.ts';

export function lowerProduct(unit: Product, t: ForwardContext): void {
  const { depthwise, main, pool } = unit;
  const input = t.shape(t.input(main.node));
  if (depthwise) lowerPair(unit, depthwise, t);
  else if (main.node.op === 'conv2d' && isDepthwise(main.node, input)) lowerDepthwise(main, t);
  else if (isPointwise(main.node)) lowerPointwise(main, pool, t);
  else lowerConvolution(main, pool, t);
}

function lowerConvolution(
  { node, activation, last }: Stage,
  pool: Product['pool'],
  t: ForwardContext,
): void {
  const shape = convolutionShape(node, t.shape(t.input(node)));
  const scratchSize = convolveActivateScratch(shape, pool !== undefined);
  t.call(
    node.name,
    convolveActivate,
    {
      input: t.value(t.input(node)),
      packed: packForward(node, shape, t),
      output: t.output(pool ?? last),
      scratch: t.builder.scratch(`scratch ${node.name}`, scratchSize),
      ...shape,
      ...codeOf(activation),
      pool: pool ? 1 : 0,
      scratchSize,
    },
    t.batch,
    node.macs * t.batch,
  );
}

function lowerPointwise(
  { node, activation, last }: Stage,
  pool: Product['pool'],
  t: ForwardContext,
): void {
  const shape = convolutionShape(node, t.shape(t.input(node)));
  const { inHeight: height, inWidth: width, inChannels, outChannels } = shape;
  const sizes = { width, inChannels, channels: outChannels };
  const scratchSize = pointwiseActivateScratch(sizes, pool !== undefined);
  t.call(
    node.name,
    pointwiseActivate,
    {
      input: t.value(t.input(node)),
      packed: packForward(node, shape, t),
      output: t.output(pool ?? last),
      scratch: t.builder.scratch(`scratch ${node.name}`, scratchSize),
      height,
      width,
      inChannels,
      outChannels,
      ...codeOf(activation),
      pool: pool ? 1 : 0,
      scratchSize,
    },
    t.batch,
    node.macs * t.batch,
  );
}

/** What a depthwise convolution reads, its bias folded or its own. */
function depthwiseArguments(node: GraphNode<'conv2d'>, t: ForwardContext) {
  const weights = t.kernelOf(node);
  const bias = t.biasOf(node);
  const input = t.value(t.input(node));
  const shape = depthwiseShape(node, t.shape(t.input(node)));
  return { input, weights, bias: bias ?? weights, ...shape, hasBias: bias ? 1 : 0 };
}

function lowerDepthwise({ node, activation, last }: Stage, t: ForwardContext): void {
  const args = depthwiseArguments(node as GraphNode<'conv2d'>, t);
  const output = t.output(last);
  const all = { ...args, output, ...codeOf(activation) };
  t.call(node.name, depthwiseActivate, all, t.batch, node.macs * t.batch);
}

function lowerPair({ main, pool }: Product, depthwise: Stage, t: ForwardContext): void {
  const inner = codeOf(depthwise.activation);
  const args = depthwiseArguments(depthwise.node as GraphNode<'conv2d'>, t);
  const shape = convolutionShape(main.node, t.shape(t.input(main.node)));
  const { outChannels } = shape;
  const scratchSize = depthwisePointwiseScratch(args, outChannels, pool !== undefined);
  t.call(
    main.node.name,
    depthwisePointwise,
    {
      ...args,
      packed: packForward(main.node, shape, t),
      output: t.output(pool ?? main.last),
      scratch: t.builder.scratch(`scratch ${main.node.name}`, scratchSize),
      innerActivation: inner.activation,
      innerParameter: inner.parameter,
      outChannels,
      ...codeOf(main.activation),
      pool: pool ? 1 : 0,
      scratchSize,
    },
    t.batch,
    (depthwise.node.macs + main.node.macs) * t.batch,
  );
}
