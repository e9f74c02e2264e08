/** What can be read of the page without a browser: its colours, and what names can do to it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { htmlOf, shownOf } from '../../../compiler/7-emit/text.ts';

const css = readFileSync(path.join(import.meta.dirname, '../../../templates/web/app.css'), 'utf8');

function coloursOf(block: string): ReadonlyMap<string, string> {
  return new Map(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((m) => [
      m[1] as string,
      m[2] as string,
    ]),
  );
}

/** Of WCAG 2.1. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string): number => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const [light, dark] = [...css.matchAll(/:root \{([^}]*)\}/g)].map((m) => coloursOf(m[1] as string));

describe.each([
  ['light', light],
  ['dark', dark],
])('%s', (_, colours) => {
  const of = (name: string) => colours?.get(name) ?? `no colour ${name}`;

  test.each([
    ['ink', 'paper'],
    ['ink', 'card'],
    ['soft', 'paper'],
    ['soft', 'card'],
    ['on-accent', 'accent'],
    ['bad', 'bad-paper'],
  ])('text: %s on %s', (text, ground) => {
    expect(contrast(of(text), of(ground))).toBeGreaterThanOrEqual(4.5);
  });

  test.each([
    ['accent', 'paper'],
    ['control', 'card'],
    ['bar', 'track'],
  ])('parts that mean something: %s on %s', (part, ground) => {
    expect(contrast(of(part), of(ground))).toBeGreaterThanOrEqual(2.9);
  });
});

describe('names', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'binary-ascii' }),
    fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes)),
    fc.constantFrom('</title><script>', '"><img src=x onerror=y>', '\u202eevil', '\ud800', "';--"),
  );

  test('become text and nothing else', () => {
    fc.assert(
      fc.property(nasty, (name) => {
        const html = htmlOf(name);
        expect(html).not.toMatch(/[<>"'\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\ufffe\uffff]/u);
        expect(html.replace(/&(amp|lt|gt|quot|#39);/g, '')).not.toContain('&');
        expect(shownOf(name).length).toBeGreaterThan(0);
        expect([...shownOf(name)].length).toBeLessThanOrEqual(80);
      }),
      { numRuns: 2000 },
    );
  });
});
