/** Whether what a target writes keeps its shape whatever a network and its classes are called. */

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import ts from 'typescript';
import { count } from '../../compiler/5-budget/counts.ts';
import { appIdOf, slugOf } from '../../compiler/7-emit/android/names.ts';
import type { Signer } from '../../compiler/7-emit/android/sign.ts';
import { newKeyFile, signerOf } from '../../compiler/7-emit/android/signer.ts';
import { filesOf } from '../../compiler/7-emit/android/zip.ts';
import { type TargetName, targetNames, targetOf } from '../../compiler/7-emit/targets.ts';
import type { BundleFiles } from '../../compiler/7-emit/ts/emit.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import type { Names } from '../../test/emit/hostile-names.ts';
import { randomWeights } from '../../test/emit/support.ts';
import { networkOf } from '../../test/support/compile.ts';

const graph = networkOf('- { op: conv2d, kernel: 1, filters: 2 }', 4);
const weights = randomWeights(graph);
const options = {
  ...({ weights: 'fp32', embed: false, relaxed: false, preprocess: 'inside' } as const),
  ...{ appId: undefined, project: true },
};

/** RES_STRING_POOL_TYPE of frameworks/base ResourceTypes.h. */
const stringPool = 0x0001;

type Shapes = ReadonlyMap<string, string>;

/** `undefined` if every text file of every target is built as with harmless names. */
export async function shapeChecker(): Promise<(names: Names) => Promise<string | undefined>> {
  const harmless = new Map<TargetName, Shapes>();
  const signer = signerOf(newKeyFile(), 'a new key');
  for (const name of targetNames)
    harmless.set(name, await shapesOf(name, ['net', 'a', 'b', 'c'], signer));
  return async (names) => {
    for (const [target, expected] of harmless) {
      const found = await shapesOf(target, names, signer);
      for (const [file, shape] of expected) {
        if (found.get(file) !== shape) return `${target}: ${file} has another shape`;
      }
      if (found.size !== expected.size) return `${target}: other files`;
    }
    return undefined;
  };
}

async function shapesOf(
  target: TargetName,
  [name, ...classes]: Names,
  signer: Signer,
): Promise<Shapes> {
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
  for (const [file, bytes] of unpacked(
    await targetOf(target).make(input, { ...options, signer }),
  )) {
    const shape = shapeOf(file, bytes, name);
    if (shape !== undefined) shapes.set(file, shape);
  }
  return shapes;
}

/** An app is named after the network; its files are looked at one by one. */
function unpacked(files: BundleFiles): readonly (readonly [file: string, bytes: Buffer])[] {
  return [...files].flatMap<readonly [string, Buffer]>(([file, bytes]) =>
    file.endsWith('.apk')
      ? [...filesOf(bytes)].map(([inner, contents]) => [`apk/${inner}`, contents] as const)
      : [[file, Buffer.from(bytes)] as const],
  );
}

function shapeOf(file: string, bytes: Buffer, name: string): string | undefined {
  const ending = path.extname(file);
  // The XML and the resources of an app are binary, in chunks that say how long they are.
  if (/^apk\/[^/]*\.(xml|arsc)$|^apk\/res\/.*\.xml$/.test(file)) return chunkShape(bytes);
  const text = bytes.toString('utf8');
  // An app's own name, letters and digits, is all that a project writes there.
  if (/^\.(kts|java|properties)$/.test(ending)) return text.replaceAll(appIdOf(name), 'APP');
  if (/^\.([cm]?js|tsx?)$/.test(ending)) return codeShape(file, text);
  if (/^\.(html|xml|svg)$/.test(ending)) return tagShape(text);
  if (/^\.(json|webmanifest)$/.test(ending))
    return jsonShape(JSON.parse(text.replaceAll(`"${slugOf(name)}.apk"`, '"app.apk"')));
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

/** Kinds and sizes of chunks, but for the sizes of pools of strings, in which alone a name may stand. */
function chunkShape(bytes: Buffer): string {
  const chunks: string[] = [];
  const end = bytes.readUInt32LE(4);
  let at = bytes.readUInt16LE(2);
  while (at < end) {
    const [kind, size] = [bytes.readUInt16LE(at), bytes.readUInt32LE(at + 4)];
    chunks.push(kind === stringPool ? 'strings' : `${kind}:${size}`);
    at += size;
  }
  return `${chunks.join(' ')} and ${at - end} more`;
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
