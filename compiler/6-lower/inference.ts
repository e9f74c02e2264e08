/**
 * Phase 6, lower, for inference: Graph to Program. `prepare` folds batch norms and packs weights, once; `infer` runs a
 * batch. The trainer evaluates with it and the emitted module runs it, which is why they agree.
 */

import type { Kernel, KernelArgs } from '../../runtime/kernels/kernel.ts';
import { copyChannels } from '../../runtime/kernels/plain/elementwise.ts';
import { foldNorm } from '../../runtime/kernels/plain/fold.ts';
import {
  COEFFICIENT_ROWS,
  normActivate,
  normCoefficients,
} from '../../runtime/kernels/plain/norm.ts';
import { foldsIntoConvolution } from '../graph/folding.ts';
import {
  type Graph,
  type GraphNode,
  graphInput,
  readersOf,
  shapeOf,
  size,
} from '../graph/graph.ts';
import { elements, type Shape } from '../graph/shape.ts';
import { codeOf } from './activation.ts';
import { type CallArguments, type PendingBuffer, ProgramBuilder } from './builder.ts';
import type { ForwardContext, Weighted } from './forward-context.ts';
import type { Activation } from './fuse.ts';
import { type InferenceUnit, inferenceUnits, type Product } from './inference-units.ts';
import { lowerProduct } from './ops/product.ts';
import { forwardWinograd, takesWinograd } from './ops/winograd.ts';
import { layoutParameters, ParameterBuffers, type ParameterLayout } from './parameters.ts';
import { lowerPhotos, type PhotoBuffers } from './photos.ts';
import type { Buffer, Program } from './program.ts';
import { ruleOf } from './rules.ts';

export interface InferenceProgram {
  readonly program: Program;
  readonly layout: ParameterLayout;
  readonly batch: number;
  readonly image: Buffer;
  readonly photos: PhotoBuffers | undefined;
  readonly logits: Buffer;
  readonly weights: Buffer;
  readonly statistics: Buffer;
  /** With `observed`: the values of each node that has some of its own. */
  readonly values: ReadonlyMap<number, Buffer>;
}

export interface InferenceOptions {
  readonly batch: number;
  readonly threads: number;
  readonly photoBytes?: number;
  /** Nothing is fused, and the values of all nodes are there after a run. */
  readonly observed?: boolean;
}

export function lowerInference(graph: Graph, options: InferenceOptions): InferenceProgram {
  const builder = new ProgramBuilder(options.threads);
  const { batch, photoBytes: bytes } = options;
  const image = builder.kept('image', batch * elements(graph.input));
  builder.schedule('infer');
  const photos =
    bytes === undefined
      ? undefined
      : lowerPhotos(builder, graph, image, { batch, bytes, augmented: false });
  const network = lowerNetwork(builder, graph, {
    batch,
    image,
    label: '',
    schedules: { prepare: 'prepare', run: 'infer' },
    observed: options.observed === true,
  });
  const { layout, weights, statistics, logits } = network;
  const { program, at } = builder.finish();
  return {
    program,
    layout,
    batch,
    image: at(image),
    photos: photos && { photos: at(photos.photos), rows: at(photos.rows), norms: at(photos.norms) },
    logits: at(logits),
    weights: at(weights.whole),
    statistics: at(statistics.whole),
    values: new Map(
      options.observed ? [...network.outputs].map(([id, buffer]) => [id, at(buffer)] as const) : [],
    ),
  };
}

export interface LoweredNetwork {
  readonly layout: ParameterLayout;
  readonly weights: ParameterBuffers;
  readonly statistics: ParameterBuffers;
  readonly logits: PendingBuffer;
  /** The output of a node, as long as the schedule runs. */
  readonly value: (id: number) => PendingBuffer;
  /** The buffers that were made for the outputs of nodes. */
  readonly outputs: ReadonlyMap<number, PendingBuffer>;
}

export interface NetworkOptions {
  readonly batch: number;
  readonly image: PendingBuffer;
  /** Put in front of the names of its buffers. */
  readonly label: string;
  readonly schedules: InferenceSchedules;
  /** Nodes whose own output is wanted, so that no batch norm may be taken into it. */
  readonly wanted?: ReadonlySet<number>;
  /** As in `InferenceOptions`. */
  readonly observed?: boolean;
  /** 3x3 convolutions by Winograd's algorithm where that is faster: other last bits than evaluation gives. */
  readonly winograd?: boolean;
}

interface InferenceSchedules {
  /** For what follows from the weights alone. */
  readonly prepare: string;
  readonly run: string;
}

