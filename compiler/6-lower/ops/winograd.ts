/**
 * 3x3 convolutions by Winograd's F(4x4, 3x3), in training alone: evaluation and the emitted module keep the direct
 * convolution, so that they agree to the bit.
 */

import {
  BLOCK_TILES,
  isWinogradShape,
  packedWinogradPanels,
  packedWinogradSize,
  packWinograd,
  packWinogradScratch,
  type WinogradShape,
  winograd,
  winogradCut,
  winogradScratch,
  winogradShape,
  winogradTileRows,
  winogradTiles,
  winogradTransposed,
  winogradWeightGradient,
  winogradWeightGradientScratch,
} from '../../../runtime/kernels/plain/winograd.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Shape } from '../../graph/shape.ts';
import type { PendingBuffer } from '../builder.ts';
import type { ForwardContext } from '../forward-context.ts';
import type { TrainingContext } from '../training-context.ts';
import { addBiasGradient, addPartials, convolutionShape } from './convolution.ts';

type Conv = GraphNode<'conv2d'>;

/** What a tile's way to the points and back costs for each channel, in multiply-adds; measured, the passes alike. */
const TRANSFORM_COST = 200;
/** How much faster it must be by this reckoning to be worth its memory. */
const LEAST_GAIN = 1.25;

/** The cost rule: multiply-adds of the direct way over those of Winograd's with its transforms. */
export function winogradGain(shape: WinogradShape): number {
  const { inChannels, outChannels, outHeight, outWidth } = shape;
  const [across, down] = winogradTiles(shape);
  const pairs = inChannels * outChannels;
  const direct = 9 * outHeight * outWidth * pairs;
  const tile = 36 * pairs + TRANSFORM_COST * (inChannels + outChannels);
  return direct / (across * down * tile);
}

export function takesWinograd(node: Conv, input: Shape): boolean {
  const shape = convolutionShape(node, input);
  return isWinogradShape(shape) && winogradGain(winogradShape(shape)) >= LEAST_GAIN;
}

/** Into how many chunks to cut a batch: eight at least, for many threads, and else of enough tiles. */
function chunksOf(batch: number, shape: WinogradShape): number {
  const [across, down] = winogradTiles(shape);
  const images = Math.ceil(BLOCK_TILES / (across * down));
  for (let chunks = Math.floor(batch / images); chunks >= Math.min(8, batch); chunks--) {
    if (batch % chunks === 0) return chunks;
  }
  return Math.min(8, batch);
}

export function forwardWinograd(node: Conv, t: ForwardContext): void {
  const shape = winogradShape(convolutionShape(node, t.shape(t.input(node))));
  const packed = t.derived(`points ${node.name}`, packedSizeOf(shape));
  pack(node, shape, false, packed, t);
  const input = t.value(t.input(node));
  multiply(node, shape, { input, packed, bias: t.biasOf(node), output: t.output(node) }, t);
}

export function backwardWinograd(node: Conv, gradient: PendingBuffer, t: TrainingContext): void {
  const shape = winogradShape(convolutionShape(node, t.shape(t.input(node))));
  if (!t.isFrozen(node)) {
    weightGradient(node, gradient, shape, t);
    if (t.biasHasGradient(node)) addBiasGradient(node, gradient, t);
  }
  const from = t.input(node);
  if (!t.needsGradient(from)) return;
  const turned = winogradTransposed(shape);
  const packed = t.builder.temporary(`points transposed ${node.name}`, packedSizeOf(turned));
  pack(node, shape, true, packed, t);
  t.contribute(from, node.name, (output) => {
    multiply(node, turned, { input: gradient, packed, bias: undefined, output }, t);
  });
}

function packedSizeOf({ inChannels, outChannels, groups }: WinogradShape): number {
  return packedWinogradSize({ depth: inChannels, channels: outChannels, groups });
}

function pack(
  node: Conv,
  { inChannels, outChannels, groups }: WinogradShape,
  transposed: boolean,
  packed: PendingBuffer,
  t: ForwardContext,
): void {
  const weights = t.kernelOf(node);
  const scratchSize = packWinogradScratch(transposed ? outChannels : inChannels);
  const scratch = t.builder.scratch(`scratch points ${node.name}`, scratchSize);
  const turn = transposed ? 1 : 0;
  t.prepare(
    node.name,
    packWinograd,
    { weights, packed, scratch, inChannels, outChannels, groups, transposed: turn, scratchSize },
    packedWinogradPanels({ channels: transposed ? inChannels : outChannels, groups }),
  );
}

function multiply(
  node: Conv,
  shape: WinogradShape,
  buffers: {
    readonly input: PendingBuffer;
    readonly packed: PendingBuffer;
    readonly bias: PendingBuffer | undefined;
    readonly output: PendingBuffer;
  },
  t: ForwardContext,
): void {
  const tileRows = winogradTileRows(shape);
  const scratchSize = winogradScratch(shape, tileRows);
  const scratch = t.builder.scratch(`scratch ${node.name}`, scratchSize);
  const chunks = chunksOf(t.batch, shape);
  const { bias, ...rest } = buffers;
  t.call(
    node.name,
    winograd,
    {
      ...rest,
      bias: bias ?? t.kernelOf(node),
      scratch,
      batch: t.batch,
      ...shape,
      hasBias: bias ? 1 : 0,
      chunks,
      tileRows,
      scratchSize,
    },
    chunks,
    node.macs * t.batch,
  );
}

function weightGradient(
  node: Conv,
  gradient: PendingBuffer,
  shape: WinogradShape,
  t: TrainingContext,
): void {
  const size = 9 * shape.inChannels * shape.outChannels * shape.groups;
  const { batch } = t;
  const cut = winogradCut(shape, batch);
  const partials = t.builder.temporary(`partials ${node.name}`, cut.chunks * size);
  const scratchSize = winogradWeightGradientScratch(shape, batch, cut);
  const scratch = t.builder.scratch(`scratch ${node.name}`, scratchSize);
  const input = t.value(t.input(node));
  t.call(
    node.name,
    winogradWeightGradient,
    { input, gradient, partials, scratch, batch, ...shape, ...cut, scratchSize },
    cut.chunks * cut.slices * shape.groups,
    node.macs * batch,
  );
  addPartials(node, 'kernel', partials, size, cut.chunks, t);
}
