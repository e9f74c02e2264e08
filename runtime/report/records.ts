/**
 * What a training run leaves behind, as data. All of it survives JSON: where a number is not finite, JSON writes `null`,
 * and whoever shows it must cope.
 */
import type { Verdict } from '../../compiler/5-budget/check.ts';
import type { Counts } from '../../compiler/5-budget/counts.ts';
import type { Recipe } from '../train/recipe.ts';

/**
 * - `running` is being trained
 * - `finished` went through all of its epochs or steps
 * - `stopped` ended by its own rule (early stopping)
 * - `interrupted` was ended from outside after a checkpoint
 * - `failed` the loss was no longer a number, or something else broke
 */
export type RunStatus = 'running' | 'finished' | 'stopped' | 'interrupted' | 'failed';

export interface SplitRecord {
  readonly count: number;
  /** In the order of `classes`. */
  readonly perClass: readonly number[];
}

export interface DataRecord {
  readonly root: string;
  readonly fingerprint: string;
  /** Of the photos alone, whatever size they are scaled to; runs before 2026-12 have none. */
  readonly contents?: string;
  readonly train: SplitRecord;
  readonly validation: SplitRecord | null;
  /** Whether the validation photos were trained on too: then no held-out figure exists. */
  readonly merged: boolean;
  /** Name and version of what decoded the photos. */
  readonly decoder: string;
}

export interface ArchitectureRecord {
  readonly file: string;
  /** The YAML as it was written. */
  readonly text: string;
  readonly counts: Counts;
  readonly verdicts: readonly Verdict[];
}

export interface TeacherRecord {
  readonly name: string;
  /** As the recipe names it. */
  readonly reference: string;
  /** SHA-256 of its architecture and weights. */
  readonly fingerprint: string;
  readonly parameters: number;
  readonly input: { readonly height: number; readonly width: number; readonly channels: number };
  /** Whether its logits are kept after the first epoch, since no photo ever looks different. */
  readonly cached: boolean;
}

/** run.json */
export interface RunRecord {
  readonly version: 1;
  readonly name: string;
  readonly status: RunStatus;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Time spent training, over all resumptions. */
  readonly seconds: number;
  /** Version of netlathe. */
  readonly netlathe: string;
  /** Version of Node. */
  readonly node: string;
  readonly cpu: string;
  readonly engine: 'wasm' | 'tfjs';
  /** What trained, in its driver's words, where that was a GPU. */
  readonly gpu?: string;
  readonly numerics: 'strict' | 'relaxed';
  readonly threads: number;
  readonly seed: number;
  readonly classes: readonly string[];
  readonly architecture: ArchitectureRecord;
  readonly recipe: Recipe;
  readonly data: DataRecord;
  /** Only where the recipe distils. */
  readonly teacher?: TeacherRecord;
  readonly peakMemoryBytes: number;
  /** The epoch that validation chose; `null` without validation. */
  readonly best: { readonly epoch: number; readonly top1: number } | null;
}

/** Means over the training photos of an epoch. */
export interface Distillation {
  /** The teacher's part of the loss. */
  readonly loss: number;
  /** What of that comes from hints. */
  readonly hints: number;
  /** Accuracy of the teacher on the same augmented images. */
  readonly teacherTop1: number;
  /** Share of the images of which student and teacher say the same. */
  readonly agreement: number;
}

/** A line of metrics.jsonl. */
export interface EpochMetrics {
  /** From 1. */
  readonly epoch: number;
  /** Steps done so far. */
  readonly step: number;
  /** At the end of the epoch. */
  readonly learningRate: number;
  /** Time spent training so far. */
  readonly seconds: number;
  readonly imagesPerSecond: number;
  readonly train: {
    /** As it is minimized: with a teacher, cross-entropy and the teacher's part together. */
    readonly loss: number;
    readonly top1: number;
    readonly distillation?: Distillation;
  };
  readonly validation: {
    readonly loss: number;
    readonly top1: number;
    readonly top5: number;
  } | null;
  /** Whether the validation figures are those of the averaged weights. */
  readonly ema: boolean;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface ClassFigures {
  readonly label: string;
  /** Photos of the class. */
  readonly count: number;
  /** `null` where there is no photo of the class. */
  readonly recall: number | null;
  /** `null` where the class was never predicted. */
  readonly precision: number | null;
}

export interface Mistake {
  readonly path: string;
  readonly label: string;
  readonly predicted: string;
  /** Of the prediction, 0 to 1. */
  readonly confidence: number;
  /** A data URI of a JPEG, PNG or WebP; anything else is not shown. */
  readonly thumbnail: string;
}

export interface EvaluationRecord {
  /** What was evaluated. Left out: the validation photos where there are any, the training photos otherwise. */
  readonly split?: 'train' | 'validation' | 'test';
  readonly count: number;
  readonly loss: number;
  readonly top1: number;
  readonly top5: number;
  /** Wilson, 95%. */
  readonly interval: Interval;
  readonly perClass: readonly ClassFigures[];
  /** Rows are the true classes, columns the predicted ones. */
  readonly confusion: readonly (readonly number[])[];
  /** The most confident mistakes first. */
  readonly worst: readonly Mistake[];
}

/** predictions.json: what was said of each photo, in the order of the data. Pairs runs photo by photo. */
export interface PredictionsRecord {
  readonly version: 1;
  readonly split: NonNullable<EvaluationRecord['split']>;
  /** Places in the list of classes. */
  readonly labels: readonly number[];
  readonly predicted: readonly number[];
}
