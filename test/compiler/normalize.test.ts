/** What the sugar of the language means, read from the names and attributes of the graph that is left of it. */

import { describe, expect, it } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import type { GraphNode } from '../../compiler/graph/graph.ts';
import { compileText, graphOf } from '../support/compile.ts';

const head = 'version: 1\nname: test\ninput: { height: 8, width: 8 }\nclasses: 3\n';
const tail = '  - globalAvgPool\n  - { op: dense, units: classes }\n';
const nodes = (text: string) => graphOf(head + text + tail).nodes.slice(0, -2);
const names = (text: string) => nodes(text).map((node) => node.name);
const widths = (text: string) =>
  nodes(text).flatMap((node) => (node.op === 'conv2d' ? [node.attributes.filters] : []));
const faults = (text: string) =>
  compileText(head + text + tail).diagnostics.map((d) => [d.code, d.place?.range.start.line]);

describe('when', () => {
  it('leaves a layer out where it is 0, and passes on what enters', () => {
    expect(names('layers:\n  - { op: relu, when: 0 }\n  - { op: tanh, when: 1 }\n')).toEqual([
      'tanh_1',
    ]);
  });

  it('is asked in each round of a loop, of what reaches the layer then', () => {
    const text =
      'layers:\n  - { op: conv2d, filters: w, when: in != w, for: { w: [3, 4, 4, 5] } }\n';
    expect(widths(text)).toEqual([4, 5]);
  });

  it('decides over a residual connection, as in MobileNetV2', () => {
    const block = `blocks:
  unit:
    parameters: [width, { stride: 1 }]
    layers:
      - { op: conv2d, filters: width, stride: stride }
      - { op: add, from: [previous, entry], when: stride == 1 and in == entry.in }
layers:
`;
    const calls = ['width: 3', 'width: 4', 'width: 4', 'width: 4, stride: 2'];
    const text = block + calls.map((call) => `  - { block: unit, ${call} }\n`).join('');
    expect(names(text).filter((name) => name.includes('add'))).toEqual([
      'unit_1.add_1',
      'unit_3.add_1',
    ]);
  });

  it('stands on calls and groups, too', () => {
    const text =
      'blocks:\n  b: [relu]\nlayers:\n  - { block: b, when: 0 }\n  - { layers: [tanh], when: 0 }\n  - silu\n';
    expect(names(text)).toEqual(['silu_1']);
  });

  it('is no name for a parameter', () => {
    const text =
      'blocks:\n  b: { parameters: [when], layers: [relu] }\nlayers:\n  - { block: b, when: 1 }\n';
    expect(faults(text)).toEqual([['E313', 6]]);
  });
});

describe('comparisons', () => {
  const value = (text: string) =>
    widths(`layers:\n  - { op: conv2d, filters: "1 + (${text})" }\n`)[0];

  it.each([
    ['2 == 2', 1],
    ['2 != 2', 0],
    ['1 < 2', 1],
    ['2 <= 1', 0],
    ['2 > 1', 1],
    ['1 >= 2', 0],
    ['1 + 1 == 2 and 4 / 2 > 1', 1],
    ['1 == 2 and 1 == 1 or 2 == 2', 1],
    ['2 or 0', 1],
    ['2 and 0', 0],
  ])('%s is %i', (text, expected) => {
    expect(value(text)).toBe(1 + expected);
  });

  it.each(['1 < 2 < 3', '1 = 1', 'and', '1 and', '! 1', '1 =< 2'])('refuses %s', (text) => {
    expect(faults(`layers:\n  - { op: relu, when: "${text}" }\n`)).toEqual([['E301', 6]]);
  });
});

