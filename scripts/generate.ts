/**
 * Makes what follows from the schemas of architectures and suites: `schema/*.schema.json`, the TypeScript types in
 * `compiler/2-validate/spec.ts` and `compiler/suite/spec.ts`, the pages docs/language.md, docs/suites.md and
 * docs/errors.md (all in the repository, tests compare them) and the compiled validators.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { build } from 'esbuild';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import type { Schema } from '../compiler/2-validate/schema/attributes.ts';
import { architectureSchema } from '../compiler/2-validate/schema/document.ts';
import { forEditors } from '../compiler/2-validate/schema/for-editors.ts';
import { suiteSchema } from '../compiler/suite/schema.ts';
import { errorsPage } from './docs/errors.ts';
import { languagePage } from './docs/language.ts';
import { suitesPage } from './docs/suites.ts';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

export function schemaText(): string {
  return `${JSON.stringify(forEditors(architectureSchema), null, 2)}\n`;
}

export function suiteSchemaText(): string {
  return `${JSON.stringify(suiteSchema, null, 2)}\n`;
}

/** What a suite has in common with an architecture is typed there. */
export function suiteTypesText(): Promise<string> {
  const shared = (type: string) => ({ tsType: `import('../2-validate/spec.ts').${type}` });
  const definitions = {
    ...(suiteSchema.definitions as Schema),
    budget: shared('Budget'),
    recipe: shared('Recipe'),
  };
  return typesOf({ ...suiteSchema, definitions, title: 'SuiteSpec' }, 'SuiteSpec');
}

/** The choices that the schema makes with if/then/else, as the unions that TypeScript knows. */
export async function typesText(): Promise<string> {
  const { if: _if, then: _then, else: _else, ...schema } = architectureSchema;
  const definitions = {
    ...(schema.definitions as Schema),
    layer: {
      anyOf: [
        { type: 'string' },
        ...['op', 'call', 'group'].map((d) => ({ $ref: `#/definitions/${d}` })),
      ],
    },
    block: {
      anyOf: [
        { $ref: '#/definitions/layers' },
        {
          title: 'ParameterizedBlock',
          ...((schema.definitions as { block: { else: Schema } }).block.else as Schema),
        },
      ],
    },
  };
  return typesOf({ ...schema, definitions, title: 'Spec' }, 'Spec');
}

function typesOf(schema: Schema, name: string): Promise<string> {
  return compile(forTypes(schema) as JSONSchema, name, {
    bannerComment: '/** Made from the schema by `npm run generate`. Do not edit. */',
    style: { singleQuote: true, printWidth: 100 },
    strictIndexSignatures: true,
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
  });
}

/** `x-` keys would make every map open to any key in TypeScript. */
function forTypes(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(forTypes);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => key !== 'patternProperties')
      .map(([key, value]) => [key, forTypes(value)]),
  );
}

async function validatorText(schema: Schema): Promise<string> {
  const ajv = new Ajv({
    allErrors: true,
    discriminator: true,
    strict: true,
    strictRequired: false,
    strictTypes: false,
    strictTuples: false,
    inlineRefs: false,
    code: { source: true, esm: true, lines: false },
  });
  const validate = ajv.compile(schema);
  const source = (standalone as unknown as { default: typeof standalone.default }).default(
    ajv,
    validate,
  );
  // Bundled, because ajv's output still requires its own helpers; the package then runs without ajv.
  const bundled = await build({
    stdin: { contents: source, resolveDir: root, loader: 'js' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['main'],
    write: false,
    legalComments: 'none',
  });
  return (bundled.outputFiles[0] as { text: string }).text;
}

export async function generate(): Promise<void> {
  for (const folder of ['schema', 'docs']) {
    mkdirSync(path.join(root, folder), { recursive: true });
  }
  const at = (file: string) => path.join(root, file);
  writeFileSync(at('schema/architecture.schema.json'), schemaText());
  writeFileSync(at('compiler/2-validate/spec.ts'), await typesText());
  writeFileSync(at('docs/errors.md'), errorsPage());
  writeFileSync(at('docs/language.md'), languagePage());
  writeFileSync(at('schema/suite.schema.json'), suiteSchemaText());
  writeFileSync(at('compiler/suite/spec.ts'), await suiteTypesText());
  writeFileSync(at('docs/suites.md'), suitesPage());
  for (const [folder, schema] of validators) {
    writeFileSync(at(`${folder}/validator.generated.js`), await validatorText(schema));
    writeFileSync(
      at(`${folder}/validator.generated.d.ts`),
      "import type { ErrorObject } from 'ajv';\ndeclare const validate: { (data: unknown): boolean; errors?: ErrorObject[] | null };\nexport default validate;\n",
    );
  }
}

const validators: readonly (readonly [folder: string, schema: Schema])[] = [
  ['compiler/2-validate', architectureSchema],
  ['compiler/suite', suiteSchema],
];

if (process.argv[1] === fileURLToPath(import.meta.url)) await generate();
