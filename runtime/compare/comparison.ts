/** comparison.json: what a suite came to, as data. Pages, tables and figures are made from it alone. */

import type { Budget } from '../../compiler/2-validate/spec.ts';
import type { Verdict } from '../../compiler/5-budget/check.ts';
import type { Text } from '../../compiler/suite/plan.ts';
import type { Interval } from '../report/records.ts';
import type { Recipe } from '../train/recipe.ts';
import type { McNemar, SeedTest, Summary } from './statistics.ts';

/**
 * - `finished` trained to its end, or to the end its own rule set
 * - `failed` the loss was no longer a number, or something else broke
 * - `cutOff` stopped before its end; can go on
 * - `missing` not begun
 */
export type TrialStatus = 'finished' | 'failed' | 'cutOff' | 'missing';

export interface TrialResult {
  readonly seed: number;
  readonly status: TrialStatus;
  /** Why it failed, where it said so. */
  readonly reason: string | null;
  /** Epochs done. */
  readonly epochs: number;
  readonly seconds: number;
  readonly bestEpoch: number | null;
  /** Of the weights that were kept, on validation; `null` without a held-out figure. */
  readonly top1: number | null;
  readonly loss: number | null;
  /** After the last epoch. */
  readonly lastTop1: number | null;
  readonly photos: number;
  /** SHA-256 of the photos it saw. */
  readonly data: string | null;
}

/** One curve: the mean over seeds at each epoch, and the lowest and highest of them. */
export interface Curve {
  readonly mean: readonly (number | null)[];
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
}

export interface Curves {
  readonly epochs: readonly number[];
  readonly trainLoss: Curve;
  readonly trainTop1: Curve;
  readonly validLoss: Curve | null;
  readonly validTop1: Curve | null;
}

export interface Reached {
  readonly target: number;
  /** An entry a finished trial; `null` where it never got there. */
  readonly epochs: readonly (number | null)[];
  readonly seconds: readonly (number | null)[];
}

export interface Latency {
  /** Milliseconds a photo. */
  readonly median: number;
  /** The middle half of the measurements. */
  readonly low: number;
  readonly high: number;
  readonly runs: number;
  readonly cpu: string;
}

export interface NetworkResult {
  readonly id: string;
  /** A letter, or two, that stands for it in drawings. */
  readonly tag: string;
  readonly label: Text;
  readonly role: 'rival' | 'teacher';
  readonly reference: string;
  readonly ownBudget: boolean;
  readonly teacher: string | null;
  readonly ablation: { readonly of: string; readonly key: string } | null;
  readonly fitted: { readonly before: readonly number[]; readonly after: readonly number[] } | null;
  readonly widths: readonly number[];
  readonly params: {
    /** As the file has it, with its number of classes. */
    readonly file: number;
    /** As trained, with the classes of the photos; `null` before anything was trained. */
    readonly trained: number | null;
    readonly classesOfFile: number;
  };
  readonly macs: number;
  readonly activationBytes: number;
  readonly weightBytes: { readonly fp32: number; readonly fp16: number; readonly int8: number };
  readonly verdicts: readonly Verdict[];
  /** YAML that needs no other file, as it is trained. */
  readonly architecture: string;
  /** Settings of the recipe that differ from the common one. */
  readonly changes: readonly { readonly key: string; readonly from: string; readonly to: string }[];
  readonly latency: Latency | null;
  readonly trials: readonly TrialResult[];
  /** Whether its accuracy is of photos that it was not trained on. */
  readonly heldOut: boolean;
  readonly accuracy: Summary | null;
  readonly lastAccuracy: Summary | null;
  readonly curves: Curves | null;
  readonly reached: readonly Reached[];
  /** Summed over seeds; rows are the true classes. `null` where nothing was evaluated. */
  readonly confusion: readonly (readonly number[])[] | null;
}

/**
 * - `ahead` the first is better, beyond the noise
 * - `behind` the second is better, beyond the noise
 * - `within` the difference is within the noise of the seeds
 * - `unknown` one run each: the noise of training is not known
 */
export type Standing = 'ahead' | 'behind' | 'within' | 'unknown';

export interface PairResult {
  readonly first: string;
  readonly second: string;
  readonly seeds: SeedTest;
  readonly standing: Standing;
  /** Photo by photo, where both kept what they said of the same photos. */
  readonly photos: {
    /** Photos a seed. */
    readonly count: number;
    readonly interval: Interval | null;
    /** Of a single pair of runs. */
    readonly mcNemar: McNemar | null;
  } | null;
}

export interface Comparison {
  readonly version: 1;
  readonly name: string;
  readonly title: Text;
  readonly description: Text | null;
  readonly netlathe: string;
  readonly node: string;
  readonly cpu: string | null;
  readonly engine: string | null;
  readonly numerics: string | null;
  readonly threads: number | null;
  /** ISO 8601: of the first trial that began. */
  readonly startedAt: string | null;
  /** Training time of all trials together. */
  readonly seconds: number;
  readonly classes: readonly string[];
  readonly photos: { readonly train: number; readonly validation: number | null } | null;
  readonly budget: Budget | null;
  readonly recipe: Recipe;
  readonly seeds: readonly number[];
  readonly networks: readonly NetworkResult[];
  readonly pairs: readonly PairResult[];
  readonly questions: readonly { readonly ask: Text; readonly of: readonly string[] }[];
}
