/** docs/language.md: the reference of the language, made from its schema. */

import type { Schema } from '../../compiler/2-validate/schema/attributes.ts';
import { architectureSchema } from '../../compiler/2-validate/schema/document.ts';
import { follow } from '../../compiler/2-validate/schema-at.ts';
import { opKinds } from '../../compiler/ops/index.ts';
import { flow, type Properties, propertiesOf, required, tableOf } from './table.ts';

const root = architectureSchema;
const definitions = root.definitions as Properties;
const part = (name: string): Schema => definitions[name] ?? {};
const table = tableOf(root);

export function languagePage(): string {
  return [
    intro,
    '## The file\n',
    table(propertiesOf(root), required(root.else as Schema)),
    ...['input', 'bandwidth', 'budget', 'limit'].map((name) => section(name, 3)),
    '## Expressions\n',
    `${part('expression').description}\n`,
    ...layers(),
    '## Ops\n',
    ...opKinds.map(opSection),
    section('recipe', 2, 'train'),
  ].join('\n');
}

const intro = `<!-- Made from the schema by \`npm run generate\`. Do not edit. -->

# The language

Each key, what it takes, and what it is when left out. The language is closed: an unknown key is an error, except keys
that start with \`x-\`, which are yours. \`netlathe compile FILE --print normalized\` writes all defaults out.
`;

function layers(): readonly string[] {
  const placement = propertiesOf(part('group'));
  const { layers: _, ...common } = placement;
  const block = part('block').else as Schema;
  const { branches, split } = propertiesOf(part('op.add'));
  return [
    '## Layers\n',
    `${part('layer').description}\n`,
    'Keys that every layer may have:\n',
    table(common, []),
    '### Loops: `for`\n',
    `${part('loop').description}\n`,
    examples(part('loop')),
    '### Blocks\n',
    `${part('block').description} A call is \`{ block: NAME, ... }\`: ${lower(String(part('call').description))}\n`,
    table(propertiesOf(block), required(block)),
    '### Branches\n',
    'Ops that join (`add`, `concat`, `multiply`) take these, or a list of names in `from`:\n',
    table({ branches: branches ?? {}, split: split ?? {} }, []),
  ];
}

function opSection(kind: string): string {
  const schema = part(`op.${kind}`);
  const shared = new Set(['op', 'branches', 'split', ...Object.keys(propertiesOf(part('group')))]);
  const own = Object.entries(propertiesOf(schema)).filter(([key]) => !shared.has(key));
  const text = `### ${kind}\n\n${schema.description}\n`;
  if (own.length === 0) return `${text}\nNo attributes of its own.\n`;
  return `${text}\n${table(Object.fromEntries(own), required(schema))}`;
}

/** A map of the schema with the maps inside it. */
function section(name: string, level: number, called = name): string {
  return mapSection(called, part(name), level);
}

function mapSection(title: string, given: Schema, level: number): string {
  const schema = follow(root, given);
  const map = mapOf(schema);
  const lines = [
    `${'#'.repeat(Math.min(level, 6))} \`${title}\`\n`,
    `${given.description ?? schema.description ?? ''}\n`,
    table(propertiesOf(map), required(map)),
  ];
  for (const [key, property] of Object.entries(propertiesOf(map))) {
    if (property.$ref === '#/definitions/limit') continue;
    const inner = mapOf(follow(root, property));
    if (Object.keys(propertiesOf(inner)).length > 0 && level < 5) {
      lines.push(mapSection(`${title}.${key}`, property, level + 1));
    }
  }
  return lines.join('\n');
}

/** The choice that is a map. */
function mapOf(schema: Schema): Schema {
  const options = ((schema.anyOf ?? schema.oneOf ?? []) as readonly Schema[]).map((o) =>
    follow(root, o),
  );
  return options.find((o) => o.type === 'object') ?? schema;
}

function examples(schema: Schema): string {
  const lines = ((schema.examples ?? []) as readonly unknown[]).map((e) => `    for: ${flow(e)}`);
  return `${lines.join('\n')}\n`;
}

const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
