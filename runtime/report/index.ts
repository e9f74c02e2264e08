/** What a run leaves for people: its records and its page. */
export type {
  ArchitectureRecord,
  ClassFigures,
  DataRecord,
  Distillation,
  EpochMetrics,
  EvaluationRecord,
  Interval,
  Mistake,
  PredictionsRecord,
  RunRecord,
  RunStatus,
  SplitRecord,
  TeacherRecord,
} from './records.ts';
export { renderReport } from './report.ts';
export { classFigures, confusionMatrix, topConfusions, wilsonInterval } from './statistics.ts';
