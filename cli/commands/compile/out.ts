/** `compile --out DIR`: the network with its initial weights, as a model that tfjs loads. */

import type { Graph } from '../../../compiler/graph/graph.ts';
import { type CommandIo, UsageError } from '../../io.ts';

export async function writeModel(_io: CommandIo, graph: Graph, folder: string): Promise<void> {
  throw new UsageError(
    `--out needs the tfjs emitter (phase 7), which this version does not have: ${graph.name} is not in ${folder}`,
  );
}
