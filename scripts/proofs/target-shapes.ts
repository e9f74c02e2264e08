/** Whether what a target writes keeps its shape whatever a network and its classes are called. */

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import ts from 'typescript';
import { count } from '../../compiler/5-budget/counts.ts';
import { type TargetName, targetNames, targetOf } from '../../compiler/7-emit/targets.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import type { Names } from '../../test/emit/hostile-names.ts';
import { randomWeights } from '../../test/emit/support.ts';
import { networkOf } from '../../test/support/compile.ts';

const graph = networkOf('- { op: conv2d, kernel: 1, filters: 2 }', 4);
const weights = randomWeights(graph);
const options = {
  ...({ weights: 'fp32', embed: false, relaxed: false, preprocess: 'inside' } as const),
  ...{ signer: undefined, appId: undefined, project: false },
};

/** An app needs a key, and has its text inside of an archive: test/emit/android looks at that. */
export const shapedTargets = targetNames.filter((name) => name !== 'android');

type Shapes = ReadonlyMap<string, string>;

/** `undefined` if every text file of every target is built as with harmless names. */
export async function shapeChecker(): Promise<(names: Names) => Promise<string | undefined>> {
  const harmless = new Map<TargetName, Shapes>();
  for (const name of shapedTargets)
    harmless.set(name, await shapesOf(name, ['net', 'a', 'b', 'c']));
  return async (names) => {
    for (const [target, expected] of harmless) {
      const found = await shapesOf(target, names);
      for (const [file, shape] of expected) {
        if (found.get(file) !== shape) return `${target}: ${file} has another shape`;
      }
      if (found.size !== expected.size) return `${target}: other files`;
    }
    return undefined;
  };
}

async function shapesOf(target: TargetName, [name, ...classes]: Names): Promise<Shapes> {
  const named = { ...graph, name, classes };
  const input = {
    graph: named,
    weights,
    counts: count(named),
    verdicts: [],
    source: '',
    recipe: resolveRecipe(undefined),
    netlathe: '0',
  };
  const shapes = new Map<string, string>();
  for (const [file, bytes] of await targetOf(target).make(input, options)) {
    const shape = shapeOf(file, Buffer.from(bytes).toString('utf8'));
    if (shape !== undefined) shapes.set(file, shape);
  }
  return shapes;
}

function shapeOf(file: string, text: string): string | undefined {
  const ending = path.extname(file);
  if (/^\.([cm]?js|tsx?)$/.test(ending)) return codeShape(file, text);
  if (/^\.(html|xml|svg)$/.test(ending)) return tagShape(text);
  if (/^\.(json|webmanifest)$/.test(ending)) return jsonShape(JSON.parse(text));
  if (ending === '.py') return pythonShape(text);
  return undefined;
}

function codeShape(file: string, text: string): string {
  const source = ts.createSourceFile(`${file}.tsx`, text, ts.ScriptTarget.ES2022, false);
  const kinds: number[] = [];
  const visit = (node: ts.Node): void => {
    kinds.push(node.kind);
    node.forEachChild(visit);
  };
  visit(source);
  return kinds.join(' ');
}

/** Names of tags in order; what a name could add is a tag of its own. */
function tagShape(text: string): string {
  return [...text.matchAll(/<\/?[a-z!?][a-z0-9-]*/gi)].map(([tag]) => tag).join(' ');
}

function jsonShape(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonShape).join()}]`;
  if (typeof value !== 'object' || value === null) return typeof value;
  return `{${Object.entries(value)
    .map(([key, inner]) => `${key}:${jsonShape(inner)}`)
    .join()}}`;
}

/** Kinds of the nodes of Python's own tree; nothing where there is no Python. */
function pythonShape(text: string): string | undefined {
  const script =
    'import ast,sys;print(*[type(n).__name__ for n in ast.walk(ast.parse(sys.stdin.buffer.read()))])';
  const { status, stdout, stderr, error } = spawnSync('python3', ['-c', script], {
    input: text,
    encoding: 'utf8',
  });
  if (error) return undefined;
  return status === 0 ? stdout : stderr;
}
