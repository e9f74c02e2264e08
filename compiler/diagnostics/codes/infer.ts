/** E4xx: the layers are well-formed, but no network follows from their sizes. */
import { formatShape, type Shape } from '../../graph/shape.ts';
import { fault } from '../diagnostic.ts';

export const groupsDoNotDivide = fault<{
  groups: number;
  channels: number;
  what: 'input' | 'filters';
}>('E401', {
  title: 'groups do not divide the channels',
  message: ({ groups, channels, what }) =>
    what === 'input'
      ? `groups ${groups} does not divide the ${channels} channels that enter`
      : `groups ${groups} does not divide filters ${channels}`,
  explanation: `A grouped convolution cuts its input channels and its filters into \`groups\` equal parts, so both numbers
must be multiples of it. \`groups: 1\` is an ordinary convolution, \`groups: depthwise\` gives each channel its own.

    - { op: conv2d, kernel: 3, filters: 64, groups: 6 }   # 64 / 6 is no integer

Use one of the listed divisors, or change the width that enters: \`netlathe fit\` finds widths that divide.`,
});

export const windowTooLarge = fault<{ axis: 'height' | 'width'; window: number; size: number }>(
  'E402',
  {
    title: 'the window is larger than the image',
    message: ({ axis, window, size }) =>
      `a window of ${axis} ${window} does not fit in an image of ${axis} ${size}, padding included`,
    explanation: `The kernel (with its dilation) or pooling window must fit into the image that enters, with its padding. Usually
the image has been halved once too often: remove a pool or a stride, add padding, or start from a larger input.`,
  },
);

export const poolPadding = fault<{ padding: number; size: number }>('E403', {
  title: 'pooling padding exceeds half the window',
  message: ({ padding, size }) =>
    `padding ${padding} is more than half of the pooling window ${size}`,
  explanation: `With more padding than half the window some windows would see nothing but padding. PyTorch has the same rule.`,
});

export const shapesDoNotJoin = fault<{ op: string; shapes: readonly Shape[] }>('E404', {
  title: 'the branches do not fit together',
  message: ({ op, shapes }) =>
    `${op} joins ${shapes.map(formatShape).join(' and ')}: ${
      op === 'concat' ? 'heights and widths' : 'shapes'
    } must be equal${op === 'multiply' ? ', or one of them 1 x 1 with the same channels' : ''}`,
  explanation: `\`add\` needs equal shapes, \`concat\` equal heights and widths, \`multiply\` equal shapes or one side of 1 x 1 x the
same channels (squeeze-and-excite).

A branch that changes the number of channels needs a 1x1 convolution on the other side; a branch with a stride needs
the same stride there; a 3x3 convolution keeps the size only with \`padding: same\` (or 1).`,
});

export const splitDoesNotDivide = fault<{ parts: number; channels: number }>('E405', {
  title: 'the channels cannot be split so',
  message: ({ parts, channels }) =>
    `${channels} channels cannot be split into ${parts} equal parts`,
  explanation: `\`split: 2\` cuts the channels into equal parts, one for each branch. The number must divide the channels.`,
});

export const splitIndex = fault<{ part: number; parts: number }>('E406', {
  title: 'there is no such part',
  message: ({ part, parts }) =>
    `part ${part} does not exist: a split in ${parts} has parts 0 to ${parts - 1}`,
  explanation: `\`part\` counts from 0.`,
});

export const shuffleDoesNotDivide = fault<{ groups: number; channels: number }>('E407', {
  title: 'the channels cannot be shuffled so',
  message: ({ groups, channels }) =>
    `groups ${groups} does not divide the ${channels} channels to shuffle`,
  explanation: `A channel shuffle lays the channels out as groups x (channels / groups) and transposes (ShuffleNet, 2017).`,
});

export const denseNeedsVector = fault<{ shape: Shape }>('E408', {
  title: 'dense needs a vector',
  message: ({ shape }) => `dense takes a vector, but ${formatShape(shape)} enters`,
  explanation: `Put \`globalAvgPool\` (few weights) or \`flatten\` (a weight for each pixel) before \`dense\`.`,
});

export const outputIsNotClasses = fault<{ shape: Shape; classes: number }>('E409', {
  title: 'the network does not end in one number a class',
  message: ({ shape, classes }) =>
    `the last layer gives ${formatShape(shape)}, but there are ${classes} classes: it must give ${classes} numbers`,
  explanation: `The network ends in one logit a class, without softmax. \`{ op: dense, units: classes }\` does that.`,
});

export const tooLarge = fault<{ what: string; actual: string; limit: string }>('E410', {
  title: 'the network is beyond what netlathe builds',
  message: ({ what, actual, limit }) =>
    `${what}: ${actual}, more than the ${limit} that netlathe accepts`,
  explanation: `These limits keep a typing error (one zero too many) from filling the memory of the machine. They are far above
any network for a phone.`,
});

export const depthwiseFilters = fault<{ filters: number; channels: number }>('E411', {
  title: 'depthwise filters are no multiple of the channels',
  message: ({ filters, channels }) =>
    `groups: depthwise makes each of the ${channels} channels a group, so filters ${filters} must be a multiple of ${channels}`,
  explanation: `Leave \`filters\` out for one filter a channel, or give a multiple of the channels that enter.`,
});

export const diracShape = fault<{ name: string }>('E412', {
  title: 'this initialiser does not fit here',
  message: ({ name }) => `the initialiser "${name}" is for convolutions, not for this weight`,
  explanation: `\`dirac\` makes a convolution the identity, which has no meaning elsewhere.`,
});

export const unusedLayer = fault<{ name: string; op: string }>('E413', {
  title: 'nothing uses this layer',
  message: ({ name, op }) =>
    `the output of ${op} "${name}" does not reach the output of the network`,
  explanation: `A layer after it takes its input from elsewhere (\`from:\`), so this one would cost parameters and time for nothing.

    - { op: conv2d, kernel: 3, filters: 16 }   # nothing reads this
    - { op: relu, from: image }

Remove the layer, or join its output: \`add\`, \`concat\` and \`multiply\` take \`from: [previous, name]\`.`,
});
