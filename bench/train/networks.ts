/** What is compared: networks that both sides write down in their own words, and the batches they train on. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compile, isComplete } from '../../compiler/compile.ts';
import { type Graph, size } from '../../compiler/graph/graph.ts';

export interface BenchNetwork {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  readonly batch: number;
}

const networks: readonly BenchNetwork[] = [
  { name: 'student', file: 'architectures/student.yaml', batch: 32 },
  { name: 'group', file: 'bench/train/networks/group.yaml', batch: 32 },
  { name: 'plain', file: 'architectures/student-plain.yaml', batch: 32 },
  { name: 'resnet20', file: 'architectures/resnet20-cifar.yaml', batch: 128 },
];

export const networkNames: readonly string[] = networks.map(({ name }) => name);

export const root = path.join(import.meta.dirname, '../..');

export function networkOf(name: string): BenchNetwork {
  const network = networks.find((n) => n.name === name);
  if (!network) throw new Error(`no network "${name}": ${networkNames.join(', ')}`);
  return network;
}

export function graphOf({ file }: BenchNetwork): Graph {
  const source = {
    resolve: (reference: string, from?: string) =>
      path.resolve(from === undefined ? root : path.dirname(from), reference),
    read: (name: string) => readFileSync(name, 'utf8'),
  };
  const compiled = compile(source, file);
  if (isComplete(compiled)) return compiled.graph;
  throw new Error(compiled.diagnostics.map((d) => `${d.code} ${d.message}`).join('\n'));
}

/** Trainable parameters, which the peers' networks must have as many of. */
export function parametersOf(graph: Graph): number {
  const weights = graph.nodes.flatMap((node) => node.weights.filter((w) => w.trainable));
  return weights.reduce((sum, weight) => sum + size(weight), 0);
}

/** Of a whole step, an image: forward, gradient to weights, and gradient to all inputs but the image itself. */
export function stepFlops(graph: Graph): number {
  const macs = graph.nodes.map((n) => n.macs * (n.inputs.includes(-1) ? 2 : 3));
  return 2 * macs.reduce((sum, n) => sum + n, 0);
}
