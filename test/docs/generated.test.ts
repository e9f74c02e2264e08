/** What is made from the schema and the catalogue, and kept in the repository, is up to date. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { errorsPage } from '../../scripts/docs/errors.ts';
import { languagePage } from '../../scripts/docs/language.ts';
import { suitesPage } from '../../scripts/docs/suites.ts';
import { schemaText, suiteSchemaText, suiteTypesText, typesText } from '../../scripts/generate.ts';

const stored = (file: string) =>
  readFileSync(path.join(import.meta.dirname, '../..', file), 'utf8');

// Run `npm run generate` where one of these fails.
test('docs/errors.md', () => expect(errorsPage()).toBe(stored('docs/errors.md')));
test('docs/language.md', () => expect(languagePage()).toBe(stored('docs/language.md')));
test('the schema', () => expect(schemaText()).toBe(stored('schema/architecture.schema.json')));
test('the types', async () => {
  expect(await typesText()).toBe(stored('compiler/2-validate/spec.ts'));
});
test('docs/suites.md', () => expect(suitesPage()).toBe(stored('docs/suites.md')));
test('the schema of suites', () => {
  expect(suiteSchemaText()).toBe(stored('schema/suite.schema.json'));
});
test('the types of suites', async () => {
  expect(await suiteTypesText()).toBe(stored('compiler/suite/spec.ts'));
});
