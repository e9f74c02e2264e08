/**
 * Phase 6, lower, for int8 inference: one image through a network whose activations are bytes. What is named to be kept,
 * and what has no form in bytes, runs in floats, with conversions around it.
 */

import { dequantize } from '../../../runtime/kernels/plain/bytes.ts';
import { copyChannels } from '../../../runtime/kernels/plain/elementwise.ts';
import type { Graph } from '../../graph/graph.ts';
import { elements } from '../../graph/shape.ts';
import type { WeightStore } from '../../weights/index.ts';
import { type PendingBuffer, ProgramBuilder } from '../builder.ts';
import { followerOf } from '../fuse.ts';
import { InferenceContext, lowerUnit } from '../inference.ts';
import { type InferenceUnit, inferenceUnits } from '../inference-units.ts';
import { layoutParameters, ParameterBuffers, type ParameterLayout } from '../parameters.ts';
import type { Buffer, Program } from '../program.ts';
import { Int8Context } from './context.ts';
import type { Grid, Histogram } from './grid.ts';
import { lowerNormBytes, lowerProductBytes } from './products.ts';
import { lowerAdd, lowerSimpleBytes } from './simple.ts';

/** What is known of a network's activations, and what is not to be quantized. */
export interface Quantization {
  /** By node; the image is `graphInput`. */
  readonly seen: ReadonlyMap<number, Histogram>;
  /** Names of layers that stay in floats. */
  readonly keep: ReadonlySet<string>;
}

/** The bytes of a node, and the layer that it is computed with. */
export interface ObservedBytes {
  readonly buffer: Buffer;
  readonly grid: Grid | readonly Grid[];
  readonly layer: string;
}

export interface Int8Program {
  readonly program: Program;
  readonly layout: ParameterLayout;
  readonly image: Buffer;
  readonly logits: Buffer;
  readonly weights: Buffer;
  readonly statistics: Buffer;
  /** Constants that no schedule makes. */
  readonly contents: ReadonlyMap<Buffer, Uint8Array | Float32Array>;
  /** With `observed`: the values of nodes, as bytes. */
  readonly values: ReadonlyMap<number, ObservedBytes>;
  /** Layers that run in floats. */
  readonly floats: readonly string[];
}

export function lowerInt8(
  graph: Graph,
  store: WeightStore,
  { seen, keep }: Quantization,
  observed = false,
): Int8Program {
  const builder = new ProgramBuilder(1);
  const layout = layoutParameters(graph, () => false);
  const weights = new ParameterBuffers(builder, 'weights', layout, 'weights');
  const statistics = new ParameterBuffers(builder, 'statistics', layout, 'statistics');
  const image = builder.kept('image', elements(graph.input));
  const logits = builder.kept('logits', graph.classes.length);
  const float = new InferenceContext(
    builder,
    graph,
    { weights, statistics, image },
    {
      batch: 1,
      schedules: { prepare: 'prepare', run: 'infer' },
      observed,
    },
  );
  const t = new Int8Context(float, store, seen, observed);
  builder.schedule('prepare');
  builder.schedule('infer');
  const floats = lowerUnits(t, keep, logits);
  // A unit has the name of its product, which can be kept.
  const names = new Map(
    inferenceUnits(graph, 'activations').map((unit) =>
      unit.kind === 'product' ? [unit.main.last.id, unit.main.node.name] : [Number.NaN, ''],
    ),
  );
  if (!isDirect(t, keep)) takeLogits(t, logits);
  const { program, at } = builder.finish();
  return {
    program,
    layout,
    image: at(image),
    logits: at(logits),
    weights: at(weights.whole),
    statistics: at(statistics.whole),
    contents: new Map([...t.contents].map(([buffer, contents]) => [at(buffer), contents])),
    values: new Map(
      [...(observed ? t.bytes : [])].map(([id, { buffer, grid }]) => [
        id,
        { buffer: at(buffer), grid, layer: names.get(id) ?? graph.nodes[id]?.name ?? 'the image' },
      ]),
    ),
    floats,
  };
}

function lowerUnits(t: Int8Context, keep: ReadonlySet<string>, logits: PendingBuffer): string[] {
  const follower = followerOf(t.graph);
  const done = new Set<number>();
  const floats: string[] = [];
  const inFloats = (unit: InferenceUnit, inputs: readonly number[], name: string): void => {
    for (const id of inputs) t.floatOf(id);
    lowerUnit(unit, t.float);
    floats.push(name);
  };
  for (const unit of inferenceUnits(t.graph, 'activations')) {
    const node =
      unit.kind === 'product' ? unit.main.node : unit.kind === 'norm' ? unit.norm : unit.node;
    if (done.has(node.id)) continue;
    if (keep.has(node.name)) inFloats(unit, node.inputs, node.name);
    else if (unit.kind === 'product') {
      const isLast = unit.main.last.id === t.graph.output && !unit.main.activation;
      lowerProductBytes(unit.main, t, { keep, logits: isLast ? logits : undefined });
    } else if (unit.kind === 'norm') lowerNormBytes(unit.norm, unit.activation, t);
    else {
      const next = follower(node);
      const isRelu = next?.op === 'relu' || next?.op === 'relu6';
      if (node.op === 'add' && node.inputs.length === 2 && isRelu && !keep.has(next.name)) {
        lowerAdd(node, next, t);
        done.add(next.id);
      } else if (!lowerSimpleBytes(node, t)) inFloats(unit, node.inputs, node.name);
    }
  }
  return floats;
}

/** Whether the last layer's sums are the logits. */
function isDirect({ graph }: Int8Context, keep: ReadonlySet<string>): boolean {
  return inferenceUnits(graph, 'activations').some(
    (unit) =>
      unit.kind === 'product' &&
      unit.main.last.id === graph.output &&
      !unit.main.activation &&
      !keep.has(unit.main.node.name),
  );
}

function takeLogits(t: Int8Context, output: PendingBuffer): void {
  const { graph } = t;
  const count = graph.classes.length;
  const value = t.bytes.get(graph.output);
  if (value && !t.float.has(graph.output)) {
    const { scale, zero } = t.uniformOf(graph.output).grid;
    const args = { input: value.buffer, output, size: count, scale: Math.fround(scale), zero };
    t.call('logits', dequantize, args);
    return;
  }
  const input = t.float.value(graph.output);
  const rows = { pixels: 1, count, inputChannels: count, inputFrom: 0, outputChannels: count };
  t.call('logits', copyChannels, { input, output, ...rows, outputFrom: 0, clear: 0 });
}
