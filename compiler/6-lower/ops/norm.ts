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
  normPoolGradientSums,
  normPoolInputGradient,
} from '../../../runtime/kernels/plain/norm-pool.ts';
import { elements } from '../../graph/shape.ts';
import { codeOf } from '../activation.ts';
import type { PendingBuffer } from '../builder.ts';
import type { FusedUnit } from '../fuse.ts';
import type { TrainingContext } from '../training-context.ts';

export type NormUnit = Extract<FusedUnit, { readonly kind: 'norm' }>;

/** What the backward pass needs of the forward one, by the norm's node. */
export type NormMemory = Map<number, Remembered>;

interface Remembered {
  readonly coefficients: PendingBuffer;
  /** The norm's input at the largest of each window, where a pool is fused behind it. */
  readonly winners: PendingBuffer | undefined;
}

export function forwardNorm(unit: NormUnit, memory: NormMemory, t: TrainingContext): void {
  const { norm, activation, pool } = unit;
  const { height, width, channels } = norm.shape;
  const pixels = height * width;
  const input = t.value(t.input(norm));
  const partials = t.builder.temporary(`statistics ${norm.name}`, t.batch * 2 * channels);
  t.call(norm.name, normStatistics, { input, partials, pixels, channels }, t.batch);
  const coefficients = coefficientsOf(norm, partials, t);
  const code = codeOf(activation);
  const winners =
    pool && t.builder.temporary(`winners ${norm.name}`, t.batch * elements(pool.shape));
  memory.set(norm.id, { coefficients, winners });
  if (pool && winners) {
    const output = t.output(pool);
    t.call(
      norm.name,
      normActivatePool,
      { input, coefficients, output, winners, height, width, channels, ...code },
      t.batch,
    );
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

/** The norm's coefficients from the statistics of each image, and the running ones. */
export function coefficientsOf(
  norm: NormUnit['norm'],
  partials: PendingBuffer,
  t: TrainingContext,
): PendingBuffer {
  const { height, width, channels } = norm.shape;
  const size = COEFFICIENT_ROWS * channels;
  const coefficients = t.builder.temporary(`coefficients ${norm.name}`, size);
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
      pixels: height * width,
      channels,
      affine: affine ? 1 : 0,
      epsilon,
      momentum,
    },
    channels,
  );
  return coefficients;
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
  const { coefficients, winners } = memory.get(norm.id) as Remembered;
  const pass = { gradient, coefficients, channels, ...codeOf(activation) };
  const partials = t.builder.temporary(`gradient sums ${norm.name}`, t.batch * 2 * channels);
  const pooled = winners && { ...pass, winners, height, width };
  if (pooled) t.call(norm.name, normPoolGradientSums, { ...pooled, partials }, t.batch);
  else t.call(norm.name, normGradientSums, { ...pass, input, pixels, partials }, t.batch);
  const gradientCoefficients = finishNorm(norm, partials, coefficients, t);
  t.contribute(from, norm.name, (inputGradient) => {
    const all = { input, gradientCoefficients, inputGradient };
    if (pooled) t.call(norm.name, normPoolInputGradient, { ...pooled, ...all }, t.batch);
    else t.call(norm.name, normInputGradient, { ...pass, ...all, pixels }, t.batch);
  });
}

/** The gradients to gamma and beta, and the three rows that make the one to the norm's input. */
export function finishNorm(
  norm: NormUnit['norm'],
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
