/** Batch norm in training, with what is fused behind it: activation, and perhaps a 2x2 max pool. */

import {
  COEFFICIENT_ROWS,
  GRADIENT_ROWS,
  normActivate,
  normFinish,
  normGradientFinish,
  normGradientSums,
  normInputGradient,
  normStatistics,
} from '../../../runtime/kernels/plain/norm.ts';
import {
  normActivatePool,
  normActivatePoolNumbers,
  normPoolGradientSums,
  normPoolInputGradient,
} from '../../../runtime/kernels/plain/norm-pool.ts';
import { elements } from '../../graph/shape.ts';
import { codeOf } from '../activation.ts';
import type { PendingBuffer } from '../builder.ts';
import type { FusedUnit } from '../fuse.ts';
import type { TrainingContext } from '../training-context.ts';
import { finishStem, sumStem } from './stem.ts';

export type NormUnit = Extract<FusedUnit, { readonly kind: 'norm' }>;

/** What the backward pass needs of the forward one, by the norm's node. */
export type NormMemory = Map<number, Remembered>;

interface Remembered {
  readonly coefficients: PendingBuffer;
  /** The norm's input at the largest of each window, where a pool is fused behind it. */
  readonly winners: PendingBuffer | undefined;
  /** Which pixel of its window each winner is, where the first convolution's gradient needs it. */
  readonly numbers: PendingBuffer | undefined;
}

export function forwardNorm(unit: NormUnit, memory: NormMemory, t: TrainingContext): void {
  const { norm, activation, pool } = unit;
  const { height, width, channels } = norm.shape;
  const pixels = height * width;
  const input = t.value(t.input(norm));
  const partials = t.builder.temporary(`statistics ${norm.name}`, t.batch * 2 * channels);
  const coefficients = t.builder.temporary(
    `coefficients ${norm.name}`,
    COEFFICIENT_ROWS * channels,
  );
  t.call(norm.name, normStatistics, { input, partials, pixels, channels }, t.batch);
  const { affine, epsilon, momentum } = norm.attributes;
  const runningMean = t.weight(norm, 'movingMean');
  t.call(
    norm.name,
    normFinish,
    {
      partials,
      gamma: affine ? t.weight(norm, 'gamma') : runningMean,
      beta: affine ? t.weight(norm, 'beta') : runningMean,
      runningMean,
      runningVariance: t.weight(norm, 'movingVariance'),
      coefficients,
      images: t.batch,
      pixels,
      channels,
      affine: affine ? 1 : 0,
      epsilon,
      momentum,
    },
    channels,
  );
  const code = codeOf(activation);
  const winners =
    pool && t.builder.temporary(`winners ${norm.name}`, t.batch * elements(pool.shape));
  const numbers =
    winners &&
    stemOf(unit, t) &&
    t.builder.temporary(`numbers ${norm.name}`, winners.elements, 'u8');
  memory.set(norm.id, { coefficients, winners, numbers });
  if (pool && winners) {
    const output = t.output(pool);
    const args = { input, coefficients, output, winners, height, width, channels, ...code };
    if (numbers) t.call(norm.name, normActivatePoolNumbers, { ...args, numbers }, t.batch);
    else t.call(norm.name, normActivatePool, args, t.batch);
  } else {
    const output = t.output(activation ?? norm);
    t.call(
      norm.name,
      normActivate,
      { input, coefficients, output, pixels, channels, ...code },
      t.batch,
    );
  }
}

/** The first convolution, whose gradient is computed together with the norm's. */
function stemOf({ stem }: NormUnit, t: TrainingContext): NormUnit['stem'] {
  return stem && !t.isFrozen(stem) ? stem : undefined;
}

export function backwardNorm(
  unit: NormUnit,
  gradient: PendingBuffer,
  memory: NormMemory,
  t: TrainingContext,
): void {
  const { norm, activation } = unit;
  const { height, width, channels } = norm.shape;
  const from = t.input(norm);
  const input = t.value(from);
  const pixels = height * width;
  const { coefficients, winners, numbers } = memory.get(norm.id) as Remembered;
  const pass = { gradient, coefficients, channels, ...codeOf(activation) };
  const partials = t.builder.temporary(`gradient sums ${norm.name}`, t.batch * 2 * channels);
  const stem = stemOf(unit, t);
  if (stem && winners && numbers) {
    const buffers = { winners, numbers, gradient, coefficients, partials };
    const patches = sumStem(stem, buffers, codeOf(activation), t);
    finishStem(stem, patches, finish(unit, partials, coefficients, t), t);
    return;
  }
  const pooled = winners && { ...pass, winners, height, width };
  if (pooled) t.call(norm.name, normPoolGradientSums, { ...pooled, partials }, t.batch);
  else t.call(norm.name, normGradientSums, { ...pass, input, pixels, partials }, t.batch);
  const gradientCoefficients = finish(unit, partials, coefficients, t);
  t.contribute(from, norm.name, (inputGradient) => {
    const all = { input, gradientCoefficients, inputGradient };
    if (pooled) t.call(norm.name, normPoolInputGradient, { ...pooled, ...all }, t.batch);
    else t.call(norm.name, normInputGradient, { ...pass, ...all, pixels }, t.batch);
  });
}

function finish(
  { norm }: NormUnit,
  partials: PendingBuffer,
  coefficients: PendingBuffer,
  t: TrainingContext,
): PendingBuffer {
  const { height, width, channels } = norm.shape;
  const gradientCoefficients = t.builder.temporary(
    `gradient coefficients ${norm.name}`,
    GRADIENT_ROWS * channels,
  );
  const store = norm.attributes.affine && !t.isFrozen(norm);
  const unused = store ? undefined : t.builder.temporary(`unused ${norm.name}`, channels);
  t.call(
    norm.name,
    normGradientFinish,
    {
      partials,
      coefficients,
      gammaGradient: unused ?? t.gradient(norm, 'gamma'),
      betaGradient: unused ?? t.gradient(norm, 'beta'),
      gradientCoefficients,
      images: t.batch,
      pixels: height * width,
      channels,
      store: store ? 1 : 0,
      accumulate: t.builder.scalar('accumulate'),
    },
    channels,
  );
  return gradientCoefficients;
}
