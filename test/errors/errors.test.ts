/** Every kind of mistake has a sample, and is found at the place where it is. */

import { readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../../compiler/diagnostics/catalogue.ts';
import { parse } from '../../compiler/1-load/parse.ts';
import { dataCodes, emitCodes, runCodes, suiteCodes, weightsCodes } from '../../runtime/codes.ts';
import { readSample, sampleFile } from './sample.ts';

const names = readdirSync(sampleFile('')).filter((name) => name.endsWith('.yaml'));

/** Cannot come from a small file alone: tested where they are made. */
const elsewhere = ['E102', 'E602', 'E610', 'E611', 'E612', 'E613'];

/** No YAML brings these about. */
const isOfRuntime = (code: string) => [dataCodes, runCodes, emitCodes, weightsCodes, suiteCodes].some((codes) => code in codes);

describe('samples', () => {
  for (const name of names) {
    test(name, () => {
      const { text, expected, found } = readSample(name);
      if (process.env.UPDATE_ERRORS) update(name, text, found.length);
      else expect(found).toEqual(expected);
    });
  }

  test('there are samples for all codes', () => {
    const shown = new Set(names.flatMap((name) => readSample(name).found.map((f) => f.slice(0, 4))));
    const missing = catalogue.map((f) => f.code).filter((code) => !shown.has(code));
    expect(missing.filter((code) => !elsewhere.includes(code) && !isOfRuntime(code))).toEqual([]);
  });

  test('a sample is named after its code', () => {
    const odd = names.filter(
      (name) => !readSample(name).found.some((f) => f.startsWith(name.slice(0, 4).toUpperCase())),
    );
    expect(odd).toEqual([]);
  });
});

test('the catalogue has each code once, and says why', () => {
  const codes = catalogue.map((f) => f.code);
  expect(codes.filter((code, i) => codes.indexOf(code) !== i)).toEqual([]);
  for (const { explanation, title } of catalogue) {
    expect(explanation.length).toBeGreaterThan(10);
    expect(title.length).toBeLessThan(60);
  }
});

test('a file beyond the limit is refused before it is parsed', () => {
  const result = parse('big.yaml', `# ${'x'.repeat(300_000)}\n`);
  expect(result.diagnostics.map((d) => d.code)).toEqual(['E102']);
});

describe('hostile YAML gives a diagnostic, quickly, twice in one process', () => {
  const hostile: Readonly<Record<string, readonly [text: string, code: string]>> = {
    'flow nesting': [`a: ${'['.repeat(1000)}`, 'E103'],
    'flow nesting, maps': [`${'{a: '.repeat(1000)}`, 'E103'],
    'block nesting': [
      Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      'E103',
    ],
    'compact dashes': [`${'- '.repeat(5000)}x`, 'E103'],
    'compact questions': [`${'? '.repeat(5000)}x`, 'E103'],
    'a map of 50,000 keys': [
      Array.from({ length: 25_000 }, (_, i) => `k${i}: 1`).join('\n'),
      'E107',
    ],
    'keys in keys': [`${'a: '.repeat(5000)}x`, 'E103'],
    'merge keys in merge keys': [`a: ${'<<: '.repeat(5000)}x`, 'E103'],
    'a cyclic alias': ['a: &a [*a]', 'E106'],
    'many laughs': [
      `a0: &a0 [x,x]\n${Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i},*a${i}]`).join('\n')}`,
      'E106',
    ],
    'a tag': ['a: !!js/function "x"', 'E104'],
    'a number beyond 2^53': ['a: 123456789012345678901234567890', 'E107'],
    'not a number': ['a: .nan', 'E107'],
    infinite: ['a: 1e999', 'E107'],
    'a leading zero': ['a: 012', 'E107'],
  };
  for (const [name, [text, code]] of Object.entries(hostile)) {
    test(name, () => {
      for (let round = 0; round < 2; round++) {
        const started = performance.now();
        const result = parse('hostile.yaml', text);
        expect(result.ok).toBe(false);
        expect(result.diagnostics[0]?.code).toBe(code);
        expect(result.diagnostics[0]?.place).toBeDefined();
        expect(performance.now() - started).toBeLessThan(2000);
      }
    });
  }

  test('__proto__ is a key like any other', () => {
    const result = parse('proto.yaml', '__proto__: { polluted: true }\n');
    expect(result.ok && [...result.value.entries.keys()]).toEqual(['__proto__']);
    expect(({} as { readonly polluted?: unknown }).polluted).toBeUndefined();
  });
});

/** The comments in front shift the lines, so that what is found is asked again. */
function update(name: string, text: string, count: number): void {
  const kept = text.replace(/^# expect: .*\n/gm, '');
  writeFileSync(sampleFile(name), `${'# expect: -\n'.repeat(count)}${kept}`);
  const { found } = readSample(name);
  writeFileSync(sampleFile(name), `${found.map((f) => `# expect: ${f}\n`).join('')}${kept}`);
}
