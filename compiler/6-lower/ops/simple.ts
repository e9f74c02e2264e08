/** Ops that are one kernel call forward and one backward. */

import {
  activationBackward,
  activationForward,
} from '../../../runtime/kernels/plain/activations.ts';
import {
  addTensors,
  copyChannels,
  dropElements,
  frameImage,
  multiplyTensors,
  scaleChannels,
  scaleChannelsGradient,
  shuffleChannels,
} from '../../../runtime/kernels/plain/elementwise.ts';
import {
  avgPool,
  avgPoolGradient,
  globalAvgPool,
  globalAvgPoolGradient,
  maxPool,
  maxPoolGradient,
  type PoolShape,
} from '../../../runtime/kernels/plain/pooling.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elements, type Shape, sameShape } from '../../graph/shape.ts';
import { type ActivationNode, codeOf } from '../activation.ts';
import type { PendingBuffer } from '../builder.ts';
import type { ForwardContext } from '../forward-context.ts';
import type { TrainingContext } from '../training-context.ts';

/** How an op runs in training: its output from its inputs, and what its output's gradient means for them. */
export interface TrainingRule<N extends GraphNode> {
  readonly forward: (node: N, t: ForwardContext) => void;
  readonly backward: (node: N, gradient: PendingBuffer, t: TrainingContext) => void;
}

export const activationRule: TrainingRule<ActivationNode> = {
  forward(node, t) {
    const size = elements(node.shape);
    const x = t.value(t.input(node));
    t.call(node.name, activationForward, { x, y: t.output(node), size, ...codeOf(node) }, t.batch);
  },
  backward(node, dy, t) {
    const size = elements(node.shape);
    const x = t.value(t.input(node));
    t.contribute(t.input(node), node.name, (dx) =>
      t.call(node.name, activationBackward, { x, dy, dx, size, ...codeOf(node) }, t.batch),
    );
  },
};

export function poolShape(
  node: GraphNode<'maxPool2d'> | GraphNode<'avgPool2d'>,
  input: Shape,
): PoolShape {
  const { size, stride, padding } = node.attributes;
  return {
    inHeight: input.height,
    inWidth: input.width,
    channels: input.channels,
    outHeight: node.shape.height,
    outWidth: node.shape.width,
    windowHeight: size[0],
    windowWidth: size[1],
    strideY: stride[0],
    strideX: stride[1],
    padTop: padding[0],
    padLeft: padding[2],
  };
}

export const maxPoolRule: TrainingRule<GraphNode<'maxPool2d'>> = {
  forward(node, t) {
    const input = t.input(node);
    const shape = poolShape(node, t.shape(input));
    t.call(
      node.name,
      maxPool,
      { input: t.value(input), output: t.output(node), ...shape },
      t.batch,
    );
  },
  backward(node, gradient, t) {
    const from = t.input(node);
    const shape = poolShape(node, t.shape(from));
    const input = t.value(from);
    t.contribute(from, node.name, (inputGradient) =>
      t.call(node.name, maxPoolGradient, { input, gradient, inputGradient, ...shape }, t.batch),
    );
  },
};

export const avgPoolRule: TrainingRule<GraphNode<'avgPool2d'>> = {
  forward(node, t) {
    const input = t.input(node);
    const shape = poolShape(node, t.shape(input));
    const countPadding = node.attributes.countPadding ? 1 : 0;
    const args = { input: t.value(input), output: t.output(node), ...shape, countPadding };
    t.call(node.name, avgPool, args, t.batch);
  },
  backward(node, gradient, t) {
    const from = t.input(node);
    const shape = poolShape(node, t.shape(from));
    const countPadding = node.attributes.countPadding ? 1 : 0;
    t.contribute(from, node.name, (inputGradient) =>
      t.call(
        node.name,
        avgPoolGradient,
        { gradient, inputGradient, ...shape, countPadding },
        t.batch,
      ),
    );
  },
};

