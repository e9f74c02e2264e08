/** From the run folders of a suite to its comparison. Reads, never trains. */

import path from 'node:path';
import type { SuiteNetwork, SuitePlan } from '../../compiler/suite/plan.ts';
import { readIfThere } from '../files/read-if-there.ts';
import type {
  EpochMetrics,
  EvaluationRecord,
  PredictionsRecord,
  RunRecord,
} from '../report/records.ts';
import { settings } from '../report/sections/recipe.ts';
import type { Trial } from '../suite/trial.ts';
import { resolveRecipe } from '../train/recipe.ts';
import { runFiles } from '../train/run-folder.ts';
import type { Comparison, Latency, NetworkResult, TrialResult, TrialStatus } from './comparison.ts';
import { curvesOf, reachedOf, targetsOf } from './curves.ts';
import { pairsOf } from './pairs.ts';
import { summarizeShares } from './statistics.ts';

/** What a trial has left behind. */
export interface TrialFiles {
  readonly trial: Trial;
  readonly status: TrialStatus;
  readonly reason: string | null;
  readonly record: RunRecord | undefined;
  readonly metrics: readonly EpochMetrics[];
  readonly evaluation: EvaluationRecord | undefined;
  readonly predictions: PredictionsRecord | undefined;
}

export interface Standings {
  readonly status: (trial: Trial) => TrialStatus;
  /** Why it failed in this process, where nothing on disk says so. */
  readonly reason: (trial: Trial) => string | null;
}

export interface Surroundings {
  readonly netlathe: string;
  readonly latencies: ReadonlyMap<string, Latency>;
}

export async function readTrials(
  trials: readonly Trial[],
  standings: Standings,
): Promise<readonly TrialFiles[]> {
  return Promise.all(
    trials.map(async (trial) => {
      const at = (name: keyof typeof runFiles) => path.join(trial.folder, runFiles[name]);
      const [record, metrics, evaluation, predictions] = await Promise.all([
        readJson<RunRecord>(at('record')),
        readLines(at('metrics')),
        readJson<EvaluationRecord>(at('evaluation')),
        readJson<PredictionsRecord>(at('predictions')),
      ]);
      const status = standings.status(trial);
      const done = status === 'finished';
      return {
        trial,
        status,
        reason: standings.reason(trial),
        record,
        metrics,
        // What an earlier, shorter life of the run left must not pass for its result.
        evaluation: done ? evaluation : undefined,
        predictions: done ? predictions : undefined,
      };
    }),
  );
}

export function compared(
  plan: SuitePlan,
  read: readonly TrialFiles[],
  { netlathe, latencies }: Surroundings,
): Comparison {
  const files = withContents(read);
  const targets = targetsOf(plan.networks.map((n) => filesOf(files, n)));
  const networks = plan.networks.map((network, i) =>
    networkResult(plan, network, tagOf(i), filesOf(files, network), targets, latencies),
  );
  const records = files.flatMap(({ record }) => (record ? [record] : []));
  const first = [...records].sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1))[0];
  const judged = records.find(({ data }) => data.validation) ?? first;
  return {
    version: 1,
    name: plan.name,
    title: plan.title,
    description: plan.description ?? null,
    netlathe,
    node: first?.node ?? process.version,
    cpu: first?.cpu ?? null,
    engine: first?.engine ?? null,
    numerics: first?.numerics ?? null,
    threads: first?.threads ?? null,
    startedAt: first?.startedAt ?? null,
    seconds: records.reduce((sum, { seconds }) => sum + seconds, 0),
    classes: first?.classes ?? [],
    photos: judged
      ? { train: judged.data.train.count, validation: judged.data.validation?.count ?? null }
      : null,
    budget: plan.budget ?? null,
    recipe: resolveRecipe(plan.recipe),
    seeds: plan.seeds,
    networks,
    pairs: pairsOf(networks, files),
    questions: plan.questions,
  };
}

/** Older records do not tell which photos there were whatever their size; another run of the same ones may. */
function withContents(files: readonly TrialFiles[]): readonly TrialFiles[] {
  const known = new Map<string, string>();
  for (const { record } of files) {
    if (record?.data.contents) known.set(record.data.fingerprint, record.data.contents);
  }
  return files.map((file) => {
    const { record } = file;
    const contents = record && (record.data.contents ?? known.get(record.data.fingerprint));
    return contents ? { ...file, record: { ...record, data: { ...record.data, contents } } } : file;
  });
}

