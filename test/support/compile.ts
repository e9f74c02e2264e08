/** Architectures from text, for tests. */
import { type Compilation, compile, isComplete } from '../../compiler/compile.ts';
import type { Graph } from '../../compiler/graph/graph.ts';

export function compileText(yaml: string): Compilation {
  const source = { resolve: () => '/test/architecture.yaml', read: () => yaml };
  return compile(source, 'architecture.yaml');
}

export function graphOf(yaml: string): Graph {
  const compilation = compileText(yaml);
  if (!isComplete(compilation)) {
    throw new Error(compilation.diagnostics.map((d) => `${d.code} ${d.message}`).join('\n'));
  }
  return compilation.graph;
}

/** A network of these layers over a small image, with a dense layer of 3 classes at its end. */
export function networkOf(layers: string, size = 8, channels = 3): Graph {
  return graphOf(`
version: 1
name: test
input: { height: ${size}, width: ${size}, channels: ${channels} }
classes: 3
layers:
${layers
  .trim()
  .split('\n')
  .map((line) => `  ${line}`)
  .join('\n')}
  - globalAvgPool
  - { op: dense, units: classes }
`);
}
