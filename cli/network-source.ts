/** The network that a command works on: that of a run, or an architecture with weights from a file or a seed. */

import { printNormalized } from '../compiler/3-normalize/print.ts';
import { count } from '../compiler/5-budget/counts.ts';
import type { EmitInput } from '../compiler/7-emit/ts/emit.ts';
import type { Graph } from '../compiler/graph/graph.ts';
import { initialize, type WeightStore } from '../compiler/weights/index.ts';
import type { RunRecord } from '../runtime/report/index.ts';
import { loadRun } from '../runtime/train/load-run.ts';
import { readWeights } from '../runtime/train/read-weights.ts';
import { resolveRecipe } from '../runtime/train/recipe.ts';
import { compileReference } from './compile-reference.ts';
import { type CommandIo, UsageError } from './io.ts';
import { wholeNumber } from './options.ts';
import { packageVersion } from './package.ts';

export interface NetworkOptions {
  readonly model?: string;
  readonly arch?: string;
  readonly init?: string;
  readonly seed?: string;
  readonly json?: boolean;
}

export interface Trained {
  readonly graph: Graph;
  readonly weights: WeightStore;
  /** Of the run or the recipe: which photos are held out. */
  readonly seed: number;
  /** Of the run, where there is one. */
  readonly record?: RunRecord;
}

/** A network that can be asked; `undefined` after saying what is wrong with the architecture. */
export async function trainedFrom(
  io: CommandIo,
  options: NetworkOptions,
): Promise<Trained | undefined> {
  const { model, arch, init } = options;
  oneOf(options);
  if (model !== undefined) {
    if (init !== undefined) throw new UsageError('--init goes with --arch: a run has its weights');
    const { graph, weights, record } = await loadRun(model);
    const cut = unfinished[record.status];
    if (cut !== undefined) {
      io.say(`${io.err.cyan('note')}: the run in ${model} ${cut}; these are its weights so far`);
    }
    return { graph, weights, seed: record.seed, record };
  }
  if (init === undefined) throw new UsageError('--arch needs the weights: add --init FILE');
  const opened = await compileReference(io, arch as string, options.json);
  if (!opened) return undefined;
  const { graph, normal } = opened.compiled;
  return {
    graph,
    weights: await readWeights(init, graph, { named: true }),
    seed: normal.recipe?.seed ?? 0,
  };
}

const unfinished: Partial<Record<RunRecord['status'], string>> = {
  running: 'has not come to its end',
  interrupted: 'was interrupted',
  failed: 'failed',
};

function oneOf({ model, arch }: NetworkOptions): void {
  if ((model === undefined) !== (arch === undefined)) return;
  throw new UsageError('give --model RUN or --arch ARCH, one of the two');
}

export interface Network extends EmitInput {
  /** By which photos are held out. */
  readonly seed: number;
  /** Of the run, where there is one. */
  readonly record?: RunRecord;
}

/** `undefined` after saying what is wrong with the architecture. */
export async function networkFrom(
  io: CommandIo,
  options: NetworkOptions,
): Promise<Network | undefined> {
  const { model, arch, init, seed } = options;
  oneOf(options);
  if (model !== undefined) {
    if (init !== undefined) throw new UsageError('--init goes with --arch: a run has its weights');
    if (seed !== undefined) throw new UsageError('--seed goes with --arch: a run has its weights');
    return ofRun(model);
  }
  if (init !== undefined && seed !== undefined) {
    throw new UsageError('--init and --seed both say where the weights come from; give one');
  }
  const opened = await compileReference(io, arch as string, options.json);
  if (!opened) return undefined;
  const { graph, counts, budget, spec, normal } = opened.compiled;
  const chosen = wholeNumber('--seed', seed) ?? normal.recipe?.seed ?? 0;
  const weights = init
    ? await readWeights(init, graph, { named: true })
    : initialize(graph, chosen);
  const source = printNormalized(spec.spec, normal, graph);
  const recipe = resolveRecipe(normal.recipe);
  const about = { counts, verdicts: budget.verdicts, source, netlathe: packageVersion(), recipe };
  return { graph, weights, ...about, seed: chosen };
}

async function ofRun(folder: string): Promise<Network> {
  const { graph, weights, record } = await loadRun(folder);
  const { architecture, recipe } = record;
  const { text: source, verdicts } = architecture;
  const about = { counts: count(graph), verdicts, source, netlathe: packageVersion(), recipe };
  return { graph, weights, ...about, seed: record.seed, record };
}
