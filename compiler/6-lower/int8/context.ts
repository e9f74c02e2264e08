/** What lowering to int8 keeps: the values of nodes as bytes, as floats or as both, and the contents of constants. */

import type { Kernel, KernelArgs } from '../../../runtime/kernels/kernel.ts';
import { dequantize, quantize } from '../../../runtime/kernels/plain/bytes.ts';
import { type Graph, type GraphNode, readersOf, shapeOf } from '../../graph/graph.ts';
import { elements, type Shape } from '../../graph/shape.ts';
import type { WeightStore } from '../../weights/index.ts';
import type { CallArguments, PendingBuffer, ProgramBuilder } from '../builder.ts';
import type { InferenceContext } from '../inference.ts';
import { isDepthwiseNode } from '../inference-units.ts';
import { fullByte, type Grid, type Histogram, largestByte } from './grid.ts';

export interface Bytes {
  readonly buffer: PendingBuffer;
  /** Of all channels; or, where only products read them, of each. */
  readonly grid: Grid | readonly Grid[];
}

export interface UniformBytes extends Bytes {
  readonly grid: Grid;
}

export function isUniform(grid: Bytes['grid']): grid is Grid {
  return !Array.isArray(grid);
}

/** Vectors may read so far past the last byte. */
const slack = 16;

export class Int8Context {
  readonly graph: Graph;
  readonly store: WeightStore;
  readonly builder: ProgramBuilder;
  readonly float: InferenceContext;
  readonly contents = new Map<PendingBuffer, Uint8Array | Float32Array>();
  readonly bytes = new Map<number, Bytes>();
  readonly #seen: ReadonlyMap<number, Histogram>;
  readonly #readers: (id: number) => readonly number[];
  readonly #grids = new Map<string, Grid>();
  readonly #observed: boolean;

  constructor(
    float: InferenceContext,
    store: WeightStore,
    seen: ReadonlyMap<number, Histogram>,
    observed: boolean,
  ) {
    this.graph = float.graph;
    this.builder = float.builder;
    this.float = float;
    this.store = store;
    this.#readers = readersOf(float.graph);
    this.#seen = seen;
    this.#observed = observed;
  }

  shape(id: number): Shape {
    return shapeOf(this.graph, id);
  }

  /** The grid for all channels of what a product gives. */
  wholeGrid(id: number, keep: ReadonlySet<string>): Grid {
    return this.gridOf(id, this.#shareOf(id, keep) === 1 ? fullByte : largestByte);
  }

  /**
   * The grids for what a product gives: one a channel where only products read it, perhaps through max pools. A depthwise
   * convolution takes each channel's for what it is. Others have them in their weights, which gain nothing by channels
   * far apart: they get half of the way. Bytes that only depthwise convolutions read go up to 255.
   */
  productGrid(id: number, keep: ReadonlySet<string>): Grid | readonly Grid[] {
    const grid = this.wholeGrid(id, keep);
    const share = this.#shareOf(id, keep);
    return share === 0 ? grid : this.#seenOf(id).channelGrids(grid, share);
  }

  #shareOf(id: number, keep: ReadonlySet<string>): number {
    const readers = this.#readers(id);
    if (id === this.graph.output || readers.length === 0) return 0;
    return Math.min(
      ...readers.map((reader) => {
        const node = this.graph.nodes[reader] as GraphNode;
        if (keep.has(node.name)) return 0;
        if (node.op === 'maxPool2d' || node.op === 'dropout') return this.#shareOf(reader, keep);
        if (node.op !== 'conv2d' && node.op !== 'dense') return 0;
        return isDepthwiseNode(this.graph, node) ? 1 : 0.5;
      }),
    );
  }

  #seenOf(id: number): Histogram {
    const seen = this.#seen.get(id);
    if (!seen) throw new Error(`netlathe bug: nothing was seen of node ${id}`);
    return seen;
  }

  /** The grid that suits a node's values best; `steps` 255 for what only indexes a table. */
  gridOf(id: number, steps = largestByte): Grid {
    const key = `${id}/${steps}`;
    const known = this.#grids.get(key);
    if (known) return known;
    const grid = this.#seenOf(id).bestGrid(steps);
    this.#grids.set(key, grid);
    return grid;
  }

  call<A extends KernelArgs>(node: string, kernel: Kernel<A>, args: CallArguments<A>, macs = 0) {
    this.builder.call(kernel, args, { layer: node, units: 1, macs });
  }

  constant(label: string, contents: Uint8Array | Float32Array): PendingBuffer {
    const isBytes = contents instanceof Uint8Array;
    const buffer = this.builder.kept(label, contents.length, isBytes ? 'u8' : 'f32');
    this.contents.set(buffer, contents);
    return buffer;
  }

  output(node: GraphNode, grid: Bytes['grid']): PendingBuffer {
    return this.#make(node.id, node.name, grid);
  }

  /** Bytes of another node's buffer, or of the same numbers under another shape. */
  alias(node: GraphNode, value: Bytes): void {
    this.bytes.set(node.id, value);
  }

  #make(id: number, label: string, grid: Bytes['grid']): PendingBuffer {
    const size = elements(this.shape(id)) + slack;
    const buffer = this.#observed
      ? this.builder.kept(label, size, 'u8')
      : this.builder.temporary(label, size, 'u8');
    this.bytes.set(id, { buffer, grid });
    return buffer;
  }

  bytesOf(id: number): Bytes {
    const known = this.bytes.get(id);
    if (known) return known;
    const grid = this.gridOf(id);
    const label = `bytes of ${this.graph.nodes[id]?.name ?? 'the image'}`;
    const input = this.float.value(id);
    const output = this.#make(id, label, grid);
    const size = elements(this.shape(id));
    const scale = Math.fround(1 / grid.scale);
    this.call(label, quantize, { input, output, size, scale, zero: grid.zero });
    return this.bytes.get(id) as Bytes;
  }

  /** Bytes whose channels have one grid: for all that is no product. */
  uniformOf(id: number): UniformBytes {
    const { buffer, grid } = this.bytesOf(id);
    if (!isUniform(grid)) throw new Error(`netlathe bug: node ${id} has a grid for each channel`);
    return { buffer, grid };
  }

  floatOf(id: number): PendingBuffer {
    if (!this.float.has(id)) {
      const { buffer: input, grid } = this.uniformOf(id);
      const label = `floats of ${this.graph.nodes[id]?.name ?? 'the image'}`;
      const size = elements(this.shape(id));
      const output = this.builder.temporary(label, size);
      const scale = Math.fround(grid.scale);
      this.call(label, dequantize, { input, output, size, scale, zero: grid.zero });
      this.float.settle(id, output);
    }
    return this.float.value(id);
  }
}
