/** docs/suites.md: the keys of a suite, made from its schema. */

import type { Schema } from '../../compiler/2-validate/schema/attributes.ts';
import { suiteSchema } from '../../compiler/suite/schema.ts';
import { type Properties, propertiesOf, required, tableOf } from './table.ts';

const definitions = suiteSchema.definitions as Properties;
const table = tableOf(suiteSchema);

const section = (title: string, schema: Schema): string =>
  `## ${title}\n\n${schema.description ?? ''}\n\n${table(propertiesOf(schema), required(schema))}`;

export function suitesPage(): string {
  const { network, question, space } = definitions;
  const { ablate, sweep } = propertiesOf(suiteSchema);
  return [
    `<!-- Made from the schema by \`npm run generate\`. Do not edit. -->

# Suites: the keys

What a suite file may say; [comparing.md](comparing.md) is the guide. The language is closed: an unknown key is an error,
except keys that start with \`x-\`, which are yours. Recipes (\`train\`) and budgets are those of
[language.md](language.md).
`,
    section('The file', { ...suiteSchema, description: suiteSchema.description }),
    section('`networks.NAME`', network as Schema),
    section('`ablate`', ablate as Schema),
    section('`sweep`', sweep as Schema),
    section('`sweep.search.KEY`', space as Schema),
    section('`questions`', { ...question, description: 'A list of these.' }),
  ].join('\n');
}
