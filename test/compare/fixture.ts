/** The report's suite with made-up results: what a page looks like before hours were spent. Deterministic. */

import path from 'node:path';
import { diskSource } from '../../cli/source.ts';
import { count } from '../../compiler/5-budget/counts.ts';
import { compile, isComplete } from '../../compiler/compile.ts';
import { planSuite, type SuitePlan } from '../../compiler/suite/plan.ts';
import { compared, type TrialFiles } from '../../runtime/compare/collect.ts';
import type { Comparison, TrialStatus } from '../../runtime/compare/comparison.ts';
import type { EpochMetrics, RunRecord } from '../../runtime/report/records.ts';
import { classFigures, confusionMatrix, wilsonInterval } from '../../runtime/report/statistics.ts';
import { type Trial, trialsOf } from '../../runtime/suite/trial.ts';
import { Random } from '../../runtime/train/random.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';

export const food = 'bread,dairy,dessert,egg,fried,meat,noodles,rice,seafood,soup'.split(',');
const photos = 750;

export function planOf(file: string): SuitePlan {
  const source = diskSource({ cwd: process.cwd() });
  const result = planSuite(source, path.resolve(file));
  if (!result.ok) throw new Error(result.diagnostics.map((d) => d.message).join('\n'));
  return result.value;
}

export interface Made {
  /** Final accuracy by network; others get the first. */
  readonly skill: Readonly<Record<string, number>>;
  readonly status?: (trial: Trial) => TrialStatus;
  readonly epochs?: number;
  readonly classes?: readonly string[];
  /** What a run's record says of its photos, by network. */
  readonly data?: Readonly<Record<string, Partial<RunRecord['data']>>>;
}

export function madeUp(plan: SuitePlan, made: Made): Comparison {
  const files = trialsOf(plan, 'nowhere').map((trial) => filesOf(trial, made));
  const latency = (id: string) => {
    const median = 1 + plan.networks.findIndex((n) => n.id === id) / 3;
    return { median, low: median * 0.95, high: median * 1.1, runs: 40, cpu: 'Made-up CPU' };
  };
  const latencies = new Map(plan.networks.map(({ id }) => [id, latency(id)]));
  return compared(plan, files, { netlathe: '0.0.0', latencies });
}

export function filesOf(trial: Trial, made: Made): TrialFiles {
  const status = made.status?.(trial) ?? 'finished';
  const reason = status === 'failed' ? 'the loss is no longer a number (E540)' : null;
  const none = { record: undefined, metrics: [], evaluation: undefined, predictions: undefined };
  if (status === 'missing') return { trial, status, reason, ...none };
  const { network, seed } = trial;
  const classes = made.classes ?? food;
  const skill = made.skill[network.id] ?? Object.values(made.skill)[0] ?? 0.5;
  const random = new Random(
    seed,
    1,
    [...network.id].reduce((sum, c) => sum * 31 + c.charCodeAt(0), 7),
  );
  const final = skill + 0.012 * (random.unit() - 0.5);
  const merged = network.recipe.data?.validation === false;
  const all = metricsOf(final, made.epochs ?? 40, merged, random);
  const metrics = status === 'finished' ? all : all.slice(0, Math.ceil(all.length / 3));
  const bare = recordOf(trial, metrics, merged, classes);
  const record = { ...bare, data: { ...bare.data, ...made.data?.[network.id] } };
  if (status !== 'finished') return { ...none, trial, status, reason, record, metrics };
  return { trial, status, reason, record, metrics, ...judged(final, classes, merged, random) };
}

function metricsOf(final: number, epochs: number, merged: boolean, random: Random): EpochMetrics[] {
  return Array.from({ length: epochs }, (_, i) => {
    const rise = 1 - Math.exp((-3.2 * (i + 1)) / epochs);
    const noise = () => 0.012 * (random.unit() - 0.5);
    const top1 = 0.1 + (final - 0.1) * (rise / (1 - Math.exp(-3.2))) + noise();
    return {
      epoch: i + 1,
      step: (i + 1) * 94,
      learningRate: 0.002,
      seconds: (i + 1) * 9,
      imagesPerSecond: 330,
      train: { loss: 2.3 - 1.3 * rise + noise(), top1: Math.max(0.05, top1 - 0.03 + noise()) },
      validation: merged
        ? null
        : { loss: 2.3 - 1.15 * rise + noise(), top1: Math.max(0.05, top1), top5: 0.9 },
      ema: false,
    };
  });
}

function recordOf(
  trial: Trial,
  metrics: readonly EpochMetrics[],
  merged: boolean,
  classes: readonly string[],
): RunRecord {
  const { network, seed, text } = trial;
  const compilation = compile({ resolve: () => 'x.yaml', read: () => text }, 'x.yaml', { classes });
  if (!isComplete(compilation)) throw new Error('the fixture does not compile');
  const best = metrics.reduce((a, b) =>
    (b.validation?.top1 ?? 0) > (a.validation?.top1 ?? 0) ? b : a,
  );
  const perClass = classes.map(() => photos / classes.length);
  return {
    version: 1,
    name: network.id,
    status: 'finished',
    startedAt: `2026-03-0${1 + (seed % 9)}T08:00:00.000Z`,
    seconds: metrics.at(-1)?.seconds ?? 0,
    netlathe: '0.0.0',
    node: 'v20.0.0',
    cpu: 'Made-up CPU',
    engine: 'wasm',
    numerics: 'strict',
    threads: 2,
    seed,
    classes,
    architecture: { file: trial.file, text, counts: count(compilation.graph), verdicts: [] },
    recipe: resolveRecipe(network.recipe, { seed }),
    data: {
      root: 'photos',
      fingerprint: merged ? 'merged' : 'photos',
      train: { count: 3000, perClass: classes.map(() => 3000 / classes.length) },
      validation: merged ? null : { count: photos, perClass },
      merged,
      decoder: 'made up',
    },
    peakMemoryBytes: 1e8,
    best: merged ? null : { epoch: best.epoch, top1: best.validation?.top1 ?? 0 },
  };
}

/** Photos differ in how hard they are, the same for all networks: hence runs agree on most. */
function judged(final: number, classes: readonly string[], merged: boolean, random: Random) {
  const labels = Array.from({ length: photos }, (_, i) => i % classes.length);
  const hard = new Random(99, 2, 0);
  const predicted = labels.map((label) => {
    const ease = hard.unit();
    const right = 0.8 * ease + 0.2 * random.unit() < final;
    return right ? label : (label + 1 + random.integer(3)) % classes.length;
  });
  const top1 = predicted.filter((p, i) => p === labels[i]).length / photos;
  const confusion = confusionMatrix(classes.length, labels, predicted);
  const split = merged ? ('train' as const) : ('validation' as const);
  return {
    evaluation: {
      split,
      count: photos,
      loss: 1.2,
      top1,
      top5: 0.95,
      interval: wilsonInterval(Math.round(top1 * photos), photos),
      perClass: classFigures(classes, confusion),
      confusion,
      worst: [],
    },
    predictions: { version: 1 as const, split, labels, predicted },
  };
}
