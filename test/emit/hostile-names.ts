/**
 * Names that try to leave their string, and the check that they do not: every file parses to the tree that harmless
 * names give, the labels come out as they went in, and nothing of them runs.
 */
import vm from 'node:vm';
import fc from 'fast-check';
import ts from 'typescript';
import { count } from '../../compiler/5-budget/counts.ts';
import { codeOf } from '../../compiler/7-emit/text.ts';
import type { Emission } from '../../compiler/7-emit/ts/emit.ts';
import { headerOf } from '../../compiler/7-emit/ts/header.ts';
import { metadataOf } from '../../compiler/7-emit/ts/metadata.ts';
import { planModule } from '../../compiler/7-emit/ts/plan.ts';
import { type SourceName, sourceFiles } from '../../compiler/7-emit/ts/source.ts';
import { weightsFile } from '../../compiler/7-emit/ts/weights-file.ts';
import { networkOf } from '../support/compile.ts';
import { randomWeights } from './support.ts';

const fragments = [
  ...['"', "'", '`', '\\', '\\"', `$\{canary()}`, '`+canary()+`', '"+canary()+"', "'+canary()+'"],
  ...[
    '</script>',
    '</ScRiPt ',
    '<script>canary()</script>',
    '<!--',
    '-->',
    ']]>',
    '*/',
    '/*',
    '*/canary()/*',
  ],
  ...[
    '//',
    '\n',
    '\r\n',
    '\r',
    '\u2028',
    '\u2029',
    '\u0000',
    '\u0085',
    '\ufeff',
    '\u202e',
    '\ud800',
    '\udc00',
  ],
  ...[
    '😀',
    '__proto__',
    'constructor',
    'toString',
    'prototype',
    'canary()',
    ';canary();',
    '{{canary}}',
  ],
  ...[
    '{{{spec}}}',
    '{{#if}}',
    '%s',
    '$&',
    '$1',
    "$'",
    '$`',
    '\\u0022',
    '\\x22',
    '\\\\',
    '/',
    '*',
    ')',
    '}',
    ']',
  ],
  ...[
    'import("x")',
    '|',
    ' | string',
    ';export default 1;',
    '#!',
    '\ud83d',
    'null',
    '',
    ' ',
    'ü',
    '名前',
  ],
];

export const hostileName: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...fragments), fc.string({ unit: 'binary', maxLength: 3 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join(''));

/** The name of a network and of its three classes. */
export type Names = readonly [string, string, string, string];

export const hostileNames: fc.Arbitrary<Names> = fc
  .tuple(hostileName, hostileName, hostileName, hostileName)
  // The language refuses two equal labels; so does a union.
  .filter(([, ...labels]) => new Set(labels).size === 3);

export interface Checker {
  /** What is wrong, in words; nothing if all is well. */
  readonly check: (names: Names) => Promise<string | undefined>;
}

export async function checker(): Promise<Checker> {
  const base = await emissionOf();
  const shapes = shapesOf(await filesOf(base, ['net', 'a', 'b', 'c']));
  return {
    check: async (names) => {
      const files = await filesOf(base, names);
      for (const [name, shape] of Object.entries(shapesOf(files))) {
        if (shape !== shapes[name as SourceName]) return `${name} has another tree`;
        const text = files[name as SourceName];
        if (/<\/?script|<!--|-->/i.test(text)) return `${name} holds markup`;
      }
      return ran(files['model.cjs'], names);
    },
  };
}

async function emissionOf(): Promise<Emission> {
  const graph = networkOf('- { op: conv2d, kernel: 1, filters: 2 }', 4);
  const plan = await planModule(graph, randomWeights(graph));
  const weights = weightsFile(plan, 'fp32');
  const info = {
    ...{ name: '', input: graph.input, classes: 3, weights: 'fp32' as const, weightBytes: 4 },
    ...{ memoryBytes: 65536, params: 1, macs: 1, source: '', netlathe: '0' },
  };
  return {
    input: {
      graph,
      weights: new Map(),
      counts: count(graph),
      verdicts: [],
      source: '',
      netlathe: '0',
    },
    options: { weights: 'fp32', embed: false, relaxed: false },
    plan,
    weights,
    weightsHash: '',
    rounding: 0,
    spec: {
      ...{ info, labels: [], resize: 'cover' as const, norms: [], image: 0, logits: 0, tests: [] },
      ...{ weights: { bytes: 4, hash: 0, parts: [] }, kernels: plan.kernels, steps: plan.steps },
      tolerance: { simd: 0, relaxed: 0, js: 0 },
      wasm: { simd: '' },
    },
  };
}

async function filesOf(base: Emission, [name, ...labels]: Names) {
  const graph = { ...base.input.graph, name, classes: labels };
  const spec = { ...base.spec, labels, info: { ...base.spec.info, name } };
  const emission = { ...base, input: { ...base.input, graph }, spec };
  const sources = await sourceFiles(emission, headerOf(emission));
  const metadata = JSON.parse(JSON.stringify(metadataOf(emission, new Map()))) as { name: string };
  if (metadata.name !== name) throw new Error('metadata.json has another name');
  if (JSON.parse(codeOf(name)) !== name) throw new Error('codeOf changes a name');
  return sources;
}

/** The kinds of all nodes in order, and the number of comments. */
function shapesOf(files: Readonly<Record<SourceName, string>>): Record<SourceName, string> {
  const entries = Object.entries(files).map(([name, text]) => {
    const source = ts.createSourceFile(
      name.replace('.mjs', '.mjs.js').replace('.cjs', '.cjs.js'),
      text,
      ts.ScriptTarget.ES2022,
      false,
    );
    const { parseDiagnostics } = source as ts.SourceFile & { parseDiagnostics: readonly unknown[] };
    const kinds: number[] = [parseDiagnostics.length];
    const visit = (node: ts.Node): void => {
      kinds.push(node.kind);
      node.forEachChild(visit);
    };
    visit(source);
    return [name, kinds.join(' ')];
  });
  return Object.fromEntries(entries) as Record<SourceName, string>;
}

function ran(code: string, [name, ...labels]: Names): string | undefined {
  const context = vm.createContext({ sung: 0 });
  vm.runInContext('globalThis.canary = () => { sung++; return 1; };', context);
  vm.runInContext(code, context);
  if (context.sung !== 0) return 'the canary sang';
  const given = context.NetlatheModel.labels as readonly string[];
  const same = labels.every((label, i) => given[i] === label) && given.length === labels.length;
  return same ? undefined : `labels of ${JSON.stringify(name)} changed`;
}
