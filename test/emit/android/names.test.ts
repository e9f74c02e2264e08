import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { appIdOf, faultOfAppId, slugOf } from '../../../compiler/7-emit/android/names.ts';

const any = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes)),
  fc.constantFrom(
    '',
    '../../etc/passwd',
    'C:\\x',
    'class',
    '1st',
    '__proto__',
    'con',
    '食べ物',
    'Größe',
  ),
);

test('every name gives a file and an app that can be called so', () => {
  fc.assert(
    fc.property(any, (name) => {
      expect(slugOf(name)).toMatch(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/);
      expect(faultOfAppId(appIdOf(name))).toBeUndefined();
      expect(appIdOf(name)).toBe(appIdOf(name));
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['student', 'app.netlathe.student', 'student'],
  ['student-food10', 'app.netlathe.student_food10', 'student-food10'],
  ['class', 'app.netlathe.n_class', 'class'],
  ['Größe 2', expect.stringMatching(/^app\.netlathe\.gro_e_2_[0-9a-f]{6}$/), 'gro-e-2'],
  ['食べ物', expect.stringMatching(/^app\.netlathe\.classifier_[0-9a-f]{6}$/), 'classifier'],
])('%s', (name, id, slug) => {
  expect(appIdOf(name)).toEqual(id);
  expect(slugOf(name)).toBe(slug);
});

test('names that lose all their letters stay apart', () => {
  expect(appIdOf('食べ物')).not.toBe(appIdOf('動物'));
  expect(appIdOf('a b')).not.toBe(appIdOf('a-b'));
});

describe('a name of the user', () => {
  test.each([['org.example.food'], ['com.Example_1.x9']])('%s', (id) => {
    expect(faultOfAppId(id)).toBeUndefined();
  });
  test.each([
    ['food', 'two parts'],
    ['org.1food', '"1food" is not'],
    ['org..food', '"" is not'],
    ['org.new.food', '"new" is a word of Java'],
    [`org.${'a'.repeat(300)}`, 'too long'],
    ['org.fo"od', 'is not'],
  ])('%s', (id, fault) => {
    expect(faultOfAppId(id)).toContain(fault);
  });
});
