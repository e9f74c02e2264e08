/** The ready-made parts of modules, which scripts/build-support.ts makes of templates/support/. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../../../runtime/package-root.ts';

/** A top-level statement of the support code. */
export interface Statement {
  readonly names: readonly string[];
  /** Names of other statements that it needs. */
  readonly uses: readonly string[];
  readonly code: string;
}

export interface Support {
  /** Minified expressions: `modelOf` of templates/support/module.ts, and the plain kernels by name. */
  readonly core: string;
  readonly kernels: Readonly<Record<string, string>>;
  /** Of the web page: its script, and an expression that gives `serveOffline`. */
  readonly web: { readonly app: string; readonly worker: string };
  /** Of React Native: `modelOf` for engines without async functions, an expression of `serveHost`, the component. */
  readonly native: { readonly core: string; readonly bridge: string; readonly view: string };
  /** As written, in an order in which they can stand in one file. */
  readonly statements: readonly Statement[];
}

let loaded: Promise<Support> | undefined;

export function loadSupport(): Promise<Support> {
  loaded ??= read();
  return loaded;
}

async function read(): Promise<Support> {
  const file = path.join(packageRoot(), 'templates/built/support.generated.json');
  return JSON.parse(await readFile(file, 'utf8')) as Support;
}

/** The statements that declare these names, and all that they need. */
export function statementsFor(support: Support, names: readonly string[]): readonly Statement[] {
  const wanted = new Set<string>();
  const queue = [...names];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (wanted.has(name)) continue;
    wanted.add(name);
    const owner = support.statements.find((s) => s.names.includes(name as string));
    if (!owner) throw new Error(`netlathe bug: no support code declares ${name}`);
    queue.push(...owner.uses);
  }
  return support.statements.filter((s) => s.names.some((name) => wanted.has(name)));
}
