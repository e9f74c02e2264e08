/** Phase 6, lower, for distillation: what the teacher's logits add to the loss and to the gradient to the student's. */

import {
  decoupledTargets,
  relateColumns,
  relateRows,
  softenGradient,
  softenRows,
  softTargets,
} from '../../runtime/kernels/plain/distill.ts';
import type { PendingBuffer } from './builder.ts';
import type { HintPlan } from './hints.ts';
import type { ScalarSlot } from './program.ts';
import type { TeacherPlan } from './teacher.ts';
import type { TrainingContext } from './training-context.ts';

/** loss = (1 - alpha) cross-entropy + alpha T^2 (what the method compares). */
export interface DistillLoss {
  readonly method: 'kd' | 'dkd' | 'dist';
  readonly temperature: number;
  readonly alpha: number;
  /** dkd: weights of the true class against the rest, and of the others among themselves. */
  readonly target: number;
  readonly others: number;
  /** dist: weights of the relations between classes and within a class. */
  readonly inter: number;
  readonly intra: number;
}

export interface DistillPlan {
  readonly loss: DistillLoss;
  readonly teacher: TeacherPlan;
  readonly hints: readonly HintPlan[];
}

export interface DistillInputs {
  readonly logits: PendingBuffer;
  readonly teacher: PendingBuffer;
  readonly targets: PendingBuffer;
  /** To the student's logits; added to. */
  readonly gradient: PendingBuffer;
  readonly scale: ScalarSlot;
}

/** Gives the buffers whose sum is the teacher's part of the loss, summed over the batch. */
export function lowerDistillation(
  t: TrainingContext,
  loss: DistillLoss,
  inputs: DistillInputs,
): readonly PendingBuffer[] {
  const { logits, teacher, targets, gradient, scale } = inputs;
  const { temperature, alpha } = loss;
  const classes = t.graph.classes.length;
  const losses = t.builder.kept('teacher losses', t.batch);
  const common = { logits, teacher, losses, gradient, classes, temperature, scale };
  switch (loss.method) {
    case 'kd':
      t.call('distill', softTargets, { ...common, weight: alpha }, t.batch);
      return [losses];
    case 'dkd': {
      const weights = { targetWeight: alpha * loss.target, othersWeight: alpha * loss.others };
      t.call('distill', decoupledTargets, { ...common, targets, ...weights }, t.batch);
      return [losses];
    }
    case 'dist':
      return relations(t, loss, inputs, losses);
  }
}

function relations(
  t: TrainingContext,
  { temperature, alpha, inter, intra }: DistillLoss,
  { logits, teacher, gradient, scale }: DistillInputs,
  losses: PendingBuffer,
): readonly PendingBuffer[] {
  const { batch } = t;
  const classes = t.graph.classes.length;
  const size = batch * classes;
  const soften = (from: PendingBuffer, label: string) => {
    const probabilities = t.builder.temporary(label, size);
    t.call('distill', softenRows, { logits: from, probabilities, classes, temperature }, batch);
    return probabilities;
  };
  const probabilities = soften(logits, 'softened');
  const wanted = soften(teacher, 'softened of the teacher');
  const common = { probabilities, teacher: wanted, classes };
  const slope = t.builder.temporary('gradient to softened', size);
  const strength = alpha * temperature * temperature;
  const rows = { ...common, losses, gradient: slope, weight: strength * inter };
  t.call('distill', relateRows, rows, batch);
  // The mean over the classes, for each sample of the batch: losses are summed over samples.
  const weight = (strength * intra * batch) / classes;
  const classLosses = t.builder.kept('teacher losses of classes', classes);
  const columns = { ...common, losses: classLosses, gradient: slope, batch, weight };
  t.call('distill', relateColumns, columns, classes);
  const last = { probabilities, gradient: slope, logitGradient: gradient, classes };
  t.call('distill', softenGradient, { ...last, temperature, scale }, batch);
  return [losses, classLosses];
}