/** A network in a Program of any kind; its steps join those of `schedules.run`. */
export function lowerNetwork(
  builder: ProgramBuilder,
  graph: Graph,
  options: NetworkOptions,
): LoweredNetwork {
  const { batch, image, label } = options;
  const layout = layoutParameters(graph, () => false);
  const weights = new ParameterBuffers(builder, `${label}weights`, layout, 'weights');
  const statistics = new ParameterBuffers(builder, `${label}statistics`, layout, 'statistics');
  const classes = graph.classes.length;
  const logits = builder.kept(`${label}logits`, batch * classes);
  const t = new InferenceContext(builder, graph, { weights, statistics, image }, options);
  builder.schedule(options.schedules.prepare);
  builder.schedule(options.schedules.run);
  for (const unit of inferenceUnits(graph, options.observed ? 'none' : 'all', options.wanted)) {
    if (options.winograd) lowerWinograd(unit, t);
    else lowerUnit(unit, t);
  }
  const copy = { pixels: 1, count: classes, inputChannels: classes, outputChannels: classes };
  const places = { ...copy, inputFrom: 0, outputFrom: 0, clear: 0 };
  const input = t.value(graph.output);
  t.call('logits', copyChannels, { input, output: logits, ...places }, batch);
  return { layout, weights, statistics, logits, value: (id) => t.value(id), outputs: t.outputs };
}

export function lowerUnit(unit: InferenceUnit, t: InferenceContext): void {
  if (unit.kind === 'product') lowerProduct(unit, t);
  else if (unit.kind === 'norm') lowerNorm(unit.norm, unit.activation, t);
  else if (unit.node.op === 'dropout') t.alias(unit.node, t.value(t.input(unit.node)));
  else ruleOf(unit.node).forward(unit.node, t);
}

/** Its transforms leave no room for what runs along in `lowerProduct`: activation and pool follow on their own. */
function lowerWinograd(unit: InferenceUnit, t: InferenceContext): void {
  const conv = unit.kind === 'product' && !unit.depthwise ? unit.main.node : undefined;
  if (conv?.op !== 'conv2d' || !takesWinograd(conv, t.shape(t.input(conv)))) {
    lowerUnit(unit, t);
    return;
  }
  const { main, pool } = unit as Product;
  forwardWinograd(conv, t);
  const folded = t.value(conv.id);
  if (main.activation) {
    t.settle(t.input(main.activation), folded);
    ruleOf(main.activation).forward(main.activation, t);
  } else t.settle(main.last.id, folded);
  if (pool) ruleOf(pool).forward(pool, t);
}

/** A norm that no convolution takes in. */
function lowerNorm(
  node: GraphNode<'batchNorm'>,
  activation: Activation | undefined,
  t: InferenceContext,
): void {
  const { height, width, channels } = node.shape;
  const { affine, epsilon } = node.attributes;
  const mean = t.statistic(node, 'movingMean');
  const coefficients = t.derived(`coefficients ${node.name}`, COEFFICIENT_ROWS * channels);
  t.prepare(
    node.name,
    normCoefficients,
    {
      gamma: affine ? t.weight(node, 'gamma') : mean,
      beta: affine ? t.weight(node, 'beta') : mean,
      mean,
      variance: t.statistic(node, 'movingVariance'),
      coefficients,
      channels,
      affine: affine ? 1 : 0,
      epsilon,
    },
    channels,
  );
  const input = t.value(t.input(node));
  t.call(
    node.name,
    normActivate,
    {
      input,
      coefficients,
      output: t.output(activation ?? node),
      pixels: height * width,
      channels,
      ...codeOf(activation),
    },
    t.batch,
  );
}

export class InferenceContext implements ForwardContext {
  readonly builder: ProgramBuilder;
  readonly graph: Graph;
  readonly batch: number;
  readonly trains = false;
  readonly #weights: ParameterBuffers;
  readonly #statistics: ParameterBuffers;
  /** The buffers that were made for the outputs of nodes. */
  readonly outputs = new Map<number, PendingBuffer>();
  readonly #observed: boolean;
  readonly #values = new Map<number, PendingBuffer>();
  readonly #folded = new Map<
    number,
    { readonly kernel: PendingBuffer; readonly bias: PendingBuffer }
  >();
  readonly #readers: (id: number) => readonly number[];
  readonly #schedules: InferenceSchedules;
  readonly #wanted: ReadonlySet<number>;

