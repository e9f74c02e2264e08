/** Damaged YAML: a file of the corpus, changed once or, a third of the time, up to eight times; the seed decides all. */

/** Mulberry32: numbers in 0..1 from a 32-bit seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const pieces = [
  ...['[', ']', '{', '}', ':', ': ', ',', '- ', '- - - ', '? ', '| ', '> ', '\t', '\n', '\r', '  '],
  ...[
    '&a ',
    '*a',
    '<<: ',
    '<<: *a\n',
    '!!js/function ',
    '!!binary ',
    '!<x>',
    '%YAML 1.1\n',
    '---\n',
  ],
  ...[
    '"',
    "'",
    '#',
    '\\',
    '\u0000',
    '\u001b[2J',
    '\ufeff',
    '\u202e',
    '\u0085',
    '\ud800',
    '💥',
    '字',
  ],
  ...['0', '-1', '1e999', '.nan', '0x10', '012', '999999999999999999999', '1000000', '4096', '0.5'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'null',
    '~',
    'true',
    'bandwidth[0]',
    'in / 0',
    'in * in',
  ],
  ...[
    'extends: student.yaml\n',
    'extends: fuzz.yaml\n',
    'repeat: 1000000, ',
    'for: { i: 0..999999 }, ',
  ],
  ...['from: previous, ', 'branches: [[], []], ', 'split: 2, ', 'x-a: &a [*a]\n', 'when: 0, '],
];

export function mutate(seed: number, corpus: readonly string[]): string {
  const random = randomFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  let text = pick(corpus);
  for (let rounds = below(3) === 0 ? 1 + below(8) : 1; rounds > 0; rounds--) {
    text = change(text, below, pick, corpus).slice(0, 300_000);
  }
  return text;
}

function change(
  text: string,
  below: (n: number) => number,
  pick: <T>(list: readonly T[]) => T,
  corpus: readonly string[],
): string {
  const at = below(text.length + 1);
  const length = below(Math.min(200, text.length - at + 1));
  const part = text.slice(at, at + length);
  const lines = text.split('\n');
  const line = below(lines.length);
  switch (below(11)) {
    case 0: // a byte flipped
      return (
        text.slice(0, at) +
        String.fromCharCode((text.charCodeAt(at) || 65) ^ (1 << below(8))) +
        text.slice(at + 1)
      );
    case 1: // a part lost
      return text.slice(0, at) + text.slice(at + length);
    case 2: // a part twice
      return text.slice(0, at) + part + text.slice(at);
    case 3: {
      // a part of another file
      const other = pick(corpus);
      const from = below(other.length + 1);
      return text.slice(0, at) + other.slice(from, from + below(400)) + text.slice(at);
    }
    case 4: // a piece of YAML put in
    case 5:
      return text.slice(0, at) + pick(pieces) + text.slice(at);
    case 6: // very many of something short
      return text.slice(0, at) + (pick(pieces) || ' ').repeat(1 + below(3000)) + text.slice(at);
    case 7: {
      // two words change places
      const words = [...text.matchAll(/[\w.]+/g)];
      if (words.length < 2) return text;
      const [a, b] = [pick(words), pick(words)].sort((x, y) => x.index - y.index);
      if (!a || !b || a.index + a[0].length > b.index) return text;
      const middle = text.slice(a.index + a[0].length, b.index);
      return text.slice(0, a.index) + b[0] + middle + a[0] + text.slice(b.index + b[0].length);
    }
    case 8: // a number is another
      return text.replace(/\d+/g, (digits) => (below(12) === 0 ? pick(pieces) : digits));
    case 9: // a line moves
      return [...lines.slice(0, line), ...lines.slice(line + 1), lines[line] ?? ''].join('\n');
    default: // a line is indented otherwise
      lines[line] = ' '.repeat(below(12)) + (lines[line] ?? '').trimStart();
      return lines.join('\n');
  }
}
