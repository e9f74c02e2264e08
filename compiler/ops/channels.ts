/** Ops that move data without computing: split, channel shuffle, zero padding, flatten, and dropout. */

import {
  shuffleDoesNotDivide,
  splitDoesNotDivide,
  splitIndex,
} from '../diagnostics/codes/infer.ts';
import { elements } from '../graph/shape.ts';
import type { Edges } from './attributes.ts';
import { inferred, only, op, problem } from './op.ts';
import { nearestDivisors } from './window.ts';

export interface SplitAttributes {
  /** First channel taken, and how many. */
  readonly begin: number;
  readonly size: number;
}

export const split = op({
  kind: 'split',
  summary:
    'One of the equal parts of the channels. `split: 2` on a join gives each branch its part.',
  arity: 'single',
  inPlace: false,
  attributes: {
    parts: { kind: 'integer', minimum: 1, description: 'Number of equal parts.', example: 2 },
    part: {
      kind: 'integer',
      minimum: 0,
      default: 0,
      description: 'Which part, from 0.',
      example: 1,
    },
  },
  infer({ parts, part }, inputs) {
    const input = only(inputs);
    if (input.channels % parts !== 0) {
      return problem(
        splitDoesNotDivide,
        { parts, channels: input.channels },
        {
          attribute: 'parts',
          related: [{ input: 0, message: `${input.channels} channels come from here` }],
          hint: nearestDivisors(input.channels, parts),
        },
      );
    }
    if (part >= parts) return problem(splitIndex, { part, parts }, { attribute: 'part' });
    const size = input.channels / parts;
    const attributes: SplitAttributes = { begin: part * size, size };
    return inferred(attributes, { ...input, channels: size });
  },
});

export const channelShuffle = op({
  kind: 'channelShuffle',
  summary: 'Interleaves the groups of channels (ShuffleNet, 2017).',
  arity: 'single',
  inPlace: false,
  attributes: {
    groups: {
      kind: 'integer',
      minimum: 1,
      default: 2,
      description: 'Number of groups.',
      example: 2,
    },
  },
  infer({ groups }, inputs) {
    const input = only(inputs);
    if (input.channels % groups !== 0) {
      return problem(
        shuffleDoesNotDivide,
        { groups, channels: input.channels },
        {
          attribute: 'groups',
          related: [{ input: 0, message: `${input.channels} channels come from here` }],
          hint: nearestDivisors(input.channels, groups),
        },
      );
    }
    return inferred({ groups }, input);
  },
});

export const zeroPad = op({
  kind: 'zeroPad',
  summary: 'Zeros around the image.',
  arity: 'single',
  inPlace: false,
  attributes: {
    padding: {
      kind: 'edges',
      description: 'One number for all sides, or [top, bottom, left, right].',
      example: [0, 1, 0, 1],
    },
  },
  infer({ padding }, inputs) {
    const input = only(inputs);
    const [top, bottom, left, right] = padding;
    const shape = {
      height: input.height + top + bottom,
      width: input.width + left + right,
      channels: input.channels,
    };
    return inferred({ padding: padding as Edges }, shape, { reach: 'point' });
  },
});

export const flatten = op({
  kind: 'flatten',
  summary: 'The image as one vector, row by row, channels last.',
  arity: 'single',
  inPlace: true,
  attributes: {},
  infer(_given, inputs) {
    return inferred(
      {},
      { height: 1, width: 1, channels: elements(only(inputs)) },
      { reach: 'global' },
    );
  },
});

export const dropout = op({
  kind: 'dropout',
  summary: 'Zeroes a share of the values in training and scales the rest; nothing in inference.',
  arity: 'single',
  inPlace: true,
  attributes: {
    rate: {
      kind: 'number',
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0.5,
      description: 'Share of the values that become 0.',
      example: 0.2,
    },
  },
  infer: ({ rate }, inputs) => inferred({ rate }, only(inputs)),
});
