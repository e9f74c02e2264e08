/** The README's example is an architecture of its own: it must compile to what the text says. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compileText } from '../support/compile.ts';

test('the example in the README compiles and keeps its budget', () => {
  const text = readFileSync(path.join(import.meta.dirname, '../../README.md'), 'utf8');
  const yaml = /```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  const { diagnostics, counts, budget } = compileText(yaml);
  expect(diagnostics).toEqual([]);
  expect(counts?.params.trainable).toBe(256_779);
  expect(budget?.verdicts.map((v) => v.ok)).toEqual([true]);
});
