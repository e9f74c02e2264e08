/** The files of code: layouts of templates/module/ with finished fragments in their places. */

import { filled } from '../skeleton.ts';
import { codeOf, unionOf } from '../text.ts';
import type { Emission } from './emit.ts';
import { loadSupport, type Statement, type Support, statementsFor } from './support.ts';

const publicTypes = [
  'Backend',
  'PixelImage',
  'ImageInput',
  'CreateOptions',
  'PredictOptions',
  'Prediction',
  'SelfTestResult',
  'ModelInfo',
  'Model',
] as const;

export type SourceName =
  | 'model.ts'
  | 'model.mjs'
  | 'model.cjs'
  | 'model.d.ts'
  | 'model.d.mts'
  | 'model.d.cts';

export async function sourceFiles(
  { spec, options, plan }: Emission,
  header: string,
): Promise<Readonly<Record<SourceName, string>>> {
  const support = await loadSupport();
  const specCode = codeOf(spec);
  const union = unionOf([...new Set(spec.labels)]);
  const kernels = kernelsOf(support, plan.kernels);
  const script = { header, spec: specCode, core: support.core, kernels };
  const declarations = await filled('module/model.d.ts', {
    header,
    types: publicTypes.map((name) => typeCode(support, name)).join('\n\n'),
    union,
    createNote: options.embed
      ? 'The weights are inside.'
      : '`weights` is what weights.bin contains: read or fetch it as you like.',
    optional: options.embed ? '?' : '',
  });
  const source = await filled('module/model.ts', {
    header,
    support: statementsFor(support, ['modelOf', ...publicTypes, ...plan.kernels])
      .map(statementCode)
      .join('\n\n'),
    union,
    spec: specCode,
    names: plan.kernels.join(', '),
  });
  return {
    'model.ts': source,
    'model.mjs': await filled('module/model.mjs', script),
    'model.cjs': await filled('module/model.cjs', script),
    'model.d.ts': declarations,
    'model.d.mts': declarations,
    'model.d.cts': declarations,
  };
}

/** An object of the plain forms. */
export function kernelsOf(support: Support, names: readonly string[]): string {
  return `{ ${names.map((name) => `${name}: ${kernelOf(support, name)}`).join(', ')} }`;
}

function kernelOf(support: Support, name: string): string {
  const code = support.kernels[name];
  if (code === undefined) throw new Error(`netlathe bug: no plain form of the kernel "${name}"`);
  return code;
}

function typeCode(support: Support, name: string): string {
  const [statement] = support.statements.filter((s) => s.names.includes(name));
  if (!statement) throw new Error(`netlathe bug: no support code declares ${name}`);
  return statementCode(statement);
}

/** As written; what users of a module name is exported. */
function statementCode({ names, code }: Statement): string {
  const isPublic = names.some((name) => (publicTypes as readonly string[]).includes(name));
  return isPublic ? code.replace(/^(interface|type) /m, 'export $1 ') : code;
}
