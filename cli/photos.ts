/** The photos that a command asks a network about: those that its run held out, or others. */

import type { Graph } from '../compiler/graph/graph.ts';
import {
  DataError,
  type Dataset,
  type DatasetOptions,
  type ImageSet,
  loadDataset,
} from '../runtime/data/index.ts';
import type { RunRecord } from '../runtime/report/index.ts';
import type { CommandIo } from './io.ts';
import { bar, ProgressLine } from './progress.ts';
import { loadSplits, storageSize } from './train-session.ts';

export interface PhotoOptions {
  readonly data: string;
  readonly split?: string | undefined;
  readonly cache?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Asked {
  readonly graph: Graph;
  /** By which photos are held out. */
  readonly seed: number;
  /** Of the run, where the network has one: it says which photos were trained on. */
  readonly record?: RunRecord | undefined;
}

/**
 * `heldOut`: the photos are those of the run, less what it trained on. `trained`: those of a run that held none out, so that
 * figures say little. `given`: others, of which a run says nothing.
 */
export type Relation = 'heldOut' | 'trained' | 'given';

export interface Photos {
  readonly data: Dataset;
  /** Those to measure on. */
  readonly images: ImageSet;
  readonly relation: Relation;
}

export async function photosOf(
  io: CommandIo,
  { graph, seed, record }: Asked,
  { data: root, split, cache, signal }: PhotoOptions,
): Promise<Photos> {
  const line = new ProgressLine(io.stderr, io.quiet);
  const base: DatasetOptions = {
    root,
    seed,
    // A network whose file only counts its classes is told their names by the photos.
    classes: graph.labelled ? graph.classes : graph.classes.length,
    storageSize: storageSize(graph.input),
    cacheDir: cache,
    signal,
    onProgress: ({ done, total }) =>
      line.show(() => `decoding photos ${bar(done / total, 20)} ${done} of ${total}`),
  };
  try {
    if (split !== undefined) {
      const data = await loadDataset({ ...base, splits: { train: split } });
      return { data, images: data.train, relation: 'given' };
    }
    return (record && (await ofRun(base, record))) ?? (await natural(base));
  } finally {
    line.clear();
  }
}

/** Divided as the run divided them, where they are the run's: the fingerprint is of contents, labels and sides. */
async function ofRun(base: DatasetOptions, record: RunRecord): Promise<Photos | undefined> {
  const data = await loadSplits(base, record.recipe, []).catch((error: unknown) => {
    // Other photos may lack the folders or classes of the run's.
    if (error instanceof DataError) return undefined;
    throw error;
  });
  if (data?.fingerprint !== record.data.fingerprint) return undefined;
  const { validation, train } = data;
  return { data, images: validation ?? train, relation: validation ? 'heldOut' : 'trained' };
}

async function natural(base: DatasetOptions): Promise<Photos> {
  const data = await loadDataset(base);
  return { data, images: data.validation ?? data.train, relation: 'given' };
}
