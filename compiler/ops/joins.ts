/** Ops with several inputs: residual add, concat, multiply (squeeze-and-excite). */

import { shapesDoNotJoin } from '../diagnostics/codes/infer.ts';
import { formatShape, type Shape, sameShape } from '../graph/shape.ts';
import { inferred, op, type Problem, problem } from './op.ts';

function mismatch(kind: string, shapes: readonly Shape[]): Problem {
  return problem(
    shapesDoNotJoin,
    { op: kind, shapes },
    {
      related: shapes.map((shape, input) => ({
        input,
        message: `${formatShape(shape)} comes from here`,
      })),
      hint: adapt(kind, shapes),
    },
  );
}

/** What would bring the first two differing shapes together. */
function adapt(kind: string, shapes: readonly Shape[]): string {
  const first = shapes[0] as Shape;
  const other = shapes.find((s) => !sameShape(s, first)) as Shape;
  const sameSize = first.height === other.height && first.width === other.width;
  if (sameSize && kind !== 'concat') {
    return `make the channels equal: { op: conv2d, kernel: 1, filters: ${other.channels} } on the branch with ${first.channels}`;
  }
  const gate = [first, other].find((s) => s.height === 1 && s.width === 1);
  if (kind === 'multiply' && gate) {
    const { channels } = gate === first ? other : first;
    return `the 1 x 1 side must have as many channels as the other: end it with ${channels}, not ${gate.channels}`;
  }
  const [large, small] =
    first.height * first.width > other.height * other.width ? [first, other] : [other, first];
  if (large.height === small.height * 2 && large.width === small.width * 2) {
    return `the branch with ${formatShape(large)} needs stride: 2, as the other one`;
  }
  return 'padding: same keeps height and width; give both branches the same strides';
}

export const add = op({
  kind: 'add',
  summary: 'Sum of its branches: the residual connection.',
  arity: 'join',
  inPlace: true,
  attributes: {},
  infer(_given, inputs) {
    const first = inputs[0] as Shape;
    if (!inputs.every((s) => sameShape(s, first))) return mismatch('add', inputs);
    return inferred({}, first);
  },
});

export const multiply = op({
  kind: 'multiply',
  summary: 'Product of its branches; a 1 x 1 branch scales the channels (squeeze-and-excite).',
  arity: 'join',
  inPlace: true,
  attributes: {},
  infer(_given, inputs) {
    const full = inputs.find((s) => s.height * s.width > 1) ?? (inputs[0] as Shape);
    const fits = (s: Shape) =>
      sameShape(s, full) || (s.height === 1 && s.width === 1 && s.channels === full.channels);
    if (!inputs.every(fits)) return mismatch('multiply', inputs);
    return inferred({}, full);
  },
});

export const concat = op({
  kind: 'concat',
  summary: 'The channels of its branches, one behind the other.',
  arity: 'join',
  inPlace: false,
  attributes: {},
  infer(_given, inputs) {
    const first = inputs[0] as Shape;
    if (!inputs.every((s) => s.height === first.height && s.width === first.width)) {
      return mismatch('concat', inputs);
    }
    return inferred({}, { ...first, channels: inputs.reduce((sum, s) => sum + s.channels, 0) });
  },
});
