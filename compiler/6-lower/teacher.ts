/**
 * A teacher in the Program of its student: the image that the student sees, made into what the teacher takes, and the
 * teacher's logits of it, in the order of the student's classes. Its weights are folded once and never change.
 */

import { mixChannels, reorderColumns, resampleImage } from '../../runtime/kernels/plain/view.ts';
import type { Graph, Preprocessing } from '../graph/graph.ts';
import { elements, type Shape, sameShape } from '../graph/shape.ts';
import type { PendingBuffer, ProgramBuilder } from './builder.ts';
import { type LoweredNetwork, lowerNetwork } from './inference.ts';
import type { ParameterLayout } from './parameters.ts';
import type { Buffer } from './program.ts';

/** What a network takes. */
export interface Eyes {
  readonly input: Shape;
  readonly preprocessing: Pick<Preprocessing, 'mean' | 'std'>;
}

export interface TeacherPlan {
  readonly eyes: Eyes;
  /** Runs in the Program; without, the caller reads `view` and writes `logits`. */
  readonly graph: Graph | undefined;
  /** For each class of the student, its place among the teacher's. */
  readonly order: readonly number[];
  /** Whether image and teacher have schedules of their own (`image`, `teacher`), because the teacher need not run always. */
  readonly apart: boolean;
}

/** Where the folded weights of a teacher are made. */
export const teacherPreparation = 'prepare teacher';

export interface PendingTeacher {
  readonly network: LoweredNetwork | undefined;
  readonly view: PendingBuffer;
  readonly logits: PendingBuffer;
  readonly constants: readonly Constant<PendingBuffer>[];
}

/** Values that are written once. */
export interface Constant<B> {
  readonly buffer: B;
  readonly values: readonly number[];
}

export interface TeacherBuffers {
  readonly network:
    | { readonly layout: ParameterLayout; readonly weights: Buffer; readonly statistics: Buffer }
    | undefined;
  /** What the teacher sees; only where the caller runs it. */
  readonly view: Buffer | undefined;
  readonly logits: Buffer;
  readonly constants: readonly Constant<Buffer>[];
}

export interface TeacherOptions {
  readonly batch: number;
  /** The schedule that its steps join. */
  readonly schedule: string;
  readonly wanted?: ReadonlySet<number>;
}

export function lowerTeacher(
  builder: ProgramBuilder,
  student: Eyes,
  image: PendingBuffer,
  plan: TeacherPlan,
  options: TeacherOptions,
): PendingTeacher {
  const { batch, schedule, wanted = new Set<number>() } = options;
  const constants: Constant<PendingBuffer>[] = [];
  const classes = plan.order.length;
  builder.schedule(schedule);
  const sight = { from: student, to: plan.eyes, batch, kept: plan.graph === undefined };
  const view = lowerView(builder, image, sight, constants);
  if (!plan.graph) {
    const logits = builder.kept('teacher logits', batch * classes);
    return { network: undefined, view, logits, constants };
  }
  const schedules = { prepare: teacherPreparation, run: schedule };
  const inside = { batch, image: view, label: 'teacher ', schedules, wanted, winograd: true };
  const network = lowerNetwork(builder, plan.graph, inside);
  if (plan.order.every((place, c) => place === c)) {
    return { network, view, logits: network.logits, constants };
  }
  const order = builder.kept('order of classes', classes);
  constants.push({ buffer: order, values: plan.order });
  const logits = builder.kept('teacher logits in order', batch * classes);
  const args = { input: network.logits, order, output: logits, classes };
  builder.call(reorderColumns, args, { layer: 'teacher', units: batch });
  return { network, view, logits, constants };
}

export function placeTeacher(
  { network, view, logits, constants }: PendingTeacher,
  at: (buffer: PendingBuffer) => Buffer,
): TeacherBuffers {
  return {
    network: network && {
      layout: network.layout,
      weights: at(network.weights.whole),
      statistics: at(network.statistics.whole),
    },
    view: network ? undefined : at(view),
    logits: at(logits),
    constants: constants.map(({ buffer, values }) => ({ buffer: at(buffer), values })),
  };
}

interface ViewOptions {
  readonly from: Eyes;
  readonly to: Eyes;
  readonly batch: number;
  /** The caller reads it. */
  readonly kept: boolean;
}

/** Channels first, while all pixels are still there. */
function lowerView(
  builder: ProgramBuilder,
  image: PendingBuffer,
  { from, to, batch, kept }: ViewOptions,
  constants: Constant<PendingBuffer>[],
): PendingBuffer {
  let view = image;
  const make = (label: string, size: number) =>
    kept ? builder.kept(label, size) : builder.temporary(label, size);
  const info = { layer: 'teacher view', units: batch };
  const channels = to.input.channels;
  const matrix = viewMatrix(from, to);
  if (matrix) {
    const { height, width, channels: inChannels } = from.input;
    const buffer = builder.kept('view matrix', matrix.length);
    constants.push({ buffer, values: matrix });
    const output = make('view of the teacher', batch * height * width * channels);
    const sizes = { pixels: height * width, inChannels, outChannels: channels };
    builder.call(mixChannels, { input: view, matrix: buffer, output, ...sizes }, info);
    view = output;
  }
  if (sameShape({ ...from.input, channels }, to.input)) return view;
  const output = make('scaled view of the teacher', batch * elements(to.input));
  const sizes = {
    ...{ inHeight: from.input.height, inWidth: from.input.width },
    ...{ outHeight: to.input.height, outWidth: to.input.width },
  };
  builder.call(resampleImage, { input: view, output, ...sizes, channels }, info);
  return output;
}

/** Weights of red, green and blue in grey, as everywhere in netlathe. */
const luma = [0.299, 0.587, 0.114];

/**
 * [channels, channels + 1]: takes one normalisation back and applies the other. Colour becomes grey by its luma, grey is
 * the same in all channels. `undefined` where nothing changes.
 */
export function viewMatrix(from: Eyes, to: Eyes): readonly number[] | undefined {
  const [inputs, outputs] = [from.input.channels, to.input.channels];
  const rows = Array.from({ length: outputs }, (_, c) => {
    const std = to.preprocessing.std[c] as number;
    const shares = Array.from({ length: inputs }, (_, i) => {
      if (inputs === outputs) return i === c ? 1 : 0;
      return inputs === 1 ? 1 : (luma[i] ?? 0);
    });
    const row = shares.map((share, i) => (share * (from.preprocessing.std[i] as number)) / std);
    const mean = shares.reduce((sum, s, i) => sum + s * (from.preprocessing.mean[i] as number), 0);
    return [...row, (mean - (to.preprocessing.mean[c] as number)) / std];
  });
  const changes = rows.some((row, c) => row.some((x, i) => x !== (i === c ? 1 : 0)));
  return changes || inputs !== outputs ? rows.flat() : undefined;
}
