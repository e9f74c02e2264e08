/**
 * A learning-rate range test (Smith 2015): the rate rises exponentially from step to step, and the loss tells from where
 * on the network learns and where it falls apart. Nothing is written.
 */

import type { BackendTrainer } from './backend.ts';
import type { Recipe } from './recipe.ts';
import { TrainError } from './train-error.ts';

export interface RangePoint {
  readonly rate: number;
  /** Mean over the photos of the step. */
  readonly loss: number;
}

export interface RangeRun {
  readonly points: readonly RangePoint[];
  /** Why it ended. */
  readonly ended: 'steps' | 'diverged' | 'interrupted';
}

/** The recipe with another learning rate at every step: from `low` to `high`. */
export function rangeRecipe(
  recipe: Recipe,
  { low, high, steps }: { readonly low: number; readonly high: number; readonly steps: number },
): Recipe {
  return {
    ...recipe,
    steps,
    ema: undefined,
    optimizer: { ...recipe.optimizer, learningRate: high },
    schedule: { ...recipe.schedule, name: 'exponential', floor: low / high },
  };
}

/** How many times the best smoothed loss ends the test. */
const tooMuch = 4;
/** Share of the past in the loss that decides when to stop. */
const memory = 0.8;

export async function runRange(
  trainer: BackendTrainer,
  { signal, onStep }: { readonly signal: AbortSignal; readonly onStep: (p: RangePoint) => void },
): Promise<RangeRun> {
  const points: RangePoint[] = [];
  let average = 0;
  let best = Number.POSITIVE_INFINITY;
  for (let step = 0; step < trainer.pace.totalSteps; step++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (signal.aborted) return { points, ended: 'interrupted' };
    const point = await stepAt(trainer, step);
    if (!point) return { points, ended: 'diverged' };
    points.push(point);
    onStep(point);
    average = memory * average + (1 - memory) * point.loss;
    const fair = average / (1 - memory ** (step + 1));
    best = Math.min(best, fair);
    if (fair > tooMuch * best) return { points, ended: 'diverged' };
  }
  return { points, ended: 'steps' };
}

async function stepAt(trainer: BackendTrainer, step: number): Promise<RangePoint | undefined> {
  try {
    const { loss, seen, learningRate } = await trainer.step(step);
    return { rate: learningRate, loss: loss / seen };
  } catch (error) {
    if (error instanceof TrainError && error.code === 'E540') return undefined;
    throw error;
  }
}

export interface RangeReading {
  /** The loss without most of its noise: a mean over neighbours, so that it lags behind nothing. */
  readonly smooth: readonly number[];
  /** The highest rate at which the loss falls about as fast as anywhere, and the one at which it is lowest. */
  readonly steepest: number | undefined;
  readonly lowest: number | undefined;
  readonly suggestion: number | undefined;
  readonly reason: string;
}

/** Share of the first loss that it must fall by at least. */
const leastFall = 0.03;
const fewest = 10;
/** So small a part of the steps shows the loss before it falls. */
const earlyShare = 1 / 8;
/** Standard errors that tell a fall from chance, the deepest of a dozen independent means being looked at. */
const certain = 3.5;
/** A slope so close to the steepest is as good: which of them is the very steepest is noise. */
const steepShare = 2 / 3;

export function readRange(points: readonly RangePoint[]): RangeReading {
  const smooth = smoothed(points.map(({ loss }) => loss));
  const none = { smooth, steepest: undefined, lowest: undefined, suggestion: undefined };
  if (points.length < fewest) {
    const reason = `only ${points.length} steps before the loss ran away: begin with a lower rate`;
    return { ...none, reason };
  }
  const losses = points.map(({ loss }) => loss);
  const bottom = smooth.indexOf(Math.min(...smooth));
  const early = losses.slice(0, Math.ceil(losses.length * earlyShare));
  const start = meanOf(early);
  const fall = start - (smooth[bottom] as number);
  if (fall < leastFall * start) {
    return { ...none, reason: 'the loss never fell by much: more steps, or other rates' };
  }
  // Of two means, that of the bell curve as good as one over 3.5 widths. What comes after is no noise of theirs.
  const noise = noiseOf(losses.slice(0, Math.max(bottom + 1, fewest)));
  const error = noise * Math.sqrt(1 / early.length + 1 / (3.5 * widthFor(losses.length)));
  if (fall < certain * error) {
    const reason =
      'the loss fell by no more than it wavers: more steps, a larger batch, or other rates';
    return { ...none, reason };
  }
  const slopes = smooth.map((_, i) => slopeAt(points, smooth, i));
  const descending = slopes.slice(0, bottom + 1);
  const steepestSlope = Math.min(...descending);
  const steep = descending.findLastIndex((slope) => slope <= steepShare * steepestSlope);
  const [steepest, lowest] = [rateAt(points, steep), rateAt(points, bottom)];
  return { smooth, steepest, lowest, ...choice(steepest, lowest, bottom === points.length - 1) };
}

const rateAt = (points: readonly RangePoint[], i: number) => (points[i] as RangePoint).rate;
const short = (x: number) => Number(x.toPrecision(2));

function choice(steepest: number, lowest: number, open: boolean) {
  const where = `the loss falls fastest up to ${short(steepest)} and is lowest at ${short(lowest)}`;
  const still = open ? '; it was still falling there, so --to may be set higher' : '';
  // At the lowest loss a run is about to fall apart: a tenth of that rate is the usual distance to keep.
  if (steepest <= lowest / 10) {
    return { suggestion: short(steepest), reason: `${where}: the steepest descent${still}` };
  }
  const reason = `${where}, less than ten times as high: one order below the latter${still}`;
  return { suggestion: short(lowest / 10), reason };
}

/** Of the smoothed loss to the logarithm of the rate. */
function slopeAt(points: readonly RangePoint[], smooth: readonly number[], i: number): number {
  const [a, b] = [Math.max(0, i - 1), Math.min(points.length - 1, i + 1)];
  const rise = (smooth[b] as number) - (smooth[a] as number);
  return rise / Math.log(rateAt(points, b) / rateAt(points, a));
}

const meanOf = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

/**
 * Standard deviation from step to step, of neighbours: a trend adds next to nothing. From the median of the differences,
 * since single steps leap.
 */
function noiseOf(losses: readonly number[]): number {
  const leaps = losses.slice(1).map((loss, i) => Math.abs(loss - (losses[i] as number)));
  leaps.sort((a, b) => a - b);
  const median = leaps[leaps.length >> 1] as number;
  // The median of |N(0, 1)| is 0.6745; the difference of two has twice the variance.
  return median / (0.6745 * Math.SQRT2);
}

const widthFor = (steps: number) => Math.max(1, steps / 25);

/** A mean weighed by a bell curve, whose width is a twenty-fifth of the test. */
function smoothed(values: readonly number[]): readonly number[] {
  const width = widthFor(values.length);
  const reach = Math.ceil(3 * width);
  return values.map((_, i) => {
    let sum = 0;
    let weights = 0;
    for (let k = Math.max(0, i - reach); k <= Math.min(values.length - 1, i + reach); k++) {
      const weight = Math.exp(-(((k - i) / width) ** 2) / 2);
      sum += weight * (values[k] as number);
      weights += weight;
    }
    return sum / weights;
  });
}
