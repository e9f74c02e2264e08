/**
 * 3x3 convolution without stride and dilation by Winograd's F(4x4, 3x3) (Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2016): inputs and weights as values of polynomials at six points in each direction,
 * whose products are those of the outputs. A tile of 4x4 outputs takes 36 products a pair of channels, not 144.
 *
 * The points are 0, ±√½, ±√2 and infinity. In float32 the error is that of a direct sum: docs/kernels.md.
 */
import { type Floats, type KernelArgs, kernel } from '../kernel.ts';
import type { ConvolutionShape } from './convolution.ts';
import { PANEL } from './pack.ts';
import { chunkRange, gradientChunks } from './partials.ts';
import { blockRow } from './scratch.ts';

/** Outputs of a tile along an axis, the inputs that they reach, and all of a tile's points. */
const TILE = 4;
const POINTS = 6;
const POINTS_2D = POINTS * POINTS;

type Matrix = readonly (readonly number[])[];

const a = Math.SQRT1_2;
const b = Math.SQRT2;

/** Six inputs to the points. */
const FROM_INPUT: Matrix = [
  [1, 0, -2.5, 0, 1, 0],
  [0, -2 * a, -2, a, 1, 0],
  [0, 2 * a, -2, -a, 1, 0],
  [0, -b / 2, -0.5, b, 1, 0],
  [0, b / 2, -0.5, -b, 1, 0],
  [0, 1, 0, -2.5, 0, 1],
];

/** Three weights to the points. */
const FROM_WEIGHTS: Matrix = [
  [1, 0, 0],
  [-2 / 3, (-2 / 3) * a, -1 / 3],
  [-2 / 3, (2 / 3) * a, -1 / 3],
  [1 / 6, b / 6, 1 / 3],
  [1 / 6, -b / 6, 1 / 3],
  [0, 0, 1],
];

/** Points to four outputs. */
const TO_OUTPUT: Matrix = [
  [1, 1, 1, 1, 1, 0],
  [0, a, -a, b, -b, 0],
  [0, 0.5, 0.5, 2, 2, 0],
  [0, a / 2, -a / 2, 2 * b, -2 * b, 1],
];

const transpose = (m: Matrix): Matrix => (m[0] ?? []).map((_, j) => m.map((row) => row[j]!));

const FROM_GRADIENT = transpose(TO_OUTPUT);
const TO_WEIGHTS = transpose(FROM_WEIGHTS);

/** m x mᵀ, of a square x, row by row. */
function bothWays(m: Matrix, x: ArrayLike<number>): Float64Array {
  const [rows, n] = [m.length, m[0]!.length];
  const half = new Float64Array(rows * n);
  const result = new Float64Array(rows * rows);
  for (let p = 0; p < rows; p++) {
    for (let i = 0; i < n; i++) {
      const c = m[p]![i]!;
      for (let j = 0; c !== 0 && j < n; j++) half[p * n + j]! += c * x[i * n + j]!;
    }
    for (let q = 0; q < rows; q++) {
      for (let j = 0; j < n; j++) result[p * rows + q]! += half[p * n + j]! * m[q]![j]!;
    }
  }
  return result;
}

/** A layer as the Winograd kernels name it; the channels are those of a group, which is a convolution of its own. */
const SIZES = {
  inHeight: 'i32',
  inWidth: 'i32',
  inChannels: 'i32',
  outHeight: 'i32',
  outWidth: 'i32',
  outChannels: 'i32',
  padTop: 'i32',
  padLeft: 'i32',
  groups: 'i32',
} as const satisfies KernelArgs;

export type WinogradShape = { readonly [K in keyof typeof SIZES]: number };

export function isWinogradShape(shape: ConvolutionShape): boolean {
  const { kernelHeight, kernelWidth, ...rest } = shape;
  const ones = [rest.strideY, rest.strideX, rest.dilationY, rest.dilationX];
  return kernelHeight === 3 && kernelWidth === 3 && ones.every((n) => n === 1);
}

export function winogradShape(shape: ConvolutionShape): WinogradShape {
  const names = Object.keys(SIZES) as (keyof WinogradShape)[];
  const sizes = Object.fromEntries(names.map((name) => [name, shape[name]])) as WinogradShape;
  const { inChannels, outChannels, groups } = sizes;
  return { ...sizes, inChannels: inChannels / groups, outChannels: outChannels / groups };
}

/** The gradient to the input as `winograd` computes it: from the output's gradient, with transposed weights. */
export function winogradTransposed(shape: WinogradShape): WinogradShape {
  return {
    ...{ inHeight: shape.outHeight, inWidth: shape.outWidth, inChannels: shape.outChannels },
    ...{ outHeight: shape.inHeight, outWidth: shape.inWidth, outChannels: shape.inChannels },
    ...{ padTop: 2 - shape.padTop, padLeft: 2 - shape.padLeft, groups: shape.groups },
  };
}

