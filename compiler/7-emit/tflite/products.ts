/** Convolutions and dense layers, the batch norm behind them taken in; what stays of a norm elsewhere. */

import { affineOf, foldedWeights } from '../../6-lower/int8/weights.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Value } from './builder.ts';
import { fusedActivations } from './schema.ts';
import type { NodeContext } from './table.ts';
import { place } from './window.ts';

/** The kernel as TFLite has it, [out, height, width, in] or [out, in], and a bias, of zeros where there is none. */
interface Folded {
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
  /** Weights of one output. */
  readonly rows: number;
}

function folded({ graph, weights }: NodeContext, node: GraphNode<'conv2d' | 'dense'>): Folded {
  const { kernel, bias, rows, channels } = foldedWeights(graph, weights, node);
  const turned = new Float32Array(kernel.length);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < channels; c++)
      turned[c * rows + row] = kernel[row * channels + c] as number;
  }
  return { kernel: turned, bias: Float32Array.from(bias), rows };
}

export function dense(node: GraphNode<'dense'>, context: NodeContext): Value {
  const { builder, name, fused } = context;
  const { kernel, bias, rows } = folded(context, node);
  const { units } = node.attributes;
  const inputs = [
    ...context.inputs,
    builder.kernel(`${node.name}.kernel`, [units, rows], kernel),
    builder.floats(`${node.name}.bias`, [units], bias),
  ];
  const options = { activation: fusedActivations[fused] };
  return builder.add('FULLY_CONNECTED', inputs, { name, shape: [1, units], options });
}

export function conv2d(node: GraphNode<'conv2d'>, context: NodeContext): Value {
  const { groups } = node.attributes;
  const isDepthwise = groups > 1 && groups === context.entering.channels;
  return isDepthwise ? depthwise(node, context) : ordinary(node, context);
}

function ordinary(node: GraphNode<'conv2d'>, context: NodeContext): Value {
  const { builder, name, entering } = context;
  const { kernel: size, groups } = node.attributes;
  const { kernel, bias } = folded(context, node);
  const shape = [node.shape.channels, ...size, entering.channels / groups];
  const { value, options } = placed(node, context);
  const inputs = [
    value,
    builder.kernel(`${node.name}.kernel`, shape, kernel),
    builder.floats(`${node.name}.bias`, [node.shape.channels], bias),
  ];
  const version = groups > 1 ? 6 : 1;
  return builder.add('CONV_2D', inputs, { name, shape: imageOf(node), options, version });
}

function depthwise(node: GraphNode<'conv2d'>, context: NodeContext): Value {
  const { builder, name, graph, weights, entering } = context;
  const { kernel: size, dilation } = node.attributes;
  // Outputs come last here, as in the language.
  const { kernel, bias } = foldedWeights(graph, weights, node);
  const { channels } = node.shape;
  const { value, options } = placed(node, context);
  const inputs = [
    value,
    builder.kernel(`${node.name}.kernel`, [1, ...size, channels], Float32Array.from(kernel)),
    builder.floats(`${node.name}.bias`, [channels], bias),
  ];
  const depthMultiplier = channels / entering.channels;
  return builder.add('DEPTHWISE_CONV_2D', inputs, {
    name,
    shape: imageOf(node),
    options: { ...options, depthMultiplier },
    version: dilation.some((n) => n > 1) ? 2 : 1,
  });
}

/** What the kernel slides over, and how. */
function placed(node: GraphNode<'conv2d'>, { builder, inputs, entering, fused }: NodeContext) {
  const { stride, dilation } = node.attributes;
  const window = node.attributes;
  const about = { window, entering, leaving: node.shape, fill: 'zeros' } as const;
  const { value, padding } = place(builder, inputs[0] as Value, node.name, about);
  const [strideH, strideW] = stride;
  const [dilationH, dilationW] = dilation;
  const activation = fusedActivations[fused];
  return { value, options: { padding, strideH, strideW, dilationH, dilationW, activation } };
}

/** Of a norm that nothing takes in: x * scale + shift. */
export function batchNorm(node: GraphNode<'batchNorm'>, context: NodeContext): Value {
  const { builder, name, weights, fused } = context;
  const [value] = context.inputs as readonly [Value];
  const { scale, shift } = affineOf(weights, node);
  const { shape } = value;
  const factors = builder.floats(`${node.name}.scale`, [scale.length], scale);
  const terms = builder.floats(`${node.name}.shift`, [shift.length], shift);
  const scaled = builder.add('MUL', [value, factors], {
    name: `${node.name}/scaled`,
    shape,
    options: { activation: fusedActivations.none },
  });
  const options = { activation: fusedActivations[fused] };
  return builder.add('ADD', [scaled, terms], { name, shape, options });
}

/** The shape of what a node gives, as a batch of one image. */
export function imageOf({ shape: { height, width, channels } }: GraphNode): readonly number[] {
  return [1, height, width, channels];
}
