/** How each op becomes nodes of ONNX. Every op has its line; one that is missing is a type error. */

import type { GraphNode } from '../../graph/graph.ts';
import type { Shape } from '../../graph/shape.ts';
import type { Edges } from '../../ops/attributes.ts';
import type { OpKind } from '../../ops/index.ts';
import type { OnnxBuilder } from './builder.ts';
import type { AttributeValue } from './model.ts';

export interface NodeContext {
  readonly builder: OnnxBuilder;
  /** Of the rank that the op wants. */
  readonly inputs: readonly string[];
  /** What enters, as the Graph has it. */
  readonly entering: Shape;
  /** Names of the weights, in the order of the op's record. */
  readonly weights: readonly string[];
}

type Build<K extends OpKind> = (node: GraphNode<K>, context: NodeContext) => string;
type Attributes = Readonly<Record<string, AttributeValue>>;

const table: { readonly [K in OpKind]: Build<K> } = {
  conv2d(node, context) {
    const { kernel, stride, dilation, padding, groups } = node.attributes;
    return one('Conv', node, context, {
      kernel_shape: kernel,
      strides: stride,
      dilations: dilation,
      pads: pads(padding),
      group: groups,
    });
  },
  dense: (node, context) => one('Gemm', node, context, { transB: 1 }),
  batchNorm: batchNorm,
  relu: plain('Relu'),
  relu6(node, { builder, inputs }) {
    const lowest = builder.floats(node.name, 'lowest', [], [0]);
    const highest = builder.floats(node.name, 'highest', [], [6]);
    return builder.add('Clip', node.name, 'out', [...inputs, lowest, highest]);
  },
  hardSwish: plain('HardSwish'),
  hardSigmoid: plain('HardSigmoid', { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  silu(node, { builder, inputs }) {
    const gate = builder.add('Sigmoid', node.name, 'gate', inputs);
    return builder.add('Mul', node.name, 'out', [...inputs, gate]);
  },
  gelu,
  sigmoid: plain('Sigmoid'),
  tanh: plain('Tanh'),
  elu: (node, context) => one('Elu', node, context, { alpha: { float: node.attributes.alpha } }),
  leakyRelu: (node, context) =>
    one('LeakyRelu', node, context, { alpha: { float: node.attributes.slope } }),
  maxPool2d: (node, context) => one('MaxPool', node, context, windowOf(node)),
  avgPool2d(node, context) {
    const count_include_pad = node.attributes.countPadding ? 1 : 0;
    return one('AveragePool', node, context, { ...windowOf(node), count_include_pad });
  },
  globalAvgPool: plain('GlobalAveragePool'),
  // Inference alone: nothing is dropped.
  dropout: plain('Identity'),
  flatten(node, { builder, inputs }) {
    // The Graph counts channels last.
    const last = builder.add('Transpose', node.name, 'last', inputs, { perm: [0, 2, 3, 1] });
    return builder.add('Flatten', node.name, 'out', [last], { axis: 1 });
  },
  add: (node, context) => folded('Add', node, context),
  multiply: (node, context) => folded('Mul', node, context),
  concat: (node, context) => one('Concat', node, context, { axis: 1 }),
  split(node, { builder, inputs }) {
    const { begin, size } = node.attributes;
    const list = (what: string, value: number) => builder.integers(node.name, what, [value]);
    const bounds = [list('begin', begin), list('end', begin + size), list('axis', 1)];
    return builder.add('Slice', node.name, 'out', [...inputs, ...bounds]);
  },
  channelShuffle(node, { builder, inputs, entering: { height, width, channels } }) {
    const { groups } = node.attributes;
    const reshape = (what: string, from: readonly string[], shape: readonly number[]) =>
      builder.add('Reshape', node.name, what, [
        ...from,
        builder.integers(node.name, 'shape', shape),
      ]);
    const parted = reshape('parted', inputs, [0, groups, channels / groups, height * width]);
    const turned = builder.add('Transpose', node.name, 'turned', [parted], { perm: [0, 2, 1, 3] });
    return reshape('out', [turned], [0, channels, height, width]);
  },
  zeroPad(node, { builder, inputs }) {
    const [top, left, bottom, right] = pads(node.attributes.padding) as [
      number,
      number,
      number,
      number,
    ];
    const sizes = builder.integers(node.name, 'pads', [0, 0, top, left, 0, 0, bottom, right]);
    return builder.add('Pad', node.name, 'out', [...inputs, sizes]);
  },
};

/** Adds the nodes of a node; gives the name of its value. */
export function addNode(node: GraphNode, context: NodeContext): string {
  const build = table[node.op] as Build<OpKind>;
  return build(node, context);
}

function one(op: string, node: GraphNode, context: NodeContext, attributes?: Attributes): string {
  const { builder, inputs, weights } = context;
  return builder.add(op, node.name, 'out', [...inputs, ...weights], attributes);
}

function plain(op: string, attributes?: Attributes) {
  return (node: GraphNode, context: NodeContext): string => one(op, node, context, attributes);
}

/** [top, bottom, left, right] here; ONNX names all starts, then all ends. */
function pads([top, bottom, left, right]: Edges): readonly number[] {
  return [top, left, bottom, right];
}

function windowOf(node: GraphNode<'maxPool2d' | 'avgPool2d'>): Attributes {
  const { size, stride, padding } = node.attributes;
  return { kernel_shape: size, strides: stride, pads: pads(padding) };
}

function batchNorm(node: GraphNode<'batchNorm'>, context: NodeContext): string {
  const { builder, inputs, weights } = context;
  const { epsilon, affine } = node.attributes;
  const { channels } = node.shape;
  const constant = (what: string, value: number) =>
    builder.floats(node.name, what, [channels], new Array<number>(channels).fill(value));
  const learned = affine ? [] : [constant('scale', 1), constant('shift', 0)];
  const all = [...inputs, ...learned, ...weights];
  return builder.add('BatchNormalization', node.name, 'out', all, { epsilon: { float: epsilon } });
}

/** ONNX knows Gelu from opset 20 on only, which fewer runtimes read. */
function gelu(node: GraphNode<'gelu'>, { builder, inputs }: NodeContext): string {
  const { name } = node;
  const [x] = inputs as readonly [string];
  const constant = (what: string, value: number) => builder.floats(name, what, [], [value]);
  const times = (what: string, a: string, b: string) => builder.add('Mul', name, what, [a, b]);
  const plus = (what: string, a: string, b: string) => builder.add('Add', name, what, [a, b]);
  const half = times('half', x, constant('0.5', 0.5));
  const one = constant('1', 1);
  if (node.attributes.approximate === 'none') {
    const scaled = times('scaled', x, constant('sqrt(0.5)', Math.SQRT1_2));
    return times('out', half, plus('share', builder.add('Erf', name, 'erf', [scaled]), one));
  }
  const cube = times('cube', times('square', x, x), x);
  const inner = plus('sum', x, times('term', cube, constant('0.044715', 0.044715)));
  const scaled = times('scaled', inner, constant('sqrt(2/pi)', Math.sqrt(2 / Math.PI)));
  return times('out', half, plus('share', builder.add('Tanh', name, 'tanh', [scaled]), one));
}

/** Add and Mul of ONNX take two. */
function folded(op: 'Add' | 'Mul', node: GraphNode, { builder, inputs }: NodeContext): string {
  const [first, ...rest] = inputs as readonly [string, ...string[]];
  if (rest.length === 0) return builder.add('Identity', node.name, 'out', [first]);
  return rest.reduce((sum, input, i) => {
    const what = i === rest.length - 1 ? 'out' : 'part';
    return builder.add(op, node.name, what, [sum, input]);
  }, first);
}
