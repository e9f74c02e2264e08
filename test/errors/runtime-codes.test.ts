/** What is thrown outside of the compiler is explained, and what is explained is thrown. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { findFault } from '../../compiler/diagnostics/catalogue.ts';
import { dataCodes, emitCodes, runCodes, weightsCodes } from '../../runtime/codes.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Codes in quotes, as they stand where something is thrown. */
function codesIn(folder: string): readonly string[] {
  const files = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
  return files
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const text = readFileSync(path.join(root, folder, name), 'utf8');
      return [...text.matchAll(/'([EW]\d{3})'/g)].map(([, code]) => code as string);
    });
}

const thrown = new Set(['runtime', 'cli', 'compiler/weights', 'compiler/7-emit'].flatMap(codesIn));
const explained = [dataCodes, runCodes, emitCodes, weightsCodes].flatMap((c) => Object.keys(c));

test('every code that is thrown is explained', () => {
  expect(thrown.size).toBeGreaterThan(30);
  expect([...thrown].filter((code) => !findFault(code))).toEqual([]);
});

test('every code that is explained is thrown', () => {
  expect(explained.filter((code) => !thrown.has(code))).toEqual([]);
});

test('the catalogue tells warnings from errors', () => {
  expect(findFault('e540')).toMatchObject({ code: 'E540', severity: 'error' });
  expect(findFault('W501')).toMatchObject({ severity: 'warning' });
});
