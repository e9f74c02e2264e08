/** The other ops in int8. What only moves bytes keeps their grid; what computes gets the one that suits its values. */

import {
  addBytes,
  affineBytes,
  avgPoolBytes,
  copyBytes,
  frameBytes,
  maxPoolBytes,
  multiplyByteTensors,
  shuffleBytes,
} from '../../../runtime/kernels/plain/bytes.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elements, sameShape } from '../../graph/shape.ts';
import { isActivation } from '../activation.ts';
import type { Activation } from '../fuse.ts';
import { poolShape } from '../ops/simple.ts';
import type { Int8Context, UniformBytes } from './context.ts';
import { finishOf, lowerActivationBytes } from './products.ts';

/** False where an op has no form in bytes: it runs in floats. */
export function lowerSimpleBytes(node: GraphNode, t: Int8Context): boolean {
  if (isActivation(node)) {
    lowerActivationBytes(node, t);
    return true;
  }
  if (node.op === 'add') return node.inputs.length === 2 && lowerAdd(node, undefined, t);
  if (node.op === 'multiply') return lowerMultiply(node, t);
  if (node.op === 'maxPool2d' || node.op === 'dropout') {
    lowerSelection(node, t);
    return true;
  }
  const first = t.uniformOf(node.inputs[0] as number);
  switch (node.op) {
    case 'flatten':
      t.alias(node, first);
      return true;
    case 'avgPool2d':
    case 'globalAvgPool':
      lowerMean(node, first, t);
      return true;
    case 'concat':
      lowerConcat(node, t);
      return true;
    case 'split':
    case 'channelShuffle':
    case 'zeroPad':
      lowerMove(node, first, t);
      return true;
    default:
      return false;
  }
}

/** What gives some of its bytes as they are, channel by channel. */
function lowerSelection(node: GraphNode<'maxPool2d'> | GraphNode<'dropout'>, t: Int8Context): void {
  const id = node.inputs[0] as number;
  const value = t.bytesOf(id);
  if (node.op === 'dropout') {
    t.alias(node, value);
    return;
  }
  const output = t.output(node, value.grid);
  const shape = poolShape(node, t.shape(id));
  t.call(node.name, maxPoolBytes, { input: value.buffer, output, ...shape });
}

/** The sum of two, with the relu behind it if there is one. */
export function lowerAdd(
  node: GraphNode<'add'>,
  activation: Activation | undefined,
  t: Int8Context,
): true {
  const [a, b] = node.inputs.map((id) => t.uniformOf(id)) as [UniformBytes, UniformBytes];
  const last = activation ?? node;
  const out = t.gridOf(last.id);
  const { low, high } = finishOf(t, activation, out);
  const [scaleA, scaleB] = [a, b].map(({ grid }) => Math.fround(grid.scale / out.scale)) as [
    number,
    number,
  ];
  const zero = Math.fround(out.zero - scaleA * a.grid.zero - scaleB * b.grid.zero);
  const output = t.output(last, out);
  const size = elements(node.shape);
  const args = { a: a.buffer, b: b.buffer, output, size, scaleA, scaleB, zero, low, high };
  t.call(node.name, addBytes, args);
  return true;
}

function lowerMultiply(node: GraphNode<'multiply'>, t: Int8Context): boolean {
  if (node.inputs.length !== 2) return false;
  const isFull = (id: number) => sameShape(t.shape(id), node.shape);
  const [full, other] = node.inputs.toSorted((a, b) => Number(isFull(b)) - Number(isFull(a)));
  const a = t.uniformOf(full as number);
  const b = t.uniformOf(other as number);
  const out = t.gridOf(node.id);
  const { height, width, channels } = node.shape;
  t.call(node.name, multiplyByteTensors, {
    ...{ a: a.buffer, b: b.buffer, output: t.output(node, out), pixels: height * width, channels },
    ...{ perChannel: isFull(other as number) ? 0 : 1, zeroA: a.grid.zero, zeroB: b.grid.zero },
    ...{ scale: Math.fround((a.grid.scale * b.grid.scale) / out.scale), zero: out.zero },
  });
  return true;
}

function lowerMean(
  node: GraphNode<'avgPool2d'> | GraphNode<'globalAvgPool'>,
  { buffer, grid }: UniformBytes,
  t: Int8Context,
): void {
  const input = t.shape(node.inputs[0] as number);
  const { height, width, channels } = input;
  const whole = { inHeight: height, inWidth: width, channels, outHeight: 1, outWidth: 1 };
  const window = { windowHeight: height, windowWidth: width, strideY: 1, strideX: 1 };
  const shape =
    node.op === 'avgPool2d'
      ? poolShape(node, input)
      : { ...whole, ...window, padTop: 0, padLeft: 0 };
  const out = t.gridOf(node.id);
  t.call(node.name, avgPoolBytes, {
    ...{ input: buffer, output: t.output(node, out), ...shape },
    countPadding: node.op === 'avgPool2d' && node.attributes.countPadding ? 1 : 0,
    inputZero: grid.zero,
    scale: Math.fround(grid.scale / out.scale),
    zero: out.zero,
  });
}

function lowerConcat(node: GraphNode<'concat'>, t: Int8Context): void {
  const out = t.gridOf(node.id);
  const parts = node.inputs.map((id) => ({ id, ...t.uniformOf(id) }));
  const output = t.output(node, out);
  let outputFrom = 0;
  for (const [i, { id, buffer, grid }] of parts.entries()) {
    const { height, width, channels } = t.shape(id);
    const scale = grid.scale / out.scale;
    const coefficients = new Float32Array(2 * channels);
    coefficients.fill(scale, 0, channels);
    coefficients.fill(out.zero - scale * grid.zero, channels);
    t.call(node.name, affineBytes, {
      ...{ input: buffer, output, pixels: height * width, channels, low: 0, high: 127 },
      coefficients: t.constant(`coefficients ${node.name} ${i}`, coefficients),
      ...{ outputChannels: node.shape.channels, outputFrom },
    });
    outputFrom += channels;
  }
}

function lowerMove(
  node: GraphNode<'split'> | GraphNode<'channelShuffle'> | GraphNode<'zeroPad'>,
  { buffer: input, grid }: UniformBytes,
  t: Int8Context,
): void {
  const output = t.output(node, grid);
  const { height, width, channels } = node.shape;
  const pixels = height * width;
  switch (node.op) {
    case 'split': {
      const { begin: inputFrom, size: count } = node.attributes;
      const inputChannels = t.shape(node.inputs[0] as number).channels;
      t.call(node.name, copyBytes, { input, output, pixels, count, inputChannels, inputFrom });
      return;
    }
    case 'channelShuffle': {
      const { groups } = node.attributes;
      t.call(node.name, shuffleBytes, { input, output, pixels, channels, groups });
      return;
    }
    case 'zeroPad': {
      const [top, bottom, left, right] = node.attributes.padding;
      const sides = { top, bottom, left, right, fill: grid.zero };
      t.call(node.name, frameBytes, { input, output, height, width, channels, ...sides });
    }
  }
}