export const globalAvgPoolRule: TrainingRule<GraphNode<'globalAvgPool'>> = {
  forward(node, t) {
    const { height, width, channels } = t.shape(t.input(node));
    const input = t.value(t.input(node));
    const args = { input, output: t.output(node), pixels: height * width, channels };
    t.call(node.name, globalAvgPool, args, t.batch);
  },
  backward(node, gradient, t) {
    const from = t.input(node);
    const { height, width, channels } = t.shape(from);
    t.contribute(from, node.name, (inputGradient) =>
      t.call(
        node.name,
        globalAvgPoolGradient,
        { gradient, inputGradient, pixels: height * width, channels },
        t.batch,
      ),
    );
  },
};

/** The same numbers under another shape. */
export const flattenRule: TrainingRule<GraphNode<'flatten'>> = {
  forward: (node, t) => t.alias(node, t.value(t.input(node))),
  backward: (node, gradient, t) => t.passOn(t.input(node), node.name, gradient),
};

export const dropoutRule: TrainingRule<GraphNode<'dropout'>> = {
  forward(node, t) {
    const input = t.value(t.input(node));
    t.call(
      node.name,
      dropElements,
      { input, output: t.output(node), ...dropping(node, t) },
      t.batch,
    );
  },
  backward(node, gradient, t) {
    t.contribute(t.input(node), node.name, (output) =>
      t.call(node.name, dropElements, { input: gradient, output, ...dropping(node, t) }, t.batch),
    );
  },
};

/** Each dropout layer draws from its own seed, which the trainer sets anew for every step. */
export function dropoutSeed(node: GraphNode): string {
  return `seed ${node.name}`;
}

function dropping(node: GraphNode<'dropout'>, t: ForwardContext) {
  const { rate } = node.attributes;
  return {
    size: elements(node.shape),
    seed: t.builder.scalar(dropoutSeed(node)),
    threshold: Math.floor(rate * 2 ** 32) | 0,
    scale: 1 / (1 - rate),
  };
}

export const addRule: TrainingRule<GraphNode<'add'>> = {
  forward(node, t) {
    const size = elements(node.shape);
    const [first, ...rest] = node.inputs.map((id) => t.value(id));
    const output = t.output(node);
    let sum = first as PendingBuffer;
    for (const b of rest) {
      t.call(node.name, addTensors, { a: sum, b, output, size }, t.batch);
      sum = output;
    }
  },
  backward(node, gradient, t) {
    for (const id of node.inputs) t.passOn(id, node.name, gradient);
  },
};

export const multiplyRule: TrainingRule<GraphNode<'multiply'>> = {
  forward(node, t) {
    const [first, ...rest] = fullFirst(node, t);
    multiplyAll(node, t.value(first), rest, t.output(node), t);
  },
  backward(node, gradient, t) {
    for (const [place, id] of node.inputs.entries()) {
      const others = fullFirst(node, t, place);
      if (sameShape(t.shape(id), node.shape)) {
        t.contribute(id, node.name, (output) => multiplyAll(node, gradient, others, output, t));
        continue;
      }
      // A factor of each channel: the sum over the pixels of all else multiplied.
      const [full, ...rest] = others as [number, ...number[]];
      const { height, width, channels } = node.shape;
      const scaled =
        rest.length === 0
          ? gradient
          : t.builder.temporary(`${node.name} without ${place}`, t.batch * elements(node.shape));
      if (rest.length > 0) multiplyAll(node, gradient, rest, scaled, t);
      const args = { input: t.value(full), gradient: scaled, pixels: height * width, channels };
      t.contribute(id, node.name, (factorGradient) =>
        t.call(node.name, scaleChannelsGradient, { ...args, factorGradient }, t.batch),
      );
    }
  },
};

/** The inputs but for one place, those of full size before those that scale channels. */
function fullFirst(
  node: GraphNode<'multiply'>,
  t: ForwardContext,
  without?: number,
): readonly [number, ...number[]] {
  const ids = node.inputs.filter((_, place) => place !== without);
  const isFull = (id: number) => sameShape(t.shape(id), node.shape);
  const sorted = [...ids.filter(isFull), ...ids.filter((id) => !isFull(id))];
  return sorted as [number, ...number[]];
}

