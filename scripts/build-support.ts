/**
 * Makes templates/built/support.generated.json of templates/support/: what an emitted module is put together from.
 * Minified for model.mjs and model.cjs; as it was written, statement by statement, for model.ts and model.d.ts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import ts from 'typescript';
import type { Statement, Support } from '../compiler/7-emit/ts/support.ts';

const root = path.join(import.meta.dirname, '..');
const folder = path.join(root, 'templates/support');
const kernelFolder = path.join(folder, 'kernels');
const target = path.join(root, 'templates/built/support.generated.json');

/** An expression that gives one export of a file with all that it needs. */
async function expression(name: string, file: string, target = 'es2020'): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${name} } from './${file}';`, resolveDir: folder, loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target,
    charset: 'ascii',
    legalComments: 'none',
  });
  const code = (outputFiles[0] as { text: string }).text.trim();
  const match = /^(.*)export\{([\w$]+)(?: as ([\w$]+))?\};?$/s.exec(code);
  if (!match || (match[3] ?? match[2]) !== name) throw new Error(`cannot wrap ${name}: ${code}`);
  return `(()=>{${match[1]}return ${match[2]}})()`;
}

/** The script of the page, readable; the module beside it stays a module of its own. */
async function pageScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(folder, 'web/app.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2020',
    charset: 'ascii',
    external: ['./model.mjs'],
  });
  // Names of files would depend on the folder that is built in.
  return (outputFiles[0] as { text: string }).text.replace(/^\/\/ .*\n/gm, '').trim();
}

/** The component with what it needs of ./host.ts in its place: React Native takes one file. */
function component(): string {
  const read = (name: string): string => readFileSync(path.join(folder, 'native', name), 'utf8');
  const host = read('host.ts')
    .replace(/^import .*\n+/gm, '')
    .trim();
  const view = read('ModelWebView.tsx');
  const types = /^import type .* from '\.\/model\.rn\.js';$/m;
  if (!types.test(view)) throw new Error('ModelWebView.tsx does not import the types of the model');
  const [head, body] = view
    .replace(/^import .*host\.ts';\n/m, '')
    .replace(types, "import type { ModelInfo, Prediction, PredictOptions } from './model.rn.js';")
    .split(/\n\n(?=export interface ModelHandle)/);
  if (body === undefined) throw new Error('ModelWebView.tsx is not as build-support.ts expects it');
  return [head, host, body.trim()].join('\n\n');
}

/** The top-level statements of a file without imports, exports and re-exports. */
function statementsOf(file: string): Statement[] {
  const text = readFileSync(file, 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const found: Statement[] = [];
  for (const node of source.statements) {
    if (ts.isImportDeclaration(node)) {
      continue;
    }
    if (ts.isExportDeclaration(node)) continue;
    found.push(statementOf(node, source, text));
  }
  return found;
}

function statementOf(node: ts.Statement, source: ts.SourceFile, text: string): Statement {
  const names = namesOf(node);
  const used = new Set<string>();
  const visit = (inner: ts.Node): void => {
    if (ts.isIdentifier(inner)) used.add(inner.text);
    inner.forEachChild(visit);
  };
  visit(node);
  const comments = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
  // The first comment of a file, apart from the statement by an empty line or by imports, is about the file.
  const own = comments.filter(
    ({ end }) => !/\n\s*\n|import /.test(text.slice(end, node.getStart(source))),
  );
  const from = own.at(-1)?.pos ?? node.getStart(source);
  const code = text.slice(from, node.end).replace(/^export /m, '');
  return { names, uses: [...used].filter((name) => !names.includes(name)), code };
}

function namesOf(node: ts.Statement): string[] {
  if (ts.isVariableStatement(node)) {
    return node.declarationList.declarations.map(({ name }) => name.getText());
  }
  const named =
    ts.isFunctionDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node);
  if (named && node.name) return [node.name.text];
  throw new Error(`support code may declare functions, constants and types: ${node.getText()}`);
}

export async function supportText(): Promise<string> {
  const files = ['types', 'base64', 'weights', 'scale', 'photo', 'self-test', 'backend', 'module'];
  const kernelFiles = readdirSync(kernelFolder)
    .filter((file) => file !== 'index.ts')
    .sort();
  const statements = [
    ...files.map((file) => path.join(folder, `${file}.ts`)),
    ...kernelFiles.map((file) => path.join(kernelFolder, file)),
  ].flatMap(statementsOf);
  const names = statements.flatMap((s) => s.names);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw new Error(`support code declares ${twice} in two files`);
  const kernels = (await import(pathToFileURL(path.join(kernelFolder, 'index.ts')).href)) as object;
  const support: Support = {
    core: await expression('modelOf', 'module.ts'),
    kernels: Object.fromEntries(
      await Promise.all(
        Object.keys(kernels)
          .sort()
          .map(async (name) => [name, await expression(name, 'kernels/index.ts')]),
      ),
    ),
    web: {
      app: await pageScript(),
      worker: await expression('serveOffline', 'web/worker.ts'),
    },
    native: {
      // Hermes of before 2024 has no asynchronous arrow functions.
      core: await expression('modelOf', 'module.ts', 'es2016'),
      bridge: await expression('serveHost', 'native/bridge.ts'),
      view: component(),
    },
    statements: statements.map((s) => ({
      ...s,
      uses: s.uses.filter((name) => names.includes(name)),
    })),
  };
  return `${JSON.stringify(support, null, 1)}\n`;
}

/** Replaced by a rename, so that no reader sees half of it. */
export async function buildSupport(): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  const temporary = `${target}.${process.pid}.tmp`;
  await writeFile(temporary, await supportText());
  await rename(temporary, target);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await buildSupport();
