import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Compiled } from '../compiler/compile.ts';
import { draw } from '../compiler/draw/draw.ts';
import { chain, compiled, compiledFrom } from './budget/support.ts';

const svg = ({ graph, counts, budget }: Compiled) => draw(graph, counts, budget);

/** A strict reader of the XML that is used here: tags balance, attributes are quoted once, entities are known. */
function checkXml(text: string): void {
  const open: string[] = [];
  const rest = text.replaceAll(
    /<(\/?)([a-zA-Z]+)((?:\s+[a-zA-Z-]+(?::[a-z]+)?="[^"<]*")*)\s*(\/?)>/g,
    (_, close, name, attributes, empty) => {
      const names = [...String(attributes).matchAll(/\s([a-zA-Z-]+)="/g)].map((m) => m[1]);
      expect(new Set(names).size).toBe(names.length);
      if (close) expect(open.pop()).toBe(name);
      else if (!empty) open.push(name);
      return '';
    },
  );
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<]|&(?!amp;|lt;|gt;|quot;|#39;)/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML does not allow them
  expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|[\ud800-\udfff]/u);
}

describe('draw', () => {
  const files = Object.fromEntries(
    readdirSync('architectures')
      .filter((f) => f.endsWith('.yaml'))
      .map((f) => [f, readFileSync(`architectures/${f}`, 'utf8')]),
  );

  it.each(Object.keys(files))('draws %s as well-formed XML, the same each time', (name) => {
    const arch = compiledFrom(files, name);
    const first = svg(arch);
    checkXml(first);
    expect(svg(compiledFrom(files, name))).toBe(first);
    expect(first).toContain('prefers-color-scheme:dark');
    // Not every program that shows SVG knows variables: without them it would paint all black.
    expect(first).not.toContain('var(');
    expect(first).toContain(`${arch.counts.params.trainable.toLocaleString('en-US')} params`);
  });

  it('escapes what the user wrote', () => {
    const name = '</text><script>alert(1)</script>&\\u0007\\ud800\\u202e"\'';
    const text = chain('[4, 6]').replace('name: chain', `name: "${name.replace('"', '\\"')}"`);
    const drawn = svg(compiled(text));
    checkXml(drawn);
    expect(drawn).not.toContain('<script');
    expect(drawn).toContain('&lt;script&gt;');
  });

  it('folds what repeats and counts it', () => {
    const text = chain('[4, 6]')
      .replace(
        'layers:\n',
        'blocks:\n  unit: [{ op: conv2d, kernel: 1, filters: in }, relu, { op: maxPool2d, size: 3, stride: 1, padding: 1 }]\nlayers:\n',
      )
      .replace(
        '  - globalAvgPool',
        '  - { op: conv2d, kernel: 3, padding: same, filters: 6, repeat: 4 }\n  - { block: unit, repeat: 2 }\n  - globalAvgPool',
      );
    const drawn = svg(compiled(text));
    expect(drawn).toContain('>×4<');
    expect(drawn).toContain('>×2<');
    expect(drawn).toContain('2 times, ');
  });

  it('draws a sum by name like one with branches', () => {
    const shape =
      'version: 1\nname: n\ninput: { height: 8, width: 8 }\nclasses: 3\nlayers:\n  - { op: conv2d, kernel: 1, filters: 4, name: stem }\n';
    const end = '  - globalAvgPool\n  - { op: dense, units: classes }\n';
    const branches = svg(
      compiled(
        `${shape}  - { op: add, branches: [[{ op: conv2d, kernel: 1, filters: 4 }], []] }\n${end}`,
      ),
    );
    const named = svg(
      compiled(
        `${shape}  - { op: conv2d, kernel: 1, filters: 4 }\n  - { op: add, from: [previous, stem] }\n${end}`,
      ),
    );
    const bare = (text: string) => text.replaceAll(/<title>.*?<\/title>/g, '');
    expect(bare(named)).toBe(bare(branches));
  });
});