  constructor(
    builder: ProgramBuilder,
    graph: Graph,
    buffers: {
      readonly weights: ParameterBuffers;
      readonly statistics: ParameterBuffers;
      readonly image: PendingBuffer;
    },
    options: Pick<NetworkOptions, 'batch' | 'schedules' | 'wanted' | 'observed'>,
  ) {
    this.#observed = options.observed === true;
    this.builder = builder;
    this.graph = graph;
    this.batch = options.batch;
    this.#schedules = options.schedules;
    this.#wanted = options.wanted ?? new Set();
    this.#weights = buffers.weights;
    this.#statistics = buffers.statistics;
    this.#values.set(graphInput, buffers.image);
    this.#readers = readersOf(graph);
  }

  shape(id: number): Shape {
    return shapeOf(this.graph, id);
  }

  input(node: GraphNode): number {
    return node.inputs[0] as number;
  }

  value(id: number): PendingBuffer {
    const value = this.#values.get(id);
    if (!value) throw new Error(`netlathe bug: node ${id} has no value yet`);
    return value;
  }

  output(node: GraphNode): PendingBuffer {
    const size = this.batch * elements(node.shape);
    const { builder } = this;
    const value = this.#observed
      ? builder.kept(node.name, size)
      : builder.temporary(node.name, size);
    this.#values.set(node.id, value);
    this.outputs.set(node.id, value);
    return value;
  }

  has(id: number): boolean {
    return this.#values.has(id);
  }

  /** The value of a node, or of the image, is a buffer that is there already. */
  settle(id: number, buffer: PendingBuffer): void {
    this.#values.set(id, buffer);
  }

  alias(node: GraphNode, buffer: PendingBuffer): void {
    this.#values.set(node.id, buffer);
  }

  weight(node: GraphNode, name: 'kernel' | 'bias' | 'gamma' | 'beta'): PendingBuffer {
    return this.#weights.of(node, name);
  }

  statistic(node: GraphNode, name: 'movingMean' | 'movingVariance'): PendingBuffer {
    return this.#statistics.of(node, name);
  }

  kernelOf(node: Weighted): PendingBuffer {
    return this.#foldedOf(node)?.kernel ?? this.weight(node, 'kernel');
  }

  biasOf(node: Weighted): PendingBuffer | undefined {
    const own = node.attributes.bias ? this.weight(node, 'bias') : undefined;
    return this.#foldedOf(node)?.bias ?? own;
  }

  derived(label: string, count: number): PendingBuffer {
    return this.builder.kept(label, count);
  }

  prepare<A extends KernelArgs>(
    layer: string,
    kernel: Kernel<A>,
    args: CallArguments<A>,
    units: number,
  ): void {
    this.builder.schedule(this.#schedules.prepare);
    this.builder.call(kernel, args, { layer, units });
    this.builder.schedule(this.#schedules.run);
  }

  call<A extends KernelArgs>(
    layer: string,
    kernel: Kernel<A>,
    args: CallArguments<A>,
    units: number,
    macs = 0,
  ): void {
    this.builder.call(kernel, args, { layer, units, macs });
  }

  /** Whether a batch norm is taken into the layer before it. */
  folds(node: GraphNode): boolean {
    return foldsIntoConvolution(this.graph, node) && !this.#wanted.has(this.input(node));
  }

  /** The weights with the norm behind them taken in, if there is one that can be. */
  #foldedOf(node: Weighted) {
    const known = this.#folded.get(node.id);
    if (known) return known;
    const [reader] = this.#readers(node.id);
    const norm = reader === undefined ? undefined : this.graph.nodes[reader];
    if (norm?.op !== 'batchNorm' || !this.folds(norm)) return undefined;
    const spec = node.weights.find((w) => w.name === 'kernel');
    const count = spec ? size(spec) : 0;
    const { channels } = node.shape;
    const folded = {
      kernel: this.derived(`folded ${node.name}`, count),
      bias: this.derived(`folded bias ${node.name}`, channels),
    };
    const { affine, epsilon } = norm.attributes;
    const mean = this.statistic(norm, 'movingMean');
    const { bias } = node.attributes;
    this.prepare(
      node.name,
      foldNorm,
      {
        weights: this.weight(node, 'kernel'),
        bias: bias ? this.weight(node, 'bias') : mean,
        gamma: affine ? this.weight(norm, 'gamma') : mean,
        beta: affine ? this.weight(norm, 'beta') : mean,
        mean,
        variance: this.statistic(norm, 'movingVariance'),
        folded: folded.kernel,
        foldedBias: folded.bias,
        rows: count / channels,
        channels,
        hasBias: bias ? 1 : 0,
        affine: affine ? 1 : 0,
        epsilon,
      },
      1,
    );
    this.#folded.set(node.id, folded);
    return folded;
  }
}
