import { expect, test } from 'vitest';
import { compileText } from '../support/compile.ts';

const found = (layers: string) =>
  compileText(`version: 1
name: test
input: { height: 8, width: 8 }
classes: 3
layers:
${layers}
  - globalAvgPool
  - { op: dense, units: classes }
`).diagnostics.map((d) => `${d.code} ${d.place?.range.start.line} ${d.message}`);

// It would count in the budget, while no engine and no tfjs model would have it.
test('a layer whose output reaches nothing is an error', () => {
  expect(
    found('  - { op: conv2d, filters: 4 }\n  - batchNorm\n  - { op: relu, from: image }'),
  ).toEqual([
    'E413 6 the output of conv2d "conv2d_1" does not reach the output of the network',
    'E413 7 the output of batchNorm "batchNorm_1" does not reach the output of the network',
  ]);
});

test('one that stands there several times is reported once', () => {
  const layers = '  - { op: conv2d, filters: 4, repeat: 3 }\n  - { op: relu, from: image }';
  expect(found(layers)).toHaveLength(1);
});

test('a join reaches back', () => {
  expect(
    found('  - { op: relu, name: a }\n  - tanh\n  - { op: add, from: [a, previous] }'),
  ).toEqual([]);
});

test('a layer that lost its reader to another fault is left alone', () => {
  const layers = '  - { op: conv2d, filters: 4 }\n  - { op: conv2d, groups: 3 }';
  expect(found(layers).map((text) => text.slice(0, 4))).toEqual(['E401']);
});