/** Tiles across and down an image. */
export function winogradTiles({ outHeight, outWidth }: WinogradShape): readonly [number, number] {
  return [Math.ceil(outWidth / TILE), Math.ceil(outHeight / TILE)];
}

/** Floats that a block of tiles should not exceed at all its points. */
const BLOCK_FLOATS = 98304;
const GRADIENT_BLOCK_FLOATS = 147456;
/** With fewer tiles the matrix products wait for their weights. */
export const BLOCK_TILES = 16;

function rowsOf(shape: WinogradShape, tiles: number): number {
  const [across] = winogradTiles(shape);
  return Math.max(1, Math.floor(Math.max(BLOCK_TILES, tiles) / across));
}

/** Rows of tiles in a block of `winograd`, its argument `tileRows`: as many as stay in the cache, up to 64 tiles. */
export function winogradTileRows(shape: WinogradShape): number {
  const floats = POINTS_2D * (shape.inChannels + shape.outChannels);
  return rowsOf(shape, Math.min(64, BLOCK_FLOATS / floats));
}

/** How `winogradWeightGradient` is cut: the arguments of these names. */
export interface WinogradCut {
  readonly chunks: number;
  readonly slices: number;
  readonly tileRows: number;
}

/** Tiles of a chunk that make its sums worth their way back to weights. */
const CHUNK_TILES = 64;
const LEAST_UNITS = 8;

/**
 * As many chunks as the direct gradient has at most, of 64 tiles if there are so many. Where that leaves fewer than
 * eight, the input channels are cut into slices, which repeat the way of the output's gradient to its points. A block
 * has so many inputs that they stay in the cache while all panels of outputs go through them.
 */
export function winogradCut(shape: WinogradShape, batch: number): WinogradCut {
  const { inChannels, outChannels } = shape;
  const [across, down] = winogradTiles(shape);
  const most = gradientChunks(batch, 9 * inChannels * outChannels);
  const wanted = Math.max(1, Math.min(most, Math.floor((batch * across * down) / CHUNK_TILES)));
  let chunks = wanted;
  while (batch % chunks !== 0) chunks--;
  const few = Math.ceil(LEAST_UNITS / (chunks * shape.groups));
  const wide = few > 1 && inChannels >= 32 * few;
  if (!wide && (few > 1 || shape.groups === 1)) chunks = Math.max(chunks, most);
  const slices = wide ? few : 1;
  const fit = GRADIENT_BLOCK_FLOATS / (POINTS_2D * sliceChannels(inChannels, slices));
  return { chunks, slices, tileRows: rowsOf(shape, fit) };
}

/** Input channels of a slice, whole panels unless there is one slice only. */
function sliceChannels(channels: number, slices: number): number {
  return slices === 1 ? channels : Math.ceil(channels / (PANEL * slices)) * PANEL;
}

const vectorFloats = (channels: number) => Math.ceil(channels / 4) * 4;
const tileFloats = (channels: number) =>
  channels <= 64 ? vectorFloats(channels) : blockRow(channels);
/** Floats of so many at all points, a point an odd number of cache lines. */
const pointsFloats = (floats: number) => POINTS_2D * (Math.ceil(floats / 16) | 1) * 16;
const productFloats = (channels: number) => tileFloats(Math.ceil(channels / PANEL) * PANEL);
const wholeTiles = (tiles: number) => Math.ceil(tiles / 4) * 4;
const TEMPORARY_FLOATS = TILE * POINTS * 4;

/** Floats of scratch that `winograd` needs for each slot. */
export function winogradScratch(shape: WinogradShape, tileRows: number): number {
  const { inWidth, inChannels, outChannels, groups } = shape;
  const [across] = winogradTiles(shape);
  const tiles = wholeTiles(tileRows * across);
  const columns = POINTS * (across * TILE + 2) + POINTS * inWidth;
  return (
    columns * vectorFloats(inChannels) +
    inWidth * vectorFloats(inChannels * groups) +
    pointsFloats(tiles * tileFloats(inChannels)) +
    pointsFloats(tiles * productFloats(outChannels)) +
    TEMPORARY_FLOATS +
    vectorFloats(outChannels)
  );
}

