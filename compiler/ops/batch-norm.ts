/** Batch normalisation over N, H, W (Ioffe and Szegedy 2015). Momentum as in PyTorch: the weight of the new batch. */

import { inferred, only, op, type WeightSpec } from './op.ts';

export interface BatchNormAttributes {
  readonly epsilon: number;
  /** running = (1 - momentum) * running + momentum * batch; Keras calls 1 - this its momentum. */
  readonly momentum: number;
  readonly affine: boolean;
}

export const batchNorm = op({
  kind: 'batchNorm',
  summary: 'Batch normalisation of each channel.',
  arity: 'single',
  inPlace: true,
  attributes: {
    epsilon: {
      kind: 'number',
      exclusiveMinimum: 0,
      maximum: 1,
      default: 1e-5,
      description: 'Added to the variance.',
      example: 0.001,
    },
    momentum: {
      kind: 'number',
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.1,
      description: 'Weight of the new batch in the running statistics, as in PyTorch.',
      example: 0.01,
    },
    affine: {
      kind: 'flag',
      default: true,
      description: 'Learns a scale (gamma) and a shift (beta) for each channel.',
      example: false,
    },
    gammaInitializer: {
      kind: 'choice',
      values: ['ones', 'zeros'],
      default: 'ones',
      description:
        '`zeros` on the last norm of a residual branch starts the block as the identity.',
      example: 'zeros',
    },
  },
  infer({ epsilon, momentum, affine, gammaInitializer }, inputs) {
    const input = only(inputs);
    const vector = (
      name: WeightSpec['name'],
      initializer: 'ones' | 'zeros',
      trainable: boolean,
    ): WeightSpec => ({
      name,
      shape: [input.channels],
      trainable,
      initializer,
      fanIn: 1,
      fanOut: 1,
    });
    const learned = [vector('gamma', gammaInitializer, true), vector('beta', 'zeros', true)];
    return inferred({ epsilon, momentum, affine } satisfies BatchNormAttributes, input, {
      weights: [
        ...(affine ? learned : []),
        vector('movingMean', 'zeros', false),
        vector('movingVariance', 'ones', false),
      ],
    });
  },
});
