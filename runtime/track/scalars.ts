/** The figures of an epoch as named numbers: the same names in TensorBoard and in MLflow. */

import type { EpochMetrics } from '../report/records.ts';

export function scalarsOf(m: EpochMetrics): readonly (readonly [name: string, value: number])[] {
  const { distillation } = m.train;
  const all: readonly (readonly [string, number | null | undefined])[] = [
    ['loss/train', m.train.loss],
    ['loss/validation', m.validation?.loss],
    ['accuracy/train', m.train.top1],
    ['accuracy/validation', m.validation?.top1],
    ['accuracy/validation_top5', m.validation?.top5],
    ['distillation/loss', distillation?.loss],
    ['distillation/hints', distillation?.hints],
    ['distillation/teacher_accuracy', distillation?.teacherTop1],
    ['distillation/agreement', distillation?.agreement],
    ['learning_rate', m.learningRate],
    ['images_per_second', m.imagesPerSecond],
  ];
  // A null stands for a number that was not finite when it was written as JSON.
  return all.flatMap(([name, value]) =>
    typeof value === 'number' && Number.isFinite(value) ? [[name, value] as const] : [],
  );
}
