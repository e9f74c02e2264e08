/**
 * How each op becomes layers of tfjs. In one table rather than in the op records, so that checking an architecture
 * never loads tfjs; an op that is missing here is a type error.
 *
 * Every tensor is [batch, height, width, channels], vectors being 1 x 1 images, as in the Graph.
 */

import type * as tfjs from '@tensorflow/tfjs';
import type { GraphNode } from '../../graph/graph.ts';
import type { Shape } from '../../graph/shape.ts';
import type { Edges, Pair } from '../../ops/attributes.ts';
import type { OpKind } from '../../ops/index.ts';
import { placeWindow } from '../../ops/window.ts';
import type { NetlatheLayers, Tf } from './layers.ts';
import { helperName, layerName } from './names.ts';

export interface LayerContext {
  readonly tf: Tf;
  readonly layers: NetlatheLayers;
  readonly inputs: readonly tfjs.SymbolicTensor[];
  readonly shapes: readonly Shape[];
}

type Build<K extends OpKind> = (node: GraphNode<K>, context: LayerContext) => tfjs.SymbolicTensor;

export const tfjsLayers: { readonly [K in OpKind]: Build<K> } = {
  conv2d: convolution,
  dense(node, context) {
    const { units, bias } = node.attributes;
    const layer = context.tf.layers.dense({ ...named(node), ...zeros, units, useBias: bias });
    return one(layer, context);
  },
  batchNorm(node, context) {
    const { epsilon, momentum, affine } = node.attributes;
    const layer = context.tf.layers.batchNormalization({
      ...named(node),
      epsilon,
      // Keras says how much of the old statistics stays, PyTorch how much of the new comes in.
      momentum: 1 - momentum,
      center: affine,
      scale: affine,
    });
    return one(layer, context);
  },
  relu: activation('relu'),
  relu6: activation('relu6'),
  sigmoid: activation('sigmoid'),
  tanh: activation('tanh'),
  silu: activation('swish'),
  hardSwish: (node, context) =>
    one(context.layers.activation({ ...named(node), activation: 'hardSwish' }), context),
  hardSigmoid: (node, context) =>
    one(context.layers.activation({ ...named(node), activation: 'hardSigmoid' }), context),
  gelu: (node, context) =>
    node.attributes.approximate === 'none'
      ? activation('gelu')(node, context)
      : one(context.layers.activation({ ...named(node), activation: 'geluTanh' }), context),
  elu: (node, context) =>
    node.attributes.alpha === 1
      ? activation('elu')(node, context)
      : one(
          context.layers.activation({
            ...named(node),
            activation: 'elu',
            alpha: node.attributes.alpha,
          }),
          context,
        ),
  leakyRelu: (node, context) =>
    one(context.tf.layers.leakyReLU({ ...named(node), alpha: node.attributes.slope }), context),
  maxPool2d: maxPool,
  avgPool2d: averagePool,
  globalAvgPool(node, context) {
    // A window as large as the image: tf's global pool would drop the axes that squeeze-and-excite needs.
    const { height, width } = entering(context);
    const layer = context.tf.layers.averagePooling2d({
      ...named(node),
      poolSize: [height, width],
      strides: [height, width],
      padding: 'valid',
    });
    return one(layer, context);
  },
  dropout: (node, context) =>
    one(context.tf.layers.dropout({ ...named(node), rate: node.attributes.rate }), context),
  flatten: (node, context) =>
    one(
      context.tf.layers.reshape({ ...named(node), targetShape: [1, 1, node.shape.channels] }),
      context,
    ),
  add: (node, context) => all(context.tf.layers.add(named(node)), context),
  multiply: (node, context) => all(context.tf.layers.multiply(named(node)), context),
  concat: (node, context) =>
    all(context.tf.layers.concatenate({ ...named(node), axis: 3 }), context),
  split: (node, context) => {
    const { begin, size } = node.attributes;
    return one(context.layers.channelSlice({ ...named(node), begin, size }), context);
  },
  channelShuffle: (node, context) =>
    one(context.layers.channelShuffle({ ...named(node), groups: node.attributes.groups }), context),
  zeroPad: (node, context) =>
    one(zeroPadding(context.tf, layerName(node.name), node.attributes.padding), context),
};

/** Kept out of the table, where TypeScript cannot see that the op of the node is the key it is looked up by. */
export function buildLayer(node: GraphNode, context: LayerContext): tfjs.SymbolicTensor {
  const build = tfjsLayers[node.op] as Build<OpKind>;
  return build(node, context);
}

/** Real values come afterwards; drawing tf's own would only take time. */
const zeros = { kernelInitializer: 'zeros', biasInitializer: 'zeros' } as const;
const noEdges: Edges = [0, 0, 0, 0];

function named(node: { readonly name: string }): { readonly name: string } {
  return { name: layerName(node.name) };
}

