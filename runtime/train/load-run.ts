/** A finished run, or any folder with its files, as a network that can be asked. */

import { stat } from 'node:fs/promises';
import path from 'node:path';
import { compile, isComplete } from '../../compiler/compile.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import type { WeightStore } from '../../compiler/weights/index.ts';
import { readPlainFile } from '../files/read-plain-file.ts';
import type { RunRecord } from '../report/records.ts';
import { reasonOf, systemCode } from '../runtime-error.ts';
import { readWeights } from './read-weights.ts';
import { parseRecord, runFiles } from './run-folder.ts';
import { TrainError } from './train-error.ts';

export interface LoadedRun {
  readonly record: RunRecord;
  readonly graph: Graph;
  readonly weights: WeightStore;
  readonly folder: string;
}

/** `folder` is the folder of a run; the weights are its best, or the last ones where none is best yet. */
export async function loadRun(folder: string): Promise<LoadedRun> {
  const record = await readRecord(folder);
  const file = path.join(folder, runFiles.architecture);
  const graph = compileRun(file, await readText(file));
  const weights = await readWeights(await weightsFile(folder), graph);
  return { record, graph, weights, folder };
}

async function readRecord(folder: string): Promise<RunRecord> {
  const file = path.join(folder, runFiles.record);
  return parseRecord(file, await readText(file));
}

/** Far above a record of a thousand layers. */
const largestText = 16 * 2 ** 20;

async function readText(file: string): Promise<string> {
  try {
    return Buffer.from(await readPlainFile(file, { limitBytes: largestText })).toString('utf8');
  } catch (error) {
    const missing = systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR';
    throw new TrainError({
      code: 'E545',
      message: missing ? 'there is no run here' : `cannot be read: ${reasonOf(error)}`,
      path: file,
      cause: error,
      hint: 'give the folder that netlathe train wrote: --model runs/NAME',
    });
  }
}

function compileRun(file: string, text: string): Graph {
  const source = { resolve: () => file, read: () => text };
  const compilation = compile(source, file);
  if (isComplete(compilation)) return compilation.graph;
  const [first] = compilation.diagnostics;
  throw new TrainError({
    code: 'E545',
    message: `the architecture of the run does not compile: ${first?.message ?? 'unknown'}`,
    path: file,
    hint: 'it was changed by hand, or made by another version of netlathe',
  });
}

async function weightsFile(folder: string): Promise<string> {
  const best = path.join(folder, runFiles.best);
  try {
    await stat(best);
    return best;
  } catch {
    return path.join(folder, runFiles.last);
  }
}