const filesOf = (files: readonly TrialFiles[], { id }: SuiteNetwork): readonly TrialFiles[] =>
  files.filter(({ trial }) => trial.network.id === id);

/** A to Z, then AA. */
export function tagOf(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : tagOf(Math.floor(index / 26) - 1) + letter;
}

function networkResult(
  plan: SuitePlan,
  network: SuiteNetwork,
  tag: string,
  files: readonly TrialFiles[],
  targets: readonly number[],
  latencies: ReadonlyMap<string, Latency>,
): NetworkResult {
  const { compiled, fitted, ablation, recipe } = network;
  const { counts, graph, normal } = compiled;
  const record = files.find((f) => f.record)?.record;
  const trials = files.map(trialResult);
  const finished = trials.filter(({ status }) => status === 'finished');
  const known = (pick: (t: TrialResult) => number | null) =>
    finished.map(pick).filter((v) => v !== null);
  const done = files.filter(({ status }) => status === 'finished');
  return {
    id: network.id,
    tag,
    label: network.label,
    role: network.role,
    reference: network.reference,
    ownBudget: network.ownBudget,
    teacher: network.teacher ?? null,
    ablation: ablation ? { of: ablation.of, key: ablation.key } : null,
    fitted: fitted ? { before: fitted.before, after: fitted.after } : null,
    widths: fitted?.after ?? normal.bandwidth ?? [],
    params: {
      file: counts.params.trainable,
      trained: record?.architecture.counts.params.trainable ?? null,
      classesOfFile: graph.classes.length,
    },
    macs: record?.architecture.counts.macs ?? counts.macs,
    activationBytes: counts.activationBytes,
    weightBytes: record?.architecture.counts.weightBytes ?? counts.weightBytes,
    verdicts: network.verdicts,
    architecture: files[0]?.trial.shown ?? '',
    changes: changesOf(plan, recipe),
    latency: latencies.get(network.id) ?? null,
    trials,
    heldOut: done.some(isHeldOut),
    accuracy: summarizeShares(known((t) => t.top1)),
    lastAccuracy: summarizeShares(known((t) => t.lastTop1)),
    curves: curvesOf(done),
    reached: reachedOf(done, targets),
    confusion: confusionOf(done),
  };
}

/** Photos that it was neither trained on, nor merged into what trained it. */
export const isHeldOut = ({ record, evaluation }: TrialFiles): boolean =>
  evaluation !== undefined && evaluation.split !== 'train' && record?.data.merged === false;

function trialResult(files: TrialFiles): TrialResult {
  const { trial, status, reason, record, metrics, evaluation } = files;
  const judged = isHeldOut(files) ? evaluation : undefined;
  const last = metrics.at(-1)?.validation;
  return {
    seed: trial.seed,
    status,
    reason,
    epochs: metrics.length,
    seconds: record?.seconds ?? 0,
    bestEpoch: record?.best?.epoch ?? null,
    top1: judged?.top1 ?? null,
    loss: judged?.loss ?? null,
    lastTop1: judged && last ? last.top1 : null,
    photos: judged?.count ?? 0,
    data: record?.data.contents ?? record?.data.fingerprint ?? null,
  };
}

function changesOf(plan: SuitePlan, recipe: SuiteNetwork['recipe']): NetworkResult['changes'] {
  const common = new Map(settings(resolveRecipe(plan.recipe)).map((s) => [s.key, s.value]));
  const own = settings(resolveRecipe(recipe));
  return own
    .filter(({ key, value }) => key !== 'seed' && common.get(key) !== value)
    .map(({ key, value }) => ({ key, from: common.get(key) ?? '–', to: value }));
}

function confusionOf(files: readonly TrialFiles[]): NetworkResult['confusion'] {
  const matrices = files.filter(isHeldOut).flatMap(({ evaluation }) => evaluation?.confusion ?? []);
  const size = files[0]?.record?.classes.length ?? 0;
  if (matrices.length === 0 || size === 0) return null;
  // The rows of all seeds one behind the other: every size-th belongs to the same class.
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (__, j) =>
      matrices.reduce((sum, row, r) => sum + (r % size === i ? (row[j] ?? 0) : 0), 0),
    ),
  );
}

async function readJson<T>(file: string): Promise<T | undefined> {
  const text = await readIfThere(file);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

async function readLines(file: string): Promise<readonly EpochMetrics[]> {
  const lines = ((await readIfThere(file)) ?? '').split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as EpochMetrics);
}
