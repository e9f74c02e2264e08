/** Phase 6, lower, for hints: what lies inside a teacher, compared with what lies inside its student. */

import { attentionMap, matchAttention, matchFeatures } from '../../runtime/kernels/plain/hints.ts';
import { resampleImage } from '../../runtime/kernels/plain/view.ts';
import { type Graph, type GraphNode, nodeOf } from '../graph/graph.ts';
import { elements, type Shape, sameShape } from '../graph/shape.ts';
import { conv2d } from '../ops/conv2d.ts';
import type { PendingBuffer } from './builder.ts';
import type { LoweredNetwork } from './inference.ts';
import type { ScalarSlot } from './program.ts';
import type { TrainingContext } from './training-context.ts';

export interface HintPlan {
  readonly kind: 'regression' | 'attention';
  readonly weight: number;
  /** Nodes of the two graphs. */
  readonly student: number;
  readonly teacher: number;
}

/** In front of the names of adapters: no layer of the language has a slash in its name. */
export const adapterPrefix = 'distill/';

const adapterName = (hint: number) => `${adapterPrefix}hint_${hint + 1}`;

/**
 * The student with a 1x1 convolution behind each layer that a regression asks about: it trains with the student, and is
 * thrown away with the teacher.
 */
export function withAdapters(
  student: Graph,
  hints: readonly HintPlan[],
  teacher: Graph | undefined,
): Graph {
  const nodes = [...student.nodes];
  hints.forEach((hint, i) => {
    if (hint.kind !== 'regression' || !teacher) return;
    const from = nodeOf(student, hint.student);
    const filters = nodeOf(teacher, hint.teacher).shape.channels;
    nodes.push(adapter(from, filters, adapterName(i), nodes.length));
  });
  return { ...student, nodes };
}

function adapter(from: GraphNode, filters: number, name: string, id: number): GraphNode<'conv2d'> {
  const pair = [1, 1] as const;
  const given = {
    ...{ filters, kernel: pair, stride: pair, dilation: pair, padding: [0, 0] as const },
    ...{ groups: 1, bias: true, initializer: 'pytorch' as const },
  };
  const result = conv2d.infer(given, [from.shape]);
  if (!result.ok) throw new Error('netlathe bug: a 1x1 convolution that does not fit');
  const { ok: _, ...inferred } = result;
  return { ...inferred, id, name, op: 'conv2d', inputs: [from.id], origin: from.origin };
}

/** Layers whose own outputs are compared: nothing may be fused into them. */
export function wantedOf(hints: readonly HintPlan[], side: 'student' | 'teacher'): Set<number> {
  return new Set(hints.map((hint) => hint[side]));
}

export interface HintInputs {
  readonly hints: readonly HintPlan[];
  readonly network: LoweredNetwork;
  readonly teacher: Graph;
  readonly scale: ScalarSlot;
}

/** After the forward pass and before the backward one; gives the buffers with the losses of the samples. */
export function lowerHints(t: TrainingContext, inputs: HintInputs): readonly PendingBuffer[] {
  return inputs.hints.map((hint, i) => {
    const losses = t.builder.kept(`hint losses ${i + 1}`, t.batch);
    if (hint.kind === 'regression') regression(t, i, hint, losses, inputs);
    else attention(t, hint, losses, inputs);
    return losses;
  });
}

function regression(
  t: TrainingContext,
  index: number,
  { weight, teacher: place }: HintPlan,
  losses: PendingBuffer,
  { network, teacher, scale }: HintInputs,
): void {
  const node = t.graph.nodes.find(({ name }) => name === adapterName(index));
  if (!node) throw new Error('netlathe bug: a hint without its adapter');
  const { shape } = nodeOf(teacher, place);
  const wanted = resampled(t, network.value(place), shape, node.shape);
  const size = elements(node.shape);
  const gradient = t.builder.temporary(`hint to ${node.name}`, t.batch * size);
  const args = { own: t.value(node.id), teacher: wanted, losses, gradient, size, weight, scale };
  t.call('hints', matchFeatures, args, t.batch);
  t.setIncoming(node.id, gradient);
}

function attention(
  t: TrainingContext,
  { student, teacher: place, weight }: HintPlan,
  losses: PendingBuffer,
  { network, teacher, scale }: HintInputs,
): void {
  const mapOf = (input: PendingBuffer, { height, width, channels }: Shape) => {
    const pixels = height * width;
    const map = t.builder.temporary('attention', t.batch * pixels);
    t.call('hints', attentionMap, { input, map, pixels, channels }, t.batch);
    return map;
  };
  const shape = t.shape(student);
  const input = t.value(student);
  const map = mapOf(input, shape);
  const theirs = nodeOf(teacher, place).shape;
  const raw = mapOf(network.value(place), theirs);
  const flat = { height: shape.height, width: shape.width, channels: 1 };
  const wanted = resampled(t, raw, { ...theirs, channels: 1 }, flat);
  const sizes = { pixels: shape.height * shape.width, channels: shape.channels };
  t.contribute(student, 'hints', (gradient) => {
    const args = { input, map, teacher: wanted, losses, gradient, ...sizes, weight, scale };
    t.call('hints', matchAttention, args, t.batch);
  });
}

/** The teacher's values at the size of the student's. */
function resampled(
  t: TrainingContext,
  input: PendingBuffer,
  from: Shape,
  to: Shape,
): PendingBuffer {
  if (sameShape(from, to)) return input;
  const { channels } = to;
  const output = t.builder.temporary('resampled hint', t.batch * elements(to));
  const sizes = {
    ...{ inHeight: from.height, inWidth: from.width },
    ...{ outHeight: to.height, outWidth: to.width },
  };
  t.call('hints', resampleImage, { input, output, ...sizes, channels }, t.batch);
  return output;
}
