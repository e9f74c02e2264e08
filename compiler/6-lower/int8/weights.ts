/**
 * Weights of int8 inference: whole numbers from -127 to 127, a scale for each output channel, a norm taken in (Jacob et
 * al. 2018, with symmetric weights). A sum of bytes and weights starts at the bias in units of both scales, less what
 * the zero of the input adds to it.
 */

import { foldsIntoConvolution } from '../../graph/folding.ts';
import { type Graph, type GraphNode, readersOf } from '../../graph/graph.ts';
import { type WeightStore, weightName } from '../../weights/index.ts';
import type { Weighted } from '../forward-context.ts';
import type { Grid } from './grid.ts';

export interface FoldedWeights {
  /** [rows, channels] */
  readonly kernel: Float64Array;
  readonly bias: Float64Array;
  readonly rows: number;
  readonly channels: number;
}

type Named = 'kernel' | 'bias' | 'gamma' | 'beta' | 'movingMean' | 'movingVariance';

function valuesOf(store: WeightStore, node: GraphNode, name: Named): Float32Array | undefined {
  return store.get(weightName(node, { name }))?.values;
}

export interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** A norm with its statistics as they are: x * scale + shift. */
export function affineOf(store: WeightStore, norm: GraphNode<'batchNorm'>): Affine {
  const { channels } = norm.shape;
  const [gamma, beta, mean, variance] = (
    ['gamma', 'beta', 'movingMean', 'movingVariance'] as const
  ).map((name) => valuesOf(store, norm, name));
  const scale = Float64Array.from(
    { length: channels },
    (_, c) => (gamma?.[c] ?? 1) / Math.sqrt((variance?.[c] ?? 1) + norm.attributes.epsilon),
  );
  const shift = scale.map((s, c) => (beta?.[c] ?? 0) - (mean?.[c] ?? 0) * s);
  return { scale, shift };
}

export function foldedWeights(graph: Graph, store: WeightStore, node: Weighted): FoldedWeights {
  const weights = valuesOf(store, node, 'kernel') as Float32Array;
  const own = valuesOf(store, node, 'bias');
  const { channels } = node.shape;
  const rows = weights.length / channels;
  const reader = graph.nodes[readersOf(graph)(node.id)[0] ?? -1];
  const norm =
    reader?.op === 'batchNorm' && foldsIntoConvolution(graph, reader) ? reader : undefined;
  const affine = norm && affineOf(store, norm);
  return {
    kernel: Float64Array.from(weights, (w, i) => w * (affine?.scale[i % channels] ?? 1)),
    bias: Float64Array.from({ length: channels }, (_, c) => {
      const bias = own?.[c] ?? 0;
      return affine ? bias * (affine.scale[c] as number) + (affine.shift[c] as number) : bias;
    }),
    rows,
    channels,
  };
}

/** How a product's input and output are bytes: the grid of each input channel; what a channel of the output is. */
export interface ProductGrids {
  readonly input: readonly Grid[];
  readonly output: readonly ChannelFinish[];
}

export interface ChannelFinish {
  /** What 1 is worth that the kernel puts through its activation, or rounds. */
  readonly unit: number;
  readonly zero: number;
  readonly factor: number;
}

/** What an output channel is: its weights, the start of its sums, and what one of a sum is worth. */
interface Channel {
  readonly weights: Int8Array;
  readonly initial: number;
  readonly scale: number;
}

const largestWeight = 127;

/** The scales of the input are taken into the weights, so that they may differ from row to row. */
function channelOf(folded: FoldedWeights, c: number, inputOf: (row: number) => Grid): Channel {
  const { kernel, bias, rows, channels } = folded;
  const column = Float64Array.from(
    { length: rows },
    (_, row) => (kernel[row * channels + c] as number) * inputOf(row).scale,
  );
  const largest = column.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
  const scale = largest > 0 ? largest / largestWeight : 1;
  const weights = Int8Array.from(column, (w) => Math.round(w / scale));
  const ofZeros = weights.reduce((sum, w, row) => sum + w * inputOf(row).zero, 0);
  const initial = Math.round((bias[c] as number) / scale) - ofZeros;
  return { weights, initial: Math.max(-(2 ** 30), Math.min(2 ** 30, initial)), scale };
}

/** The four numbers before the weights of a channel; `row` is the distance from one to the next. */
function setHeader(
  view: DataView,
  at: number,
  row: number,
  { initial, scale }: Channel,
  { unit, zero, factor }: ChannelFinish,
): void {
  view.setInt32(at, initial, true);
  view.setFloat32(at + row, scale / unit, true);
  view.setFloat32(at + 2 * row, zero, true);
  view.setFloat32(at + 3 * row, factor, true);
}

export interface ProductLayout {
  readonly groups: number;
  /** Runs of the input that lie apart, and the values of each. */
  readonly runs: number;
  readonly run: number;
}

/** Panels of eight channels, as wasm/byte-gemm.ts reads them. */
export function packProduct(
  folded: FoldedWeights,
  { groups, runs, run }: ProductLayout,
  { input, output }: ProductGrids,
): Uint8Array {
  const each = folded.channels / groups;
  const inGroup = input.length / groups;
  const quads = Math.ceil(run / 4);
  const panel = 128 + 32 * quads * runs;
  const perGroup = Math.ceil(each / 8);
  const packed = new Uint8Array(panel * perGroup * groups);
  const view = new DataView(packed.buffer);
  for (let c = 0; c < folded.channels; c++) {
    const group = Math.floor(c / each);
    const inputOf = (row: number) => input[group * inGroup + (row % inGroup)] as Grid;
    const channel = channelOf(folded, c, inputOf);
    const at = panel * (group * perGroup + Math.floor((c % each) / 8));
    const lane = (c % each) % 8;
    setHeader(view, at + 4 * lane, 32, channel, output[c] as ChannelFinish);
    for (const [k, w] of channel.weights.entries()) {
      const place = Math.floor(k / run) * quads * 4 + (k % run);
      view.setInt8(at + 128 + Math.floor(place / 4) * 32 + lane * 4 + (place % 4), w);
    }
  }
  return packed;
}

/** The numbers of all channels, then the weights tap by tap, as wasm/byte-products.ts reads them. */
export function packDepthwise(folded: FoldedWeights, { input, output }: ProductGrids): Uint8Array {
  const row = Math.ceil(folded.channels / 8) * 8;
  const packed = new Uint8Array(row * (16 + folded.rows));
  const view = new DataView(packed.buffer);
  const multiplier = folded.channels / input.length;
  for (let c = 0; c < folded.channels; c++) {
    const grid = input[Math.floor(c / multiplier)] as Grid;
    const channel = channelOf(folded, c, () => grid);
    setHeader(view, 4 * c, 4 * row, channel, output[c] as ChannelFinish);
    for (const [tap, w] of channel.weights.entries()) view.setInt8(16 * row + tap * row + c, w);
  }
  return packed;
}
