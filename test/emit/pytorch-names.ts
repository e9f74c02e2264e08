/** Hostile names of networks, classes and layers in model.py, read by Python itself. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import fc from 'fast-check';
import { count } from '../../compiler/5-budget/counts.ts';
import { modelSource } from '../../compiler/7-emit/pytorch/source.ts';
import type { Graph, GraphNode } from '../../compiler/graph/graph.ts';
import { networkOf } from '../support/compile.ts';
import { hostileName } from './hostile-names.ts';

export const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Of the network, three classes, a part, and three layers. */
export type PythonNames = readonly string[];

const words = [
  ...['class', 'def', 'lambda', 'None', 'True', 'print', 'self', 'forward', 'train', 'training'],
  ...[
    '__init__',
    '__class__',
    '_modules',
    '_parameters',
    'parameters',
    'eval',
    'x',
    'y',
    'nn',
    'F',
  ],
  ...['torch', 'Network', 'network', 'load', 'a-b', 'a_b', 'layer_class', '1', '"""', "'''", '#'],
  ...[
    '\\',
    '\\N{DIGIT ONE}',
    '\\x41',
    '\n    import os',
    'weight',
    'bias',
    'conv_1',
    '\u2028',
    '\f',
  ],
];

const name = fc.oneof(hostileName, fc.constantFrom(...words));
/** A dot makes a part, and so another tree; names of layers are unique in a network. */
const layer = name.map((text) => text.replaceAll('.', '_')).filter((text) => text !== '');

export const pythonNames: fc.Arbitrary<PythonNames> = fc
  .tuple(name, name, name, name, layer, layer, layer, layer)
  .filter(
    ([, a, b, c, part, ...layers]) =>
      new Set([a, b, c]).size === 3 && new Set([part, ...layers]).size === 4,
  );

const graph = networkOf('- { op: conv2d, kernel: 1, filters: 2 }\n- batchNorm');

/** The three classes, and a part of two layers with weights before the dense layer. */
function named([title, a, b, c, part, first, second, last]: PythonNames): Graph {
  const names = [`${part}.${first}`, `${part}.${second}`, 'pool', last];
  const nodes = graph.nodes.map((node, i) => ({ ...node, name: names[i] }) as GraphNode);
  return { ...graph, name: title as string, classes: [a, b, c] as string[], nodes };
}

export function sourceOf(names: PythonNames): string {
  const made = named(names);
  return modelSource({
    ...{ graph: made, weights: new Map(), counts: count(made) },
    ...{ verdicts: [], source: '', netlathe: '0.0.0' },
  });
}

interface Read {
  readonly shape: string;
  readonly name: string;
  readonly classes: readonly string[];
}

export function readByPython(sources: readonly string[]): readonly Read[] {
  const script = path.join(import.meta.dirname, 'python-names.py');
  const { stdout, stderr, status } = spawnSync('python3', [script], {
    input: JSON.stringify(sources),
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as readonly Read[];
}

/** What is wrong, in words: nothing if every source has the tree of harmless names and keeps the texts. */
export function faultsOf(all: readonly PythonNames[]): readonly string[] {
  const harmless = ['net', 'a', 'b', 'c', 'part', 'first', 'second', 'last'];
  const [plain, ...read] = readByPython([harmless, ...all].map(sourceOf));
  return read.flatMap((each, i) => {
    const [title, ...rest] = all[i] as PythonNames;
    const faults: string[] = [];
    if (each.shape !== plain?.shape) faults.push(`another tree: ${each.shape.slice(0, 200)}`);
    if (each.name !== title) faults.push(`the name became ${JSON.stringify(each.name)}`);
    if (JSON.stringify(each.classes) !== JSON.stringify(rest.slice(0, 3)))
      faults.push('labels differ');
    return faults.map((fault) => `${JSON.stringify(all[i])}: ${fault}`);
  });
}
