/** Convolutions and dense layers in int8, with the activation behind them. */

import { activate } from '../../../runtime/kernels/plain/activation.ts';
import {
  affineBytes,
  byteProductScratch,
  convolveBytes,
  depthwiseBytes,
  tableBytes,
} from '../../../runtime/kernels/plain/bytes.ts';
import { byteModes } from '../../../templates/support/kernels/bytes.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elements } from '../../graph/shape.ts';
import { codeOf } from '../activation.ts';
import type { PendingBuffer } from '../builder.ts';
import type { Activation } from '../fuse.ts';
import { isDepthwiseNode, type Stage } from '../inference-units.ts';
import { convolutionShape, isPointwise } from '../ops/convolution.ts';
import { depthwiseShape } from '../ops/depthwise.ts';
import { type Int8Context, isUniform } from './context.ts';
import { fullByte, type Grid, gridOf, toByte } from './grid.ts';
import {
  affineOf,
  type ChannelFinish,
  foldedWeights,
  packDepthwise,
  packProduct,
} from './weights.ts';

/** How sums become bytes; of each channel, its `ChannelFinish`. */
export interface Finish {
  readonly mode: number;
  readonly low: number;
  readonly high: number;
  readonly table?: Uint8Array;
  readonly channel: (grid: Grid) => ChannelFinish;
}

/** Below and above these an activation is as good as constant, or its own asymptote. */
const edge = 12;

function tableOf(activation: Activation, from: Grid, to: Grid, entries: number): Uint8Array {
  const { activation: code, parameter } = codeOf(activation);
  return Uint8Array.from({ length: 256 }, (_, i) => {
    const x = from.scale * (Math.min(i, entries - 1) - from.zero);
    return toByte(activate(x, code, parameter), to);
  });
}

/** A grid of 256 steps for what an activation takes. */
function argumentGrid(t: Int8Context, activation: Activation): Grid {
  const { scale, zero } = t.gridOf(activation.inputs[0] as number, fullByte);
  const [low, high] = [-zero * scale, (fullByte - zero) * scale];
  if (activation.op === 'leakyRelu') return { scale, zero, steps: fullByte };
  const bounded = ['sigmoid', 'tanh', 'hardSigmoid'].includes(activation.op);
  return gridOf(Math.max(low, -edge), bounded ? Math.min(high, edge) : high, fullByte);
}

/** `grid`: of all channels, or of each. */
export function finishOf(
  t: Int8Context,
  activation: Activation | undefined,
  grid: Grid | readonly Grid[],
): Finish {
  const out = isUniform(grid) ? grid : undefined;
  const { steps } = isUniform(grid) ? grid : (grid[0] as Grid);
  const whole = { mode: byteModes.clamp, low: 0, high: steps };
  const channel = ({ scale: unit, zero }: Grid): ChannelFinish => ({ unit, zero, factor: 1 });
  switch (activation?.op) {
    case undefined:
      return { ...whole, channel };
    case 'relu':
      // Nothing lies below 0, so neither does a byte below 0's.
      return { ...whole, low: out?.zero ?? 0, channel };
    case 'relu6': {
      const high = out ? Math.min(steps, out.zero + Math.round(6 / out.scale)) : steps;
      return { ...whole, low: out?.zero ?? 0, high, channel };
    }
    case 'hardSwish': {
      const curve = ({ scale, zero }: Grid) => ({ unit: 1, zero, factor: 1 / (6 * scale) });
      return { ...whole, mode: byteModes.hardSwish, channel: curve };
    }
    default:
      return tableFinish(t, activation as Activation, out as Grid);
  }
}

/** Any activation, by its argument in 256 steps. */
function tableFinish(t: Int8Context, activation: Activation, out: Grid): Finish {
  const from = argumentGrid(t, activation);
  const table = tableOf(activation, from, out, 256);
  const index = { unit: from.scale, zero: from.zero, factor: 1 };
  return { mode: byteModes.table, low: 0, high: fullByte, table, channel: () => index };
}

/** Activations that each channel may have a grid of its own behind; tables are for all channels. */
function hasTable(activation: Activation | undefined): boolean {
  return activation !== undefined && !['relu', 'relu6', 'hardSwish'].includes(activation.op);
}

const each = (grid: Grid | readonly Grid[], channels: number): readonly Grid[] =>
  isUniform(grid) ? Array.from({ length: channels }, () => grid) : grid;

