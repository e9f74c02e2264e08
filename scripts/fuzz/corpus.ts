/** What is damaged: the zoo, and the samples of mistakes. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface Corpus {
  readonly texts: readonly string[];
  readonly byName: ReadonlyMap<string, string>;
}

const root = path.join(import.meta.dirname, '../..');

export function readCorpus(): Corpus {
  const byName = new Map<string, string>();
  for (const folder of ['architectures', 'test/errors/samples']) {
    for (const name of readdirSync(path.join(root, folder)).sort()) {
      if (!name.endsWith('.yaml')) continue;
      byName.set(name, readFileSync(path.join(root, folder, name), 'utf8'));
    }
  }
  return { texts: [...byName.values()], byName };
}

/**
 * Files made to hurt. Small ones lie in test/corpus/yaml; those that are only large are made here, from what repeats in
 * them.
 */
export function readBombs(): ReadonlyMap<string, string> {
  const folder = path.join(root, 'test/corpus/yaml');
  const bombs = new Map(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]),
  );
  for (const [name, text] of Object.entries(large)) bombs.set(name, text());
  return bombs;
}

const keys = (count: number) => Array.from({ length: count }, (_, i) => `k${i}: 1\n`).join('');

const large: Readonly<Record<string, () => string>> = {
  'flow lists 1000 deep': () => '['.repeat(1000),
  'flow lists 100000 deep': () => '['.repeat(100_000),
  'flow maps 1000 deep': () => '{a: '.repeat(1000),
  'closed flow lists 800 deep': () => '['.repeat(800) + ']'.repeat(800),
  'blocks 1000 deep': () => Array.from({ length: 350 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
  'dashes 5000': () => '- '.repeat(5000),
  'question marks 5000': () => '? '.repeat(5000),
  'keys on one line 5000': () => 'a: '.repeat(5000),
  '1000 keys': () => keys(1000),
  '8000 keys': () => keys(8000),
  '20000 keys': () => keys(20_000),
  'a scalar of 200 KB': () => `version: ${'x'.repeat(200_000)}`,
  'a scalar of 10 MB': () => `version: ${'x'.repeat(10_000_000)}`,
  'quotes of 200 KB': () => `name: "${'\\u0041'.repeat(30_000)}"`,
  'folded lines of 200 KB': () => `name: >\n${'  word\n'.repeat(28_000)}`,
  '2000 anchors': () =>
    Array.from({ length: 2000 }, (_, i) => `k${i}: &a${i} [*a${Math.max(0, i - 1)}]\n`).join(''),
  '5000 aliases': () => `a: &a [1]\nb: [${'*a, '.repeat(5000)}1]\n`,
  '4000 merges': () => `a: &a { x: 1 }\n${'<<: *a\n'.repeat(4000)}`,
  '2000 documents': () => '---\na: 1\n'.repeat(2000),
  '5000 comments': () => '# a\n'.repeat(5000),
  '60000 tabs': () => '\t'.repeat(60_000),
  'NUL bytes': () => '\u0000'.repeat(60_000),
  '100000 closing brackets': () => ']'.repeat(100_000),
  'an expression 50000 long': () => layer(`kernel: "${'1 + '.repeat(12_000)}1"`),
  'an expression 5000 deep': () => layer(`kernel: "${'('.repeat(5000)}1${')'.repeat(5000)}"`),
  'a minus 20000 times': () => layer(`kernel: "${'-'.repeat(20_000)}1"`),
  'a name of 64 KB': () => `version: 1\nname: ${'n'.repeat(65_536)}\n`,
  'a label of 64 KB': () => network(`[ a, ${'n'.repeat(65_536)} ]`, 'dense'),
  '10000 labels': () => network(`[${Array.from({ length: 10_000 }, (_, i) => `c${i}`)}]`, 'dense'),
  '5000 layers': () => network('3', ...Array.from({ length: 5000 }, () => 'relu')),
  '64 branches of 64': () => {
    const inner = `{ op: add, branches: [${Array.from({ length: 64 }, () => '[]')}] }`;
    return network(
      '3',
      `{ op: concat, branches: [${Array.from({ length: 64 }, () => `[${inner}]`)}] }`,
    );
  },
  '10 repeats of 10 of 10 of 10 of 10': () => {
    let inner = 'relu';
    for (let i = 0; i < 10; i++) inner = `{ layers: [${inner}], repeat: 10 }`;
    return network('3', inner);
  },
};

function layer(attribute: string): string {
  return network('3', `{ op: conv2d, filters: 4, ${attribute} }`);
}

function network(classes: string, ...layers: readonly string[]): string {
  const head = `version: 1\nname: bomb\ninput: { height: 8, width: 8 }\nclasses: ${classes}\nlayers:\n`;
  return head + layers.map((text) => `  - ${text}\n`).join('');
}
