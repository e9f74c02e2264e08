/** Teachers from files: the folder of a run, or an architecture with weights. */

import { createHash } from 'node:crypto';
import type { Graph } from '../../compiler/graph/graph.ts';
import { printGraph } from '../../compiler/graph/print.ts';
import type { WeightStore } from '../../compiler/weights/index.ts';
import { loadRun } from './load-run.ts';
import type { Teacher } from './teacher.ts';

export async function teacherOfRun(folder: string): Promise<Teacher> {
  const { graph, weights, record } = await loadRun(folder);
  return teacherOf(graph, weights, { name: record.name, reference: folder });
}

/** Its classes are those of the graph where the file names them. */
export function teacherOf(
  graph: Graph,
  weights: WeightStore,
  { name, reference }: Pick<Teacher, 'name' | 'reference'>,
): Teacher {
  let parameters = 0;
  for (const node of graph.nodes) {
    for (const { name: weight, trainable } of node.weights) {
      const values = weights.get(`${node.name}.${weight}`)?.values;
      if (trainable) parameters += values?.length ?? 0;
    }
  }
  return {
    name,
    reference,
    classes: graph.labelled ? graph.classes : undefined,
    fingerprint: fingerprint(graph, weights),
    parameters,
    network: { kind: 'graph', graph, weights },
  };
}

function fingerprint(graph: Graph, weights: WeightStore): string {
  const hash = createHash('sha256').update(printGraph(graph));
  for (const [name, { values }] of weights) {
    hash.update(name).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}