/** `logits`: where the sums go as floats, if the layer gives the network's output. */
export function lowerProductBytes(
  stage: Stage,
  t: Int8Context,
  {
    keep,
    logits,
  }: { readonly keep: ReadonlySet<string>; readonly logits?: PendingBuffer | undefined },
): void {
  const { node, activation, last } = stage;
  const { height, width, channels } = t.shape(node.inputs[0] as number);
  const input = t.bytesOf(node.inputs[0] as number);
  const inputGrids = each(input.grid, channels);
  const grid = hasTable(activation) ? t.wholeGrid(last.id, keep) : t.productGrid(last.id, keep);
  const { table, channel, ...finish } = logits
    ? { mode: byteModes.floats, low: 0, high: 0, table: undefined, channel: asFloats }
    : finishOf(t, activation, grid);
  const grids = {
    input: inputGrids,
    output: each(grid, node.shape.channels).map((g) => channel(g)),
  };
  const folded = foldedWeights(t.graph, t.store, node);
  const buffers = (packed: PendingBuffer, padded: boolean) => ({
    input: input.buffer,
    packed,
    table: table ? t.constant(`table ${node.name}`, table) : packed,
    outside: padded
      ? t.constant(
          `outside ${node.name}`,
          Uint8Array.from(inputGrids, ({ zero }) => zero),
        )
      : packed,
    output: logits ?? t.output(last, grid),
  });
  if (isDepthwiseNode(t.graph, node)) {
    const sizes = depthwiseShape(node, { height, width, channels });
    const scratchSize = byteProductScratch(sizes);
    const scratch = t.builder.scratch(`scratch ${node.name}`, scratchSize);
    const packed = t.constant(`packed ${node.name}`, packDepthwise(folded, grids));
    const args = { ...buffers(packed, true), scratch, ...sizes, ...finish, scratchSize };
    t.call(node.name, depthwiseBytes, args, node.macs);
    return;
  }
  const sizes = convolutionShape(node, { height, width, channels });
  const { groups, kernelHeight, kernelWidth, dilationX } = sizes;
  const wide = groups === 1 && dilationX === 1;
  const layout = {
    groups,
    runs: kernelHeight * (wide ? 1 : kernelWidth),
    run: wide ? kernelWidth * channels : channels / groups,
  };
  const padded = !isPointwise(node);
  const scratchSize = padded ? byteProductScratch(sizes) : 0;
  const scratch = t.builder.scratch(`scratch ${node.name}`, scratchSize);
  const packed = t.constant(`packed ${node.name}`, packProduct(folded, layout, grids));
  const args = { ...buffers(packed, padded), scratch, ...sizes, ...finish, scratchSize };
  t.call(node.name, convolveBytes, args, node.macs);
}

function asFloats(): ChannelFinish {
  return { unit: 1, zero: 0, factor: 1 };
}

/** A norm that no convolution takes in, and its activation. */
export function lowerNormBytes(
  norm: GraphNode<'batchNorm'>,
  activation: Activation | undefined,
  t: Int8Context,
): void {
  const input = t.uniformOf(norm.inputs[0] as number);
  const last = activation ?? norm;
  const out = t.gridOf(last.id);
  // The kernel scales and shifts, no more: a curve goes through a table.
  const isCurve = activation && !['relu', 'relu6'].includes(activation.op);
  const finish = isCurve ? tableFinish(t, activation, out) : finishOf(t, activation, out);
  const { unit, zero } = finish.channel(out);
  const { channels, height, width } = norm.shape;
  const { scale, shift } = affineOf(t.store, norm);
  const coefficients = new Float32Array(2 * channels);
  for (let c = 0; c < channels; c++) {
    const step = (scale[c] as number) * input.grid.scale;
    coefficients[c] = step / unit;
    coefficients[channels + c] = ((shift[c] as number) - step * input.grid.zero) / unit + zero;
  }
  const output = t.output(last, out);
  t.call(norm.name, affineBytes, {
    ...{ input: input.buffer, coefficients: t.constant(`coefficients ${norm.name}`, coefficients) },
    ...{ output, pixels: height * width, channels, outputChannels: channels, outputFrom: 0 },
    ...{ low: finish.low, high: finish.high },
  });
  if (!finish.table) return;
  const table = t.constant(`table ${norm.name}`, finish.table);
  t.call(norm.name, tableBytes, { input: output, table, output, size: elements(norm.shape) });
}

/** An activation on its own. */
export function lowerActivationBytes(node: Activation, t: Int8Context): void {
  const input = t.uniformOf(node.inputs[0] as number);
  const grid = t.gridOf(node.id);
  const table = t.constant(`table ${node.name}`, tableOf(node, input.grid, grid, 128));
  const output = t.output(node, grid);
  const size = elements(node.shape);
  t.call(node.name, tableBytes, { input: input.buffer, table, output, size });
}