function one(layer: tfjs.layers.Layer, context: LayerContext): tfjs.SymbolicTensor {
  return layer.apply(context.inputs[0] as tfjs.SymbolicTensor) as tfjs.SymbolicTensor;
}

function all(layer: tfjs.layers.Layer, context: LayerContext): tfjs.SymbolicTensor {
  return layer.apply([...context.inputs]) as tfjs.SymbolicTensor;
}

function entering(context: LayerContext): Shape {
  return context.shapes[0] as Shape;
}

type StandardActivation = 'relu' | 'relu6' | 'sigmoid' | 'tanh' | 'swish' | 'gelu' | 'elu';

function activation(name: StandardActivation) {
  return (node: GraphNode, context: LayerContext): tfjs.SymbolicTensor =>
    one(context.tf.layers.activation({ ...named(node), activation: name as 'relu' }), context);
}

function zeroPadding(tf: Tf, name: string, [top, bottom, left, right]: Edges): tfjs.layers.Layer {
  return tf.layers.zeroPadding2d({
    name,
    padding: [
      [top, bottom],
      [left, right],
    ],
  });
}

interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
}

/** The word of tf for these edges, where it has one. */
function paddingWord(shape: Shape, window: Window, edges: Edges): 'valid' | 'same' | undefined {
  if (sameEdges(edges, noEdges)) return 'valid';
  const placed = placeWindow(shape, { ...window, dilation: [1, 1], padding: 'same' });
  return placed.ok && sameEdges(edges, placed.edges) ? 'same' : undefined;
}

function sameEdges(a: Edges, b: Edges): boolean {
  return a.every((n, i) => n === b[i]);
}

/** The word for the padding, and what enters: with zeros around it by a layer of their own where tf has no word. */
function padded(node: GraphNode, context: LayerContext, window: Window, edges: Edges) {
  const word = paddingWord(entering(context), window, edges);
  if (word) return { word, context };
  const padding = zeroPadding(context.tf, helperName(node.name, 'pad'), edges);
  return { word: 'valid' as const, context: { ...context, inputs: [one(padding, context)] } };
}

function convolution(node: GraphNode<'conv2d'>, context: LayerContext): tfjs.SymbolicTensor {
  const { filters, kernel, stride, dilation, padding, groups, bias } = node.attributes;
  const { channels } = entering(context);
  const dilated = dilation[0] > 1 || dilation[1] > 1;
  if (dilated || (groups !== 1 && groups !== channels)) {
    const layer = context.layers.convolution({
      ...named(node),
      filters,
      kernelSize: kernel,
      strides: stride,
      dilationRate: dilation,
      padding,
      groups,
      useBias: bias,
    });
    return one(layer, context);
  }
  const { word, context: inner } = padded(node, context, { kernel, stride }, padding);
  const common = {
    ...named(node),
    kernelSize: mutable(kernel),
    strides: mutable(stride),
    padding: word,
    useBias: bias,
    biasInitializer: 'zeros',
  } as const;
  const { tf } = context;
  if (groups === 1) {
    return one(tf.layers.conv2d({ ...common, filters, kernelInitializer: 'zeros' }), inner);
  }
  const depthMultiplier = filters / channels;
  const depthwise = { ...common, depthMultiplier, depthwiseInitializer: 'zeros' } as const;
  return one(tf.layers.depthwiseConv2d(depthwise), inner);
}

function maxPool(node: GraphNode<'maxPool2d'>, context: LayerContext): tfjs.SymbolicTensor {
  const { size, stride, padding } = node.attributes;
  const word = paddingWord(entering(context), { kernel: size, stride }, padding);
  if (!word) {
    const args = { ...named(node), poolSize: size, strides: stride, padding };
    return one(context.layers.maxPool(args), context);
  }
  return one(context.tf.layers.maxPooling2d(poolArgs(node, word)), context);
}

function averagePool(node: GraphNode<'avgPool2d'>, context: LayerContext): tfjs.SymbolicTensor {
  const { size, stride, padding, countPadding } = node.attributes;
  // `same` of tf leaves padding out of the mean; padding that counts is put around the image beforehand.
  if (countPadding && !sameEdges(padding, noEdges)) {
    const layer = zeroPadding(context.tf, helperName(node.name, 'pad'), padding);
    const inner = { ...context, inputs: [one(layer, context)] };
    return one(context.tf.layers.averagePooling2d(poolArgs(node, 'valid')), inner);
  }
  const word = paddingWord(entering(context), { kernel: size, stride }, padding);
  if (!word)
    throw new Error(`netlathe bug: ${node.name} has padding that is neither counted nor same`);
  return one(context.tf.layers.averagePooling2d(poolArgs(node, word)), context);
}

function poolArgs(node: GraphNode<'maxPool2d' | 'avgPool2d'>, padding: 'valid' | 'same') {
  const { size, stride } = node.attributes;
  return { ...named(node), poolSize: mutable(size), strides: mutable(stride), padding };
}

function mutable(pair: Pair): [number, number] {
  return [pair[0], pair[1]];
}
