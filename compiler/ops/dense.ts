/** Fully connected layer over a vector. Kernel layout [in, out]. */

import { denseNeedsVector, diracShape } from '../diagnostics/codes/infer.ts';
import { formatShape } from '../graph/shape.ts';
import { biasSpec } from './conv2d.ts';
import { initializerNames } from './initializers.ts';
import { inferred, only, op, problem, type WeightSpec } from './op.ts';

export interface DenseAttributes {
  readonly units: number;
  readonly bias: boolean;
}

export const dense = op({
  kind: 'dense',
  summary: 'Fully connected layer; takes a vector.',
  arity: 'single',
  inPlace: false,
  attributes: {
    units: { kind: 'integer', minimum: 1, description: 'Number of outputs.', example: 'classes' },
    bias: {
      kind: 'flag',
      default: true,
      description: 'Adds a bias to each output.',
      example: false,
    },
    initializer: {
      kind: 'choice',
      values: initializerNames,
      default: 'pytorch',
      description: 'How the weights start. `pytorch` is what torch.nn.Linear does, bias included.',
      example: 'glorotUniform',
    },
  },
  infer({ units, bias, initializer }, inputs) {
    const input = only(inputs);
    if (input.height !== 1 || input.width !== 1) {
      return problem(
        denseNeedsVector,
        { shape: input },
        {
          related: [{ input: 0, message: `${formatShape(input)} comes from here` }],
          hint: 'put globalAvgPool or flatten before it',
        },
      );
    }
    if (initializer === 'dirac') {
      return problem(
        diracShape,
        { name: initializer },
        { attribute: 'initializer', hint: 'leave it out, or use glorotUniform' },
      );
    }
    const fan = { fanIn: input.channels, fanOut: units };
    const kernel: WeightSpec = {
      name: 'kernel',
      shape: [input.channels, units],
      trainable: true,
      initializer,
      ...fan,
    };
    return inferred(
      { units, bias } satisfies DenseAttributes,
      { height: 1, width: 1, channels: units },
      {
        weights: bias ? [kernel, biasSpec(units, initializer, fan)] : [kernel],
        macs: input.channels * units,
      },
    );
  },
});