/** output = start * factors, one after the other. */
function multiplyAll(
  node: GraphNode<'multiply'>,
  start: PendingBuffer,
  factors: readonly number[],
  output: PendingBuffer,
  t: ForwardContext,
): void {
  const { height, width, channels } = node.shape;
  let a = start;
  for (const id of factors) {
    const factor = t.value(id);
    if (sameShape(t.shape(id), node.shape)) {
      const args = { a, b: factor, output, size: elements(node.shape) };
      t.call(node.name, multiplyTensors, args, t.batch);
    } else {
      const args = { input: a, factors: factor, output, pixels: height * width, channels };
      t.call(node.name, scaleChannels, args, t.batch);
    }
    a = output;
  }
}

export const concatRule: TrainingRule<GraphNode<'concat'>> = {
  forward(node, t) {
    const output = t.output(node);
    let outputFrom = 0;
    for (const id of node.inputs) {
      const { channels } = t.shape(id);
      copy(
        node,
        { input: t.value(id), output },
        channels,
        [channels, 0],
        [node.shape.channels, outputFrom],
        0,
        t,
      );
      outputFrom += channels;
    }
  },
  backward(node, gradient, t) {
    let from = 0;
    for (const id of node.inputs) {
      const { channels } = t.shape(id);
      const begin = from;
      t.contribute(id, node.name, (output) =>
        copy(
          node,
          { input: gradient, output },
          channels,
          [node.shape.channels, begin],
          [channels, 0],
          0,
          t,
        ),
      );
      from += channels;
    }
  },
};

export const splitRule: TrainingRule<GraphNode<'split'>> = {
  forward(node, t) {
    const { begin, size } = node.attributes;
    const { channels } = t.shape(t.input(node));
    const buffers = { input: t.value(t.input(node)), output: t.output(node) };
    copy(node, buffers, size, [channels, begin], [size, 0], 0, t);
  },
  backward(node, gradient, t) {
    const { begin, size } = node.attributes;
    const { channels } = t.shape(t.input(node));
    t.contribute(t.input(node), node.name, (output) =>
      copy(node, { input: gradient, output }, size, [size, 0], [channels, begin], 1, t),
    );
  },
};

function copy(
  node: GraphNode,
  buffers: { readonly input: PendingBuffer; readonly output: PendingBuffer },
  count: number,
  [inputChannels, inputFrom]: readonly [number, number],
  [outputChannels, outputFrom]: readonly [number, number],
  clear: 0 | 1,
  t: ForwardContext,
): void {
  const pixels = node.shape.height * node.shape.width;
  const args = { pixels, count, inputChannels, inputFrom, outputChannels, outputFrom, clear };
  t.call(node.name, copyChannels, { ...buffers, ...args }, t.batch);
}

export const channelShuffleRule: TrainingRule<GraphNode<'channelShuffle'>> = {
  forward(node, t) {
    const { groups } = node.attributes;
    shuffle(node, t.value(t.input(node)), t.output(node), groups, t);
  },
  backward(node, gradient, t) {
    const groups = node.shape.channels / node.attributes.groups;
    t.contribute(t.input(node), node.name, (output) => shuffle(node, gradient, output, groups, t));
  },
};

function shuffle(
  node: GraphNode,
  input: PendingBuffer,
  output: PendingBuffer,
  groups: number,
  t: ForwardContext,
): void {
  const { height, width, channels } = node.shape;
  t.call(
    node.name,
    shuffleChannels,
    { input, output, pixels: height * width, channels, groups },
    t.batch,
  );
}

export const zeroPadRule: TrainingRule<GraphNode<'zeroPad'>> = {
  forward: (node, t) => frame(node, t.value(t.input(node)), t.output(node), 0, t),
  backward(node, gradient, t) {
    t.contribute(t.input(node), node.name, (output) => frame(node, gradient, output, 1, t));
  },
};

function frame(
  node: GraphNode<'zeroPad'>,
  input: PendingBuffer,
  output: PendingBuffer,
  inward: 0 | 1,
  t: ForwardContext,
): void {
  const [top, bottom, left, right] = node.attributes.padding;
  const args = { input, output, ...node.shape, top, bottom, left, right, inward };
  t.call(node.name, frameImage, args, t.batch);
}
