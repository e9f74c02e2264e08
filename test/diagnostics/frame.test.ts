import { describe, expect, test } from 'vitest';
import { Lines } from '../../compiler/1-load/lines.ts';
import type { Diagnostic, Related } from '../../compiler/diagnostics/diagnostic.ts';
import { humanForm } from '../../compiler/diagnostics/forms.ts';
import { frame } from '../../compiler/diagnostics/frame.ts';
import { clip, padEnd, visible, width, wrap } from '../../compiler/diagnostics/text.ts';

const plain = (text: string) => text;
const style = { bold: plain, dim: plain, red: plain, yellow: plain, blue: plain };

/** A diagnostic about `word` in `text`; related places are words, too. */
function about(
  files: Readonly<Record<string, string>>,
  word: string,
  related: readonly (readonly [file: string, word: string, message: string])[] = [],
  more: Partial<Diagnostic> = {},
  columns = 80,
): string {
  const placeOf = (file: string, part: string) => {
    const text = files[file] ?? '';
    const start = text.indexOf(part);
    return new Lines(file, text).place(start, start + part.length);
  };
  const others = related.map(
    ([file, part, message]): Related => ({ place: placeOf(file, part), message }),
  );
  const diagnostic: Diagnostic = {
    code: 'E999',
    severity: 'error',
    message: 'it is wrong',
    place: placeOf('a.yaml', word),
    related: others,
    ...more,
  };
  return frame(diagnostic, { style, columns, textOf: (file) => files[file] });
}

describe('a code frame', () => {
  test('shows several places by line, with gaps', () => {
    const text = 'first: 1\nsecond: 2\nthird: 3\nfourth: 4\n';
    const related = [['a.yaml', 'first', 'it began here']] as const;
    expect(about({ 'a.yaml': text }, '4', related, { hint: 'use 5' })).toBe(
      [
        'error[E999]: it is wrong',
        '  ┌─ a.yaml:4:9',
        '1 │ first: 1',
        '  │ ───── it began here',
        '  ┆',
        '4 │ fourth: 4',
        '  │         ^',
        '  = help: use 5',
        '',
      ].join('\n'),
    );
  });

  test('gives another file a frame of its own', () => {
    const files = { 'a.yaml': 'extends: b.yaml\n', 'b.yaml': 'one: 1\ntwo: 2\n' };
    const shown = about(files, 'b.yaml', [['b.yaml', 'two', 'from here']]);
    expect(shown).toContain('┌─ a.yaml:1:10');
    expect(shown).toContain('┌─ b.yaml:2:1\n2 │ two: 2\n  │ ─── from here');
  });

  test('expands tabs and counts wide characters', () => {
    const shown = about({ 'a.yaml': '\t名前: wrong\n' }, 'wrong');
    expect(shown).toContain('1 │   名前: wrong\n  │         ^^^^^\n');
  });

  test.each([5, 150, 390])('cuts wide lines to the mark at column %i', (at) => {
    const text = `${'x'.repeat(at)}HERE${'y'.repeat(400 - at)}\n`;
    const lines = about({ 'a.yaml': text }, 'HERE').split('\n');
    const [source = '', marker = ''] = [lines[2], lines[3]];
    expect(width(source)).toBeLessThanOrEqual(80);
    const from = marker.indexOf('^');
    expect([...source].slice(from, from + 4).join('')).toBe('HERE');
  });

  test('a label that does not fit gets a line of its own', () => {
    const text = `${'x'.repeat(60)} wrong\n`;
    const related = [['a.yaml', 'wrong', 'a label that needs more room than is left']] as const;
    const shown = about({ 'a.yaml': text }, 'x', related);
    expect(Math.max(...shown.split('\n').map(width))).toBeLessThanOrEqual(80);
    expect(shown).toContain('a label that needs more room than is left');
  });

  test('does without the text of a file', () => {
    expect(about({}, '', [])).toBe('error[E999]: it is wrong\n  ┌─ a.yaml:1:1\n');
  });

  test('carriage returns and control characters do not reach the terminal', () => {
    const shown = about({ 'a.yaml': 'a: \u001b[2Jb\r\n' }, 'b', [], { message: 'x\u202ey\u0007' });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(shown).not.toMatch(/[\r\u001b\u202e\u0007]/);
  });
});

test('twenty are shown, all are counted', () => {
  const one: Diagnostic = { code: 'E1', severity: 'error', message: 'no', related: [] };
  const text = humanForm(Array(33).fill(one), { style, columns: 80, textOf: () => undefined });
  expect(text.match(/^error/gm)).toHaveLength(20);
  expect(text.trimEnd().split('\n').at(-1)).toContain('33 errors (20 shown and 13 more)');
});

test('text', () => {
  expect(width('名前é')).toBe(5);
  expect(padEnd('名', 4)).toBe('名  ');
  expect(clip('abcdef', 4)).toBe('abc…');
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(visible('a\u0000b')).toBe('a\ufffdb');
});