describe('constants', () => {
  it('may be numbers, lists, ops, blocks and layers', () => {
    const text = `constants: { n: 2, m: n * 2, list: [4, 5], act: relu, unit: pair, stack: [silu, tanh] }
blocks:
  pair: [act, sigmoid]
layers:
  - { op: conv2d, filters: m, repeat: n }
  - { op: conv2d, filters: "list[1]" }
  - act
  - unit
  - stack
`;
    expect(names(text).slice(3)).toEqual([
      'relu_1',
      'pair_1.relu_1',
      'pair_1.sigmoid_1',
      'silu_1',
      'tanh_1',
    ]);
    expect(widths(text)).toEqual([4, 4, 5]);
  });

  it('are what variants change', () => {
    const text = `${head}constants: { act: relu }\nlayers:\n  - act\n${tail}variants:\n  smooth: { constants: { act: silu } }\n`;
    const source = { resolve: () => '/test.yaml', read: () => text };
    const ops = (variant?: string) => compile(source, 'x', { variant }).graph?.nodes[0]?.op;
    expect([ops(), ops('smooth')]).toEqual(['relu', 'silu']);
  });

  it('keep away from names that mean something', () => {
    const text =
      'constants:\n  relu: 1\n  in: 1\n  b: 1\nblocks:\n  b: [relu]\nlayers:\n  - relu\n';
    expect(faults(text)).toEqual([
      ['E313', 6],
      ['E313', 7],
      ['E313', 8],
    ]);
  });
});

describe('loops', () => {
  it('run over the lists of the file and parts of them', () => {
    const over = (list: string) =>
      widths(
        `bandwidth: [2, 4, 6]\nconstants: { more: [5, 7] }\nlayers:\n  - { op: conv2d, filters: w, for: { w: "${list}" } }\n`,
      );
    expect(over('bandwidth')).toEqual([2, 4, 6]);
    expect(over('bandwidth[1..]')).toEqual([4, 6]);
    expect(over('bandwidth[0..1]')).toEqual([2, 4]);
    expect(over('more')).toEqual([5, 7]);
    expect(over('3..4')).toEqual([3, 4]);
  });

  it.each(['bandwidth[1..3]', 'bandwidth[2..1]', 'bandwidth[3..]', 'widths', 'classes'])(
    'refuse %s',
    (list) => {
      const text = `bandwidth: [2, 4, 6]\nlayers:\n  - { op: conv2d, filters: w, for: { w: "${list}" } }\n`;
      expect(faults(text)).toEqual([['E321', 7]]);
    },
  );

  it('hold the names of blocks, too', () => {
    const text = `blocks:
  a: [relu]
  b: [tanh]
layers:
  - { block: kind, for: { columns: [kind], rows: [[b], [a]] } }
`;
    expect(names(text)).toEqual(['b_1.tanh_1', 'a_1.relu_1']);
  });
});

describe('names', () => {
  it('do not show groups that have none', () => {
    const text = 'layers:\n  - { layers: [relu, tanh], repeat: 2 }\n  - relu\n';
    expect(names(text)).toEqual(['relu_1', 'tanh_1', 'relu_2', 'tanh_2', 'relu_3']);
  });

  it('show groups that have one, numbered in a loop', () => {
    const text =
      'layers:\n  - { name: stage, layers: [relu], repeat: 2 }\n  - { name: end, layers: [relu] }\n';
    expect(names(text)).toEqual(['stage_1.relu_1', 'stage_2.relu_1', 'end.relu_1']);
  });

  it('of layers in a looped group are numbered, and found by the round they belong to', () => {
    const text = `layers:
  - layers:
      - { op: conv2d, name: kept }
      - relu
      - { op: add, from: [kept, previous] }
    repeat: 2
`;
    const inputs = (node: GraphNode | undefined, all: readonly GraphNode[]) =>
      node?.inputs.map((id) => all[id]?.name);
    const all = nodes(text);
    expect(all.map((node) => node.name)).toEqual([
      'kept_1',
      'relu_1',
      'add_1',
      'kept_2',
      'relu_2',
      'add_2',
    ]);
    expect(inputs(all[5], all)).toEqual(['kept_2', 'relu_2']);
  });
});
