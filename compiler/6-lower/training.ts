/**
 * Phase 6, lower, for training: Graph to Program. One schedule makes gradients of a batch (`gradients`), one changes the
 * weights (`update`), one keeps their moving average (`average`). Scalars that change from step to step are named.
 */

import { MIX_ROW, mixImages } from '../../runtime/kernels/plain/augment.ts';
import { elementUnitCount } from '../../runtime/kernels/plain/elements.ts';
import { softmaxCrossEntropy } from '../../runtime/kernels/plain/loss.ts';
import {
  adamStep,
  averageStep,
  rmspropStep,
  sgdStep,
  squareSums,
} from '../../runtime/kernels/plain/optimizers.ts';
import { type Graph, nodeOf } from '../graph/graph.ts';
import { elements } from '../graph/shape.ts';
import { type PendingBuffer, ProgramBuilder } from './builder.ts';
import { type DistillPlan, lowerDistillation } from './distill.ts';
import { type FusedUnit, fuse, lastOf } from './fuse.ts';
import { adapterPrefix, lowerHints, wantedOf, withAdapters } from './hints.ts';
import { backwardNorm, forwardNorm, type NormMemory } from './ops/norm.ts';
import { backwardPooled, forwardPooled, type PoolMemory } from './ops/pooled.ts';
import { backwardStem, forwardStem, type StemMemory } from './ops/stem.ts';
import { layoutParameters, ParameterBuffers, type ParameterLayout } from './parameters.ts';
import {
  type Alterations,
  lowerAlteredPhotos,
  lowerPhotos,
  type PendingPhotos,
  type PhotoBuffers,
} from './photos.ts';
import type { Buffer, Program } from './program.ts';
import { ruleOf } from './rules.ts';
import { lowerTeacher, type PendingTeacher, placeTeacher, type TeacherBuffers } from './teacher.ts';
import { TrainingContext } from './training-context.ts';

