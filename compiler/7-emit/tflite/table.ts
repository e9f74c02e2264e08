/** How each op becomes operators of TFLite. Every op has its line; one that is missing is a type error. */

import type { Graph, GraphNode } from '../../graph/graph.ts';
import type { Shape } from '../../graph/shape.ts';
import type { OpKind } from '../../ops/index.ts';
import type { WeightStore } from '../../weights/index.ts';
import { activations } from './activations.ts';
import type { TfliteBuilder, Value } from './builder.ts';
import { batchNorm, conv2d, dense, imageOf } from './products.ts';
import { type Fused, fusedActivations } from './schema.ts';
import { pad, place } from './window.ts';

export interface NodeContext {
  readonly builder: TfliteBuilder;
  readonly graph: Graph;
  readonly weights: WeightStore;
  readonly inputs: readonly Value[];
  /** What enters, as the Graph has it. */
  readonly entering: Shape;
  /** Of what is made: the node's, or that of the last node which is done along with it. */
  readonly name: string;
  /** An activation behind the node, done along with it. */
  readonly fused: Fused;
}

export type Build<K extends OpKind> = (node: GraphNode<K>, context: NodeContext) => Value;

const table: { readonly [K in OpKind]: Build<K> } = {
  conv2d,
  dense,
  batchNorm,
  ...activations,
  maxPool2d: pool('MAX_POOL_2D'),
  avgPool2d: pool('AVERAGE_POOL_2D'),
  globalAvgPool(node, { builder, inputs, name }) {
    const axes = builder.integers(`${node.name}/axes`, [1, 2]);
    const making = { name, shape: imageOf(node), options: { keepDims: 1 } };
    return builder.add('MEAN', [...inputs, axes], making);
  },
  // Inference alone: nothing is dropped.
  dropout: (_node, { inputs }) => inputs[0] as Value,
  flatten(node, { builder, inputs, name }) {
    return builder.reshape(inputs[0] as Value, name, [1, node.shape.channels]);
  },
  add: join('ADD'),
  multiply: join('MUL'),
  concat(node, { builder, inputs, name }) {
    const [first] = inputs as readonly [Value];
    const axis = first.shape.length - 1;
    const shape = [...first.shape.slice(0, axis), node.shape.channels];
    return builder.add('CONCATENATION', inputs, { name, shape, options: { axis } });
  },
  split(node, { builder, inputs, name }) {
    const { begin, size } = node.attributes;
    const [value] = inputs as readonly [Value];
    const axes = value.shape.slice(0, -1);
    const list = (what: string, last: number, rest: number) =>
      builder.integers(`${node.name}/${what}`, [...axes.map(() => rest), last]);
    const bounds = [list('begin', begin, 0), list('end', begin + size, 0), list('steps', 1, 1)];
    // A bit each for the axes that are taken whole.
    const whole = 2 ** axes.length - 1;
    return builder.add('STRIDED_SLICE', [value, ...bounds], {
      name,
      shape: [...axes, size],
      options: { beginMask: whole, endMask: whole },
    });
  },
  channelShuffle(node, { builder, inputs, name }) {
    const { groups } = node.attributes;
    const { height, width, channels } = node.shape;
    const [value] = inputs as readonly [Value];
    // Four axes, which every runtime turns.
    const each = channels / groups;
    const named = (what: string) => `${node.name}/${what}`;
    const parted = builder.reshape(value, named('parted'), [1, height * width, groups, each]);
    const order = builder.integers(named('order'), [0, 1, 3, 2]);
    const turned = builder.add('TRANSPOSE', [parted, order], {
      name: named('turned'),
      shape: [1, height * width, each, groups],
      options: {},
    });
    return builder.reshape(turned, name, imageOf(node));
  },
  zeroPad(node, { builder, inputs, name }) {
    return pad(builder, inputs[0] as Value, name, node.attributes.padding);
  },
};

/** Ops whose last operator takes an activation along. */
const fusing: ReadonlySet<OpKind> = new Set([
  ...(['conv2d', 'dense', 'batchNorm', 'add', 'multiply', 'maxPool2d', 'avgPool2d'] as const),
]);

export function fuses({ op, inputs }: GraphNode): boolean {
  const isAlone = (op === 'add' || op === 'multiply') && inputs.length === 1;
  return fusing.has(op) && !isAlone;
}

/** Adds the operators of a node; gives its value. */
export function addNode(node: GraphNode, context: NodeContext): Value {
  const build = table[node.op] as Build<OpKind>;
  return build(node, context);
}

/** Operators that take two. */
function join(op: 'ADD' | 'MUL') {
  return (node: GraphNode, { builder, inputs, name, fused }: NodeContext): Value => {
    const [first, ...rest] = inputs as readonly [Value, ...Value[]];
    return rest.reduce((sum, input, i) => {
      const isLast = i === rest.length - 1;
      const larger = elements(input) > elements(sum) ? input : sum;
      return builder.add(op, [sum, input], {
        name: isLast ? name : `${node.name}/part`,
        shape: larger.shape,
        options: { activation: fusedActivations[isLast ? fused : 'none'] },
      });
    }, first);
  };
}

const elements = ({ shape }: Value): number => shape.reduce((n, d) => n * d, 1);

function pool(op: 'MAX_POOL_2D' | 'AVERAGE_POOL_2D') {
  return (node: GraphNode<'maxPool2d' | 'avgPool2d'>, context: NodeContext): Value => {
    const { builder, graph, inputs, entering, name, fused } = context;
    const { size, stride, padding } = node.attributes;
    const window = { kernel: size, stride, dilation: [1, 1], padding } as const;
    const fill = node.op === 'avgPool2d' || isPositive(graph, node) ? 'zeros' : 'lowest';
    const about = { window, entering, leaving: node.shape, fill } as const;
    const countPadding = node.op === 'avgPool2d' && node.attributes.countPadding;
    const placed = place(builder, inputs[0] as Value, node.name, about, countPadding);
    const options = {
      padding: placed.padding,
      ...{ strideH: stride[0], strideW: stride[1] },
      ...{ filterHeight: size[0], filterWidth: size[1] },
      activation: fusedActivations[fused],
    };
    return builder.add(op, [placed.value], { name, shape: imageOf(node), options });
  };
}

/** Whether zeros around what enters change no maximum; PAD runs on more chips than PADV2. */
function isPositive(graph: Graph, node: GraphNode): boolean {
  const before = graph.nodes[node.inputs[0] as number];
  return before?.op === 'relu' || before?.op === 'relu6';
}
