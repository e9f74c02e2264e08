/** How each op is written in `forward`. Every op has its line; one that is missing is a type error. */

import type { GraphNode } from '../../graph/graph.ts';
import type { Shape } from '../../graph/shape.ts';
import type { Edges, Pair } from '../../ops/attributes.ts';
import type { OpKind } from '../../ops/index.ts';
import { pythonNumber, pythonPair } from './identifiers.ts';

export interface Written {
  /** Variables, or what makes them of the rank that the op wants. */
  readonly inputs: readonly string[];
  /** `self.conv2d_1`, where the layer has a module. */
  readonly module: string;
  readonly entering: Shape;
}

type Write<K extends OpKind> = (node: GraphNode<K>, written: Written) => string;

const table: { readonly [K in OpKind]: Write<K> } = {
  conv2d(node, { module, inputs }) {
    const { padding } = node.attributes;
    return `${module}(${isEven(padding) ? inputs[0] : padded(inputs[0], padding)})`;
  },
  dense: (_node, { module, inputs }) => `${module}(${inputs[0]})`,
  batchNorm: (_node, { module, inputs }) => `${module}(${inputs[0]})`,
  relu: functional('relu'),
  relu6: functional('relu6'),
  hardSwish: functional('hardswish'),
  hardSigmoid: functional('hardsigmoid'),
  silu: functional('silu'),
  gelu: (node, { inputs }) =>
    node.attributes.approximate === 'tanh'
      ? `F.gelu(${inputs[0]}, approximate="tanh")`
      : `F.gelu(${inputs[0]})`,
  sigmoid: (_node, { inputs }) => `torch.sigmoid(${inputs[0]})`,
  tanh: (_node, { inputs }) => `torch.tanh(${inputs[0]})`,
  elu: (node, { inputs }) => `F.elu(${inputs[0]}, ${pythonNumber(node.attributes.alpha)})`,
  leakyRelu: (node, { inputs }) =>
    `F.leaky_relu(${inputs[0]}, ${pythonNumber(node.attributes.slope)})`,
  maxPool2d(node, { inputs }) {
    const { size, stride, padding } = node.attributes;
    if (fits(padding, size)) return `F.max_pool2d(${inputs[0]}, ${pool(size, stride, padding)})`;
    const around = padded(inputs[0], padding, ', value=float("-inf")');
    return `F.max_pool2d(${around}, ${pool(size, stride)})`;
  },
  avgPool2d: averagePool,
  globalAvgPool: (_node, { inputs }) => `F.adaptive_avg_pool2d(${inputs[0]}, 1)`,
  dropout: (node, { inputs }) =>
    `F.dropout(${inputs[0]}, ${pythonNumber(node.attributes.rate)}, self.training)`,
  // The values in netlathe's order: channels last.
  flatten: (_node, { inputs }) => `${inputs[0]}.permute(0, 2, 3, 1).flatten(1)`,
  add: (_node, { inputs }) => inputs.join(' + '),
  multiply: (_node, { inputs }) => inputs.join(' * '),
  concat: (_node, { inputs }) => `torch.cat([${inputs.join(', ')}], dim=1)`,
  split(node, { inputs, entering }) {
    const { begin, size } = node.attributes;
    return `${inputs[0]}.chunk(${entering.channels / size}, dim=1)[${begin / size}]`;
  },
  channelShuffle: (node, { inputs }) =>
    `${inputs[0]}.unflatten(1, (${node.attributes.groups}, -1)).transpose(1, 2).flatten(1, 2)`,
  zeroPad: (node, { inputs }) => padded(inputs[0], node.attributes.padding),
};

export function expressionOf(node: GraphNode, written: Written): string {
  const write = table[node.op] as Write<OpKind>;
  return write(node, written);
}

/** Whether the padding is the same on opposite sides, as the layers of PyTorch take it. */
export function isEven([top, bottom, left, right]: Edges): boolean {
  return top === bottom && left === right;
}

/** Whether PyTorch's pools take this padding: even, and at most half of the window. */
function fits(padding: Edges, size: Pair): boolean {
  return isEven(padding) && padding[0] * 2 <= size[0] && padding[2] * 2 <= size[1];
}

function functional(name: string) {
  return (_node: GraphNode, { inputs }: Written): string => `F.${name}(${inputs[0]})`;
}

/** F.pad begins with the last axis. */
function padded(input: string | undefined, [top, bottom, left, right]: Edges, more = ''): string {
  return `F.pad(${input}, (${left}, ${right}, ${top}, ${bottom})${more})`;
}

function pool(size: Pair, stride: Pair, padding: Edges = [0, 0, 0, 0]): string {
  const words = [pythonPair(size), `stride=${pythonPair(stride)}`];
  if (padding.some((n) => n > 0)) words.push(`padding=${pythonPair([padding[0], padding[2]])}`);
  return words.join(', ');
}

function averagePool(node: GraphNode<'avgPool2d'>, { inputs }: Written): string {
  const { size, stride, padding, countPadding } = node.attributes;
  const padless = padding.every((n) => n === 0);
  if (padless) return `F.avg_pool2d(${inputs[0]}, ${pool(size, stride)})`;
  const [x] = inputs as readonly [string];
  if (fits(padding, size)) {
    const counted = countPadding ? '' : ', count_include_pad=False';
    return `F.avg_pool2d(${x}, ${pool(size, stride, padding)}${counted})`;
  }
  const mean = (of: string) => `F.avg_pool2d(${padded(of, padding)}, ${pool(size, stride)})`;
  // The share of each window that lies in the image.
  return countPadding ? mean(x) : `${mean(x)} / ${mean(`torch.ones_like(${x}[:1, :1])`)}`;
}
