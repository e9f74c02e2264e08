/** Architectures from strings, for tests of what works on compiled ones. */

import type { Source } from '../../compiler/1-load/load.ts';
import { type Compiled, compile, isComplete } from '../../compiler/compile.ts';

export function sourceOf(files: Readonly<Record<string, string>>): Source {
  return {
    resolve: (reference) => `/arch/${reference.replace(/^\/arch\//, '')}`,
    read: (file) => {
      const text = files[file.replace('/arch/', '')];
      if (text === undefined) throw new Error('there is no such file');
      return text;
    },
  };
}

export function compiledFrom(
  files: Readonly<Record<string, string>>,
  name: string,
  variant?: string,
): Compiled {
  const compilation = compile(sourceOf(files), name, { variant });
  if (isComplete(compilation)) return compilation;
  throw new Error(compilation.diagnostics.map((d) => d.message).join('\n'));
}

export function compiled(text: string, variant?: string): Compiled {
  return compiledFrom({ 'a.yaml': text }, 'a.yaml', variant);
}

/** A chain of convolutions, one for each width. */
export function chain(bandwidth: string, more = '', groups = '1'): string {
  const layers = `layers:
  - { op: conv2d, kernel: 3, padding: same, filters: "bandwidth[0]" }
  - for: { i: WIDTHS }
    layers:
      - { op: conv2d, kernel: 3, padding: same, filters: "bandwidth[i]", groups: ${groups} }
      - batchNorm
  - globalAvgPool
  - { op: dense, units: classes }
`;
  const count = (bandwidth.match(/\d+/g) ?? []).length - (bandwidth.includes('base') ? 1 : 0);
  return `version: 1
name: chain
input: { height: 8, width: 8 }
classes: 5
bandwidth: ${bandwidth}
${more}${layers.replace('WIDTHS', `1..${count - 1}`)}`;
}