/** Floats of scratch that `winogradWeightGradient` needs for each slot. */
export function winogradWeightGradientScratch(
  shape: WinogradShape,
  batch: number,
  { chunks, slices, tileRows }: WinogradCut,
): number {
  const { inWidth, outWidth, outChannels } = shape;
  const [across, down] = winogradTiles(shape);
  const channels = sliceChannels(shape.inChannels, slices);
  const tiles = tileRows * across;
  const panels = Math.ceil(outChannels / PANEL);
  const single = Math.ceil(batch / chunks) * down <= tileRows;
  const pixel = vectorFloats(channels);
  const outPixel = vectorFloats(outChannels);
  const line = Math.max(
    inWidth * vectorFloats(shape.inChannels * shape.groups),
    outWidth * vectorFloats(outChannels * shape.groups),
  );
  return (
    POINTS * ((across * TILE + 2) * pixel + across * TILE * outPixel) +
    (1 + POINTS) * line +
    pointsFloats(tiles * tileFloats(channels)) +
    pointsFloats(tiles * panels * PANEL) +
    (single ? 1 : panels) * pointsFloats(pixel * PANEL) +
    TEMPORARY_FLOATS
  );
}

interface PackedWinograd {
  /** Channels that a product sums over. */
  readonly depth: number;
  readonly channels: number;
  readonly groups: number;
}

export function packedWinogradPanels({
  channels,
  groups,
}: Pick<PackedWinograd, 'channels' | 'groups'>): number {
  return Math.ceil(channels / PANEL) * groups;
}

export function packedWinogradSize(packed: PackedWinograd): number {
  return packedWinogradPanels(packed) * POINTS_2D * panelRows(packed.depth) * PANEL;
}

/** Rows of a panel at a point: an odd number of cache lines, each two rows. */
function panelRows(depth: number): number {
  return depth + ((6 - (depth % 4)) % 4);
}

/** Floats of scratch that `packWinograd` needs for each slot. */
export function packWinogradScratch(depth: number): number {
  return 3 * POINTS * 4 + 9 * depth * PANEL;
}

/** Where row k of column j lies at a point. */
function packedAt(depth: number, point: number, k: number, j: number): number {
  const panel = Math.floor(j / PANEL) * POINTS_2D + point;
  return (panel * panelRows(depth) + k) * PANEL + (j % PANEL);
}

/**
 * Weights [3, 3, inChannels, groups * outChannels] to their points, in panels of eight output channels of a group; `transposed`, the kernel
 * turned by half a turn in panels of eight input channels, for the gradient to the input.
 */
export const packWinograd = kernel({
  name: 'packWinograd',
  args: {
    weights: 'in',
    packed: 'out',
    scratch: 'inout',
    inChannels: 'i32',
    outChannels: 'i32',
    groups: 'i32',
    transposed: 'i32',
    scratchSize: 'i32',
    slot: 'i32',
  },
  unit: 'panel',
  plain({ weights, packed, inChannels, outChannels, groups, transposed }, begin, end) {
    const [depth, channels] = transposed ? [outChannels, inChannels] : [inChannels, outChannels];
    const panels = Math.ceil(channels / PANEL);
    const weight = (group: number, tap: number, k: number, j: number) => {
      const row = transposed ? (8 - tap) * inChannels + j : tap * inChannels + k;
      return weights[(row * groups + group) * outChannels + (transposed ? k : j)]!;
    };
    for (let column = begin * PANEL; column < end * PANEL; column++) {
      const group = Math.floor(column / PANEL / panels);
      const j = column - group * panels * PANEL;
      for (let k = 0; k < depth; k++) {
        const taps = Array.from({ length: 9 }, (_, tap) =>
          j >= channels ? 0 : weight(group, tap, k, j),
        );
        bothWays(FROM_WEIGHTS, taps).forEach((value, point) => {
          packed[packedAt(depth, point, k, column)] = value;
        });
      }
    }
  },
});

/** A square of an image's pixels in one channel, row by row; zeros outside. */
function square(
  image: Floats,
  from: number,
  size: { readonly height: number; readonly width: number; readonly channels: number },
  top: number,
  left: number,
  side: number,
): number[] {
  const { height, width, channels } = size;
  return Array.from({ length: side * side }, (_, i) => {
    const y = top + Math.floor(i / side);
    const x = left + (i % side);
    const inside = y >= 0 && y < height && x >= 0 && x < width;
    return inside ? image[from + (y * width + x) * channels]! : 0;
  });
}

/** `count` channels of an image's square from `first` on at the points, [count][36]. */
function pointsOf(
  m: Matrix,
  image: Floats,
  size: { readonly height: number; readonly width: number; readonly channels: number },
  [first, count]: readonly [number, number],
  n: number,
  top: number,
  left: number,
): Float64Array[] {
  const start = n * size.height * size.width * size.channels + first;
  const side = m[0]!.length;
  return Array.from({ length: count }, (_, c) =>
    bothWays(m, square(image, start + c, size, top, left, side)),
  );
}

