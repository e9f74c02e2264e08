/** 2-D convolution: ordinary, grouped, depthwise, strided, dilated. Kernel layout [kh, kw, in / groups, out]. */

import { depthwiseFilters, groupsDoNotDivide } from '../diagnostics/codes/infer.ts';
import type { Shape } from '../graph/shape.ts';
import type { Edges, Pair, ValuesOf } from './attributes.ts';
import { initializerNames } from './initializers.ts';
import { inferred, only, op, type Problem, problem, type WeightSpec } from './op.ts';
import { extent, nearestDivisors, nearestMultiples, placeWindow } from './window.ts';

export interface ConvAttributes {
  readonly filters: number;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  /** Explicit zero padding. */
  readonly padding: Edges;
  readonly groups: number;
  readonly bias: boolean;
}

const attributes = {
  filters: {
    kind: 'integer',
    minimum: 1,
    optional: true,
    description: 'Number of output channels.',
    defaultText: 'the channels that enter',
    example: 32,
  },
  kernel: {
    kind: 'pair',
    minimum: 1,
    default: 1,
    description: 'Kernel size: one number, or [height, width].',
    example: 3,
  },
  stride: { kind: 'pair', minimum: 1, default: 1, description: 'Step of the kernel.', example: 2 },
  dilation: {
    kind: 'pair',
    minimum: 1,
    default: 1,
    description: 'Distance between the taps of the kernel.',
    example: 2,
  },
  padding: {
    kind: 'padding',
    default: 0,
    description:
      'Zeros around the image: a number for each side (as in PyTorch), `same` (as in Keras: the output is the input divided by the stride, rounded up) or `valid` (none).',
    example: 'same',
  },
  groups: {
    kind: 'groups',
    default: 1,
    description: 'Number of groups that do not see each other, or `depthwise`: one a channel.',
    example: 'depthwise',
  },
  bias: { kind: 'flag', default: true, description: 'Adds a bias to each filter.', example: false },
  initializer: {
    kind: 'choice',
    values: initializerNames,
    default: 'pytorch',
    description: 'How the kernel starts. `pytorch` is what torch.nn.Conv2d does, bias included.',
    example: 'heNormal',
  },
} as const;

export const conv2d = op({
  kind: 'conv2d',
  summary: 'Two-dimensional convolution; grouped, depthwise, strided or dilated on request.',
  arity: 'single',
  inPlace: false,
  attributes,
  infer(given, inputs) {
    const input = only(inputs);
    const groups = given.groups === 'depthwise' ? input.channels : given.groups;
    const filters = given.filters ?? input.channels;
    const wrong = checkGroups(given, input, groups, filters);
    if (wrong) return wrong;
    const placed = placeWindow(input, given);
    if (!placed.ok) return placed;
    const { kernel, stride, dilation, bias } = given;
    const perGroup = input.channels / groups;
    const taps = kernel[0] * kernel[1] * perGroup;
    const shape = { height: placed.height, width: placed.width, channels: filters };
    return inferred(
      { filters, kernel, stride, dilation, padding: placed.edges, groups, bias },
      shape,
      {
        weights: convWeights(given, taps, filters, perGroup),
        macs: shape.height * shape.width * filters * taps,
        reach: {
          kernel: [extent(kernel[0], dilation[0]), extent(kernel[1], dilation[1])],
          stride,
        },
      },
    );
  },
});

function checkGroups(
  given: ValuesOf<typeof attributes>,
  input: Shape,
  groups: number,
  filters: number,
): Problem | undefined {
  const enters = { input: 0, message: `${input.channels} channels come from here` };
  if (input.channels % groups !== 0) {
    return problem(
      groupsDoNotDivide,
      { groups, channels: input.channels, what: 'input' },
      { attribute: 'groups', related: [enters], hint: nearestDivisors(input.channels, groups) },
    );
  }
  if (filters % groups === 0) return undefined;
  const hint = nearestMultiples(groups, filters);
  if (given.groups === 'depthwise') {
    return problem(
      depthwiseFilters,
      { filters, channels: input.channels },
      { attribute: 'filters', related: [enters], hint },
    );
  }
  return problem(
    groupsDoNotDivide,
    { groups, channels: filters, what: 'filters' },
    {
      attribute: 'groups',
      related: [{ attribute: 'filters', message: `${filters} filters are asked for here` }],
      hint: `groups, ${nearestDivisors(filters, groups)}; or filters, ${hint}`,
    },
  );
}

function convWeights(
  given: ValuesOf<typeof attributes>,
  taps: number,
  filters: number,
  perGroup: number,
): readonly WeightSpec[] {
  const [kh, kw] = given.kernel;
  // PyTorch's fans: the groups do not enter fan-out.
  const fan = { fanIn: taps, fanOut: kh * kw * filters };
  const kernel: WeightSpec = {
    name: 'kernel',
    shape: [kh, kw, perGroup, filters],
    trainable: true,
    initializer: given.initializer,
    ...fan,
  };
  if (!given.bias) return [kernel];
  return [kernel, biasSpec(filters, given.initializer, fan)];
}

/** PyTorch draws biases like kernels; every other scheme starts them at zero. */
export function biasSpec(
  length: number,
  kernelInitializer: WeightSpec['initializer'],
  fan: Pick<WeightSpec, 'fanIn' | 'fanOut'>,
): WeightSpec {
  return {
    name: 'bias',
    shape: [length],
    trainable: true,
    initializer: kernelInitializer === 'pytorch' ? 'pytorch' : 'zeros',
    ...fan,
  };
}