/** What of an optimizer is fixed when the program is made; the rest are scalars. */
export interface OptimizerPlan {
  readonly name: 'sgd' | 'adam' | 'adamw' | 'rmsprop';
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface TrainingOptions {
  readonly batch: number;
  readonly threads: number;
  readonly optimizer: OptimizerPlan;
  /** Whether a moving average of weights and statistics is kept. */
  readonly average: boolean;
  readonly isFrozen: (layer: string) => boolean;
  /** Bytes of photos that a batch takes at most; without, the caller writes `image` itself. */
  readonly photoBytes?: number;
  /** Whether images are mixed with each other: mixup, CutMix. */
  readonly mixed?: boolean;
  /** Whether changes from a list are made of each image: RandAugment. */
  readonly altered?: boolean;
  /** A teacher to learn from. */
  readonly distill?: DistillPlan | undefined;
}

/** Scalars of a training program, beside the seeds of its dropout layers. */
export const trainingScalars = {
  /** 1 to add to the gradients that are there, 0 to replace them. */
  accumulate: 'accumulate',
  lossScale: 'lossScale',
  /** Where there is a teacher: `lossScale` for the cross-entropy. */
  hardScale: 'hardScale',
  rate: 'rate',
  decay: 'decay',
  gradientScale: 'gradientScale',
  correction1: 'correction1',
  correction2: 'correction2',
  averageDecay: 'averageDecay',
} as const;

/** Where things lie, for whoever feeds and reads the program. */
export interface TrainingProgram {
  readonly program: Program;
  /** What it trains: the student, and the adapters of hints behind it. */
  readonly graph: Graph;
  readonly layout: ParameterLayout;
  readonly batch: number;
  readonly image: Buffer;
  readonly photos: PhotoBuffers | undefined;
  readonly mixRows: Buffer | undefined;
  readonly altered: Alterations<Buffer> | undefined;
  /** [batch, classes], one row a sample. */
  readonly targets: Buffer;
  readonly probabilities: Buffer;
  readonly losses: Buffer;
  readonly weights: Buffer;
  readonly statistics: Buffer;
  readonly gradients: Buffer;
  /** Optimizer state: moments or buffers, as the optimizer has them. */
  readonly state: readonly Buffer[];
  /** The moving averages of weights and statistics. */
  readonly average: { readonly weights: Buffer; readonly statistics: Buffer } | undefined;
  /** Sums of squares of the gradients, a chunk each. */
  readonly squares: Buffer;
  readonly teacher: TrainingTeacher | undefined;
}

export interface TrainingTeacher extends TeacherBuffers {
  /** All of them together are the teacher's part of the loss of the batch. */
  readonly losses: readonly Buffer[];
  /** Those of `losses` that come from hints. */
  readonly hints: readonly Buffer[];
}

export function lowerTraining(student: Graph, options: TrainingOptions): TrainingProgram {
  const builder = new ProgramBuilder(options.threads);
  const hints = options.distill?.hints ?? [];
  const graph = withAdapters(student, hints, options.distill?.teacher.graph);
  const isFrozen = (layer: string) => !layer.startsWith(adapterPrefix) && options.isFrozen(layer);
  const wanted = wantedOf(hints, 'student');
  const layout = layoutParameters(graph, isFrozen);
  const classes = graph.classes.length;
  const { batch } = options;
  const weights = new ParameterBuffers(builder, 'weights', layout, 'weights');
  const statistics = new ParameterBuffers(builder, 'statistics', layout, 'statistics');
  const gradients = new ParameterBuffers(builder, 'gradients', layout, 'weights');
  const image = builder.kept('image', batch * elements(graph.input));
  const targets = builder.kept('targets', batch * classes);
  const probabilities = builder.kept('probabilities', batch * classes);
  const losses = builder.kept('losses', batch);
  const buffers = { image, weights, statistics, gradients };
  const t = new TrainingContext(builder, graph, batch, buffers, isFrozen, wanted);

  const { distill } = options;
  builder.schedule(distill?.teacher.apart ? 'image' : 'gradients');
  const input = lowerInput(builder, graph, image, options);
  const teacher = distill && lowerTeacherOf(builder, graph, image, distill, batch);
  builder.schedule('gradients');
  const units = fuse(graph, wanted);
  const memory: Memory = { norms: new Map(), pools: new Map(), stems: new Map() };
  for (const unit of units) forward(unit, memory, t);
  const gradient = lossOf(t, { targets, probabilities, losses }, distill !== undefined);
  const taught =
    teacher &&
    lowerDistillation(t, distill.loss, {
      ...{ logits: t.value(graph.output), teacher: teacher.logits, targets, gradient },
      scale: builder.scalar(trainingScalars.lossScale),
    });
  t.setIncoming(graph.output, gradient);
  const hinted = hints.length > 0 && distill && teacher ? lowerHintsOf(t, distill, teacher) : [];
  for (const unit of [...units].reverse()) backward(unit, memory, t);
  const squares = builder.kept('gradient squares', elementUnitCount(layout.weights));
  t.call(
    'gradients',
    squareSums,
    { values: gradients.whole, sums: squares, size: gradients.whole.elements },
    elementUnitCount(gradients.whole.elements),
  );

  const state = lowerUpdate(builder, layout, weights, gradients, options.optimizer);
  const average = options.average
    ? lowerAverage(builder, [weights.whole, statistics.whole])
    : undefined;
  const { program, at } = builder.finish();
  return {
    program,
    graph,
    layout,
    batch,
    image: at(image),
    photos: input.photos && {
      photos: at(input.photos.photos),
      rows: at(input.photos.rows),
      norms: at(input.photos.norms),
    },
    mixRows: input.mixRows && at(input.mixRows),
    altered: input.altered && {
      rows: at(input.altered.rows),
      neutral: at(input.altered.neutral),
    },
    targets: at(targets),
    probabilities: at(probabilities),
    losses: at(losses),
    weights: at(weights.whole),
    statistics: at(statistics.whole),
    gradients: at(gradients.whole),
    state: state.map(at),
    average: average && {
      weights: at(average[0] as PendingBuffer),
      statistics: at(average[1] as PendingBuffer),
    },
    squares: at(squares),
    teacher: teacher && {
      ...placeTeacher(teacher, at),
      losses: [...(taught ?? []), ...hinted].map(at),
      hints: hinted.map(at),
    },
  };
}

function lowerTeacherOf(
  builder: ProgramBuilder,
  graph: Graph,
  image: PendingBuffer,
  { teacher, hints }: DistillPlan,
  batch: number,
): PendingTeacher {
  const schedule = teacher.apart ? 'teacher' : 'gradients';
  const wanted = wantedOf(hints, 'teacher');
  return lowerTeacher(builder, graph, image, teacher, { batch, schedule, wanted });
}

function lowerHintsOf(
  t: TrainingContext,
  { hints, teacher: { graph: teacher, apart } }: DistillPlan,
  { network }: PendingTeacher,
): readonly PendingBuffer[] {
  if (!teacher || !network || apart) throw new Error('netlathe bug: hints of a teacher elsewhere');
  const scale = t.builder.scalar(trainingScalars.lossScale);
  return lowerHints(t, { hints, network, teacher, scale });
}

interface LoweredInput {
  readonly photos: PendingPhotos | undefined;
  readonly mixRows: PendingBuffer | undefined;
  readonly altered: Alterations<PendingBuffer> | undefined;
}

/** Photos become the image; mixed, by way of a buffer that holds them unmixed. */
export function lowerInput(
  builder: ProgramBuilder,
  graph: Graph,
  image: PendingBuffer,
  options: Pick<TrainingOptions, 'batch' | 'photoBytes' | 'mixed' | 'altered'>,
): LoweredInput {
  const { batch, photoBytes: bytes, mixed } = options;
  if (bytes === undefined) return { photos: undefined, mixRows: undefined, altered: undefined };
  const target = mixed ? builder.temporary('unmixed image', image.elements) : image;
  const { altered, ...photos } = options.altered
    ? lowerAlteredPhotos(builder, graph, target, { batch, bytes })
    : {
        ...lowerPhotos(builder, graph, target, { batch, bytes, augmented: true }),
        altered: undefined,
      };
  if (!mixed) return { photos, mixRows: undefined, altered };
  const rows = builder.kept('mix rows', batch * MIX_ROW.size);
  const args = { input: target, rows, output: image, ...graph.input };
  builder.call(mixImages, args, { layer: 'mix', units: batch });
  return { photos, mixRows: rows, altered };
}

/** What backward passes need of the forward one. */
interface Memory {
  readonly norms: NormMemory;
  readonly pools: PoolMemory;
  readonly stems: StemMemory;
}

function forward(unit: FusedUnit, { norms, pools, stems }: Memory, t: TrainingContext): void {
  if (unit.kind === 'norm') forwardNorm(unit, norms, t);
  else if (unit.kind === 'stem') forwardStem(unit, stems, t);
  else if (unit.kind === 'pooled') forwardPooled(unit, pools, t);
  else ruleOf(unit.node).forward(unit.node, t);
}

function backward(unit: FusedUnit, { norms, pools, stems }: Memory, t: TrainingContext): void {
  const gradient = t.incoming(lastOf(unit).id);
  // Nothing that follows leads to the loss.
  if (!gradient) return;
  if (unit.kind === 'norm') backwardNorm(unit, gradient, norms, t);
  else if (unit.kind === 'stem') backwardStem(unit, gradient, stems, t);
  else if (unit.kind === 'pooled') backwardPooled(unit, gradient, pools, t);
  else ruleOf(unit.node).backward(unit.node, gradient, t);
}

/** Ends the forward pass; gives the gradient to the logits. */
function lossOf(
  t: TrainingContext,
  to: {
    readonly targets: PendingBuffer;
    readonly probabilities: PendingBuffer;
    readonly losses: PendingBuffer;
  },
  taught: boolean,
): PendingBuffer {
  const classes = t.graph.classes.length;
  const gradient = t.builder.temporary('loss to logits', t.batch * classes);
  const logits = t.value(nodeOf(t.graph, t.graph.output).id);
  const { targets, probabilities, losses } = to;
  const scale = t.builder.scalar(trainingScalars[taught ? 'hardScale' : 'lossScale']);
  t.call(
    'loss',
    softmaxCrossEntropy,
    { logits, targets, probabilities, losses, gradient, classes, scale },
    t.batch,
  );
  return gradient;
}

/** The weights that decay and those that do not, one call each. */
function lowerUpdate(
  builder: ProgramBuilder,
  layout: ParameterLayout,
  weights: ParameterBuffers,
  gradients: ParameterBuffers,
  optimizer: OptimizerPlan,
): readonly PendingBuffer[] {
  const count = optimizer.name === 'sgd' ? 1 : 2;
  const state = Array.from({ length: count }, (_, i) =>
    builder.kept(`optimizer state ${i + 1}`, weights.whole.elements),
  );
  builder.schedule('update');
  for (const group of ['decayed', 'plain'] as const) {
    const { from, elements: size } = layout[group];
    if (size === 0) continue;
    const part = (buffer: PendingBuffer) =>
      builder.slice(buffer, `${buffer.label} ${group}`, from, size);
    const decay = group === 'decayed' ? builder.scalar(trainingScalars.decay) : 0;
    const common = {
      weights: part(weights.whole),
      gradients: part(gradients.whole),
      size,
      rate: builder.scalar(trainingScalars.rate),
      decay,
      gradientScale: builder.scalar(trainingScalars.gradientScale),
    };
    const info = { layer: `${optimizer.name} ${group}`, units: elementUnitCount(size) };
    const [first, second] = state.map(part) as [PendingBuffer, PendingBuffer];
    const { momentum, beta1, beta2, epsilon } = optimizer;
    switch (optimizer.name) {
      case 'sgd':
        builder.call(
          sgdStep,
          { ...common, buffer: first, momentum, nesterov: optimizer.nesterov ? 1 : 0 },
          info,
        );
        break;
      case 'rmsprop':
        builder.call(
          rmspropStep,
          { ...common, buffer: first, square: second, momentum, smoothing: beta2, epsilon },
          info,
        );
        break;
      default:
        builder.call(
          adamStep,
          {
            ...common,
            first,
            second,
            beta1,
            beta2,
            epsilon,
            correction1: builder.scalar(trainingScalars.correction1),
            correction2: builder.scalar(trainingScalars.correction2),
            decoupled: optimizer.name === 'adamw' ? 1 : 0,
          },
          info,
        );
    }
  }
  return state;
}

function lowerAverage(
  builder: ProgramBuilder,
  kept: readonly PendingBuffer[],
): readonly PendingBuffer[] {
  builder.schedule('average');
  return kept.map((values) => {
    const average = builder.kept(`average of ${values.label}`, values.elements);
    const size = values.elements;
    const decay = builder.scalar(trainingScalars.averageDecay);
    builder.call(
      averageStep,
      { values, average, size, decay },
      { layer: 'average', units: elementUnitCount(size) },
    );
    return average;
  });
}
