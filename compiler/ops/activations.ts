/** Pointwise activations. Formulas as in PyTorch; `runtime/kernels/plain/activations.ts` computes them. */

import type { AttributeSpecs } from './attributes.ts';
import { inferred, only, op } from './op.ts';

function activation<const K extends string>(kind: K, summary: string) {
  return op({
    kind,
    summary,
    arity: 'single',
    inPlace: true,
    attributes: {} as const satisfies AttributeSpecs,
    infer: (_given, inputs) => inferred({}, only(inputs)),
  });
}

export const relu = activation('relu', 'max(x, 0).');
export const relu6 = activation('relu6', 'min(max(x, 0), 6).');
export const hardSwish = activation('hardSwish', 'x * relu6(x + 3) / 6 (MobileNetV3, 2019).');
export const hardSigmoid = activation('hardSigmoid', 'relu6(x + 3) / 6.');
export const silu = activation('silu', 'x * sigmoid(x), also called swish.');
export const sigmoid = activation('sigmoid', '1 / (1 + exp(-x)).');
export const tanh = activation('tanh', 'Hyperbolic tangent.');

export const gelu = op({
  kind: 'gelu',
  summary: 'x * normal CDF of x (Hendrycks and Gimpel 2016).',
  arity: 'single',
  inPlace: true,
  attributes: {
    approximate: {
      kind: 'choice',
      values: ['none', 'tanh'],
      default: 'none',
      description: '`none` uses erf; `tanh` is the older approximation.',
      example: 'tanh',
    },
  },
  infer: ({ approximate }, inputs) => inferred({ approximate }, only(inputs)),
});

export const elu = op({
  kind: 'elu',
  summary: 'x above 0, alpha * (exp(x) - 1) below.',
  arity: 'single',
  inPlace: true,
  attributes: {
    alpha: {
      kind: 'number',
      exclusiveMinimum: 0,
      default: 1,
      description: 'The limit for large negative x is -alpha.',
      example: 0.5,
    },
  },
  infer: ({ alpha }, inputs) => inferred({ alpha }, only(inputs)),
});

export const leakyRelu = op({
  kind: 'leakyRelu',
  summary: 'x above 0, slope * x below.',
  arity: 'single',
  inPlace: true,
  attributes: {
    slope: {
      kind: 'number',
      minimum: 0,
      default: 0.01,
      description: 'Slope below 0.',
      example: 0.1,
    },
  },
  infer: ({ slope }, inputs) => inferred({ slope }, only(inputs)),
});