/** Weights from packWinograd, the bias apart from them. */
export const winograd = kernel({
  name: 'winograd',
  args: {
    input: 'in',
    packed: 'in',
    bias: 'in',
    output: 'out',
    scratch: 'inout',
    batch: 'i32',
    ...SIZES,
    hasBias: 'i32',
    chunks: 'i32',
    tileRows: 'i32',
    scratchSize: 'i32',
    slot: 'i32',
  },
  unit: 'chunk of the batch',
  plain({ input, packed, bias, output, batch, hasBias, chunks, ...shape }, begin, end) {
    const { inChannels, outHeight, outWidth, outChannels, groups } = shape;
    const size = { height: shape.inHeight, width: shape.inWidth, channels: inChannels * groups };
    const [across, down] = winogradTiles(shape);
    const [first] = chunkRange(batch, chunks, begin);
    const [, last] = chunkRange(batch, chunks, end - 1);
    const columns = Math.ceil(outChannels / PANEL) * PANEL;
    for (let unit = first * down * across * groups; unit < last * down * across * groups; unit++) {
      const group = unit % groups;
      const tile = Math.floor(unit / groups);
      const n = Math.floor(tile / (down * across));
      const y = (Math.floor(tile / across) % down) * TILE;
      const x = (tile % across) * TILE;
      const top = y - shape.padTop;
      const own = [group * inChannels, inChannels] as const;
      const values = pointsOf(FROM_INPUT, input, size, own, n, top, x - shape.padLeft);
      for (let j = 0; j < outChannels; j++) {
        const products = new Float64Array(POINTS_2D);
        for (let point = 0; point < POINTS_2D; point++) {
          for (let k = 0; k < inChannels; k++) {
            const at = packedAt(inChannels, point, k, group * columns + j);
            products[point]! += values[k]![point]! * packed[at]!;
          }
        }
        const channel = group * outChannels + j;
        bothWays(TO_OUTPUT, products).forEach((value, i) => {
          const [oy, ox] = [y + Math.floor(i / TILE), x + (i % TILE)];
          if (oy >= outHeight || ox >= outWidth) return;
          const at = ((n * outHeight + oy) * outWidth + ox) * outChannels * groups + channel;
          output[at] = value + (hasBias ? bias[channel]! : 0);
        });
      }
    }
  },
});

/** The gradient to the weights: partials [chunks, 3, 3, inChannels, groups * outChannels]. */
export const winogradWeightGradient = kernel({
  name: 'winogradWeightGradient',
  args: {
    input: 'in',
    gradient: 'in',
    partials: 'out',
    scratch: 'inout',
    batch: 'i32',
    ...SIZES,
    chunks: 'i32',
    slices: 'i32',
    tileRows: 'i32',
    scratchSize: 'i32',
    slot: 'i32',
  },
  unit: 'group of a slice of the input channels in a chunk of the batch',
  plain({ input, gradient, partials, batch, chunks, slices, ...shape }, begin, end) {
    const { inChannels, outChannels, groups } = shape;
    const size = { height: shape.inHeight, width: shape.inWidth, channels: inChannels * groups };
    const outSize = {
      ...{ height: shape.outHeight, width: shape.outWidth },
      channels: outChannels * groups,
    };
    const [across, down] = winogradTiles(shape);
    const slice = sliceChannels(inChannels, slices);
    for (let unit = begin; unit < end; unit++) {
      const group = unit % groups;
      const chunk = Math.floor(unit / groups / slices);
      const start = (Math.floor(unit / groups) % slices) * slice;
      const channels = Math.min(slice, inChannels - start);
      if (channels <= 0) continue;
      const own = [group * inChannels + start, channels] as const;
      const pairs = channels * outChannels;
      const sums = Array.from({ length: pairs }, () => new Float64Array(POINTS_2D));
      const [first, last] = chunkRange(batch, chunks, chunk);
      for (let tile = first * down * across; tile < last * down * across; tile++) {
        const n = Math.floor(tile / (down * across));
        const y = (Math.floor(tile / across) % down) * TILE;
        const x = (tile % across) * TILE;
        const top = y - shape.padTop;
        const values = pointsOf(FROM_INPUT, input, size, own, n, top, x - shape.padLeft);
        const out = [group * outChannels, outChannels] as const;
        const gradients = pointsOf(FROM_GRADIENT, gradient, outSize, out, n, y, x);
        for (let pair = 0; pair < pairs; pair++) {
          const sum = sums[pair]!;
          const value = values[Math.floor(pair / outChannels)]!;
          const dy = gradients[pair % outChannels]!;
          for (let point = 0; point < POINTS_2D; point++) {
            sum[point]! += value[point]! * dy[point]!;
          }
        }
      }
      sums.forEach((sum, pair) => {
        const row = start + Math.floor(pair / outChannels);
        const column = group * outChannels + (pair % outChannels);
        bothWays(TO_WEIGHTS, sum).forEach((value, tap) => {
          const at = (chunk * 9 + tap) * inChannels + row;
          partials[at * outChannels * groups + column] = value;
        });
      });
    }
  },
});
