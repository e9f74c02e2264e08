/** The photos that a command looks at with a trained network: those that its run trained on and held out, or others. */

import type { Graph } from '../compiler/graph/graph.ts';
import { type Dataset, loadDataset } from '../runtime/data/index.ts';
import type { CommandIo } from './io.ts';
import { bar, ProgressLine } from './progress.ts';
import { storageSize } from './train-session.ts';

export interface PhotoOptions {
  readonly data: string;
  readonly split?: string | undefined;
  readonly cache?: string | undefined;
}

/** `seed` is the run's, so that the same photos are held out. */
export async function photosOf(
  io: CommandIo,
  { graph, seed }: { readonly graph: Graph; readonly seed: number },
  { data: root, split, cache }: PhotoOptions,
): Promise<Dataset> {
  const line = new ProgressLine(io.stderr, io.quiet);
  const data = await loadDataset({
    root,
    seed,
    classes: graph.classes,
    storageSize: storageSize(graph.input),
    ...(split === undefined ? {} : { splits: { train: split } }),
    cacheDir: cache,
    onProgress: ({ done, total }) =>
      line.show(() => `decoding photos ${bar(done / total, 20)} ${done} of ${total}`),
  });
  line.clear();
  return data;
}
