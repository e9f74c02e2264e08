/** The comparison of what there is, as files beside the runs and as a table on the terminal. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { compile, isComplete } from '../../compiler/compile.ts';
import { padEnd, padStart } from '../../compiler/diagnostics/text.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import type { SuitePlan } from '../../compiler/suite/plan.ts';
import {
  answersOf,
  type Comparison,
  compared,
  figuresOf,
  type Language,
  type Latency,
  latencyKey,
  measureLatency,
  pngOf,
  readTrials,
  renderComparison,
  renderMarkdown,
  type TrialFiles,
  words,
} from '../../runtime/compare/index.ts';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { systemCode } from '../../runtime/runtime-error.ts';
import type { TrialEnd } from '../../runtime/suite/runner.ts';
import type { TrialState } from '../../runtime/suite/state.ts';
import type { Trial } from '../../runtime/suite/trial.ts';
import { runFiles } from '../../runtime/train/run-folder.ts';
import type { CommandIo } from '../io.ts';
import { packageVersion } from '../package.ts';
import { reasonIn } from '../places/trial-events.ts';

export interface ResultsRequest {
  readonly plan: SuitePlan;
  readonly trials: readonly Trial[];
  readonly states: ReadonlyMap<string, TrialState>;
  /** Of this process. */
  readonly ends: ReadonlyMap<string, TrialEnd>;
  readonly out: string;
  readonly language: Language;
  readonly signal: AbortSignal;
}

export interface Results {
  readonly comparison: Comparison;
  /** All that were ever measured here, by what is computed. */
  readonly latencies: Latencies;
}

export async function compareTrials(request: ResultsRequest): Promise<Results> {
  const { plan, trials, states, ends, out, signal } = request;
  const logs = new Map<string, string>();
  for (const trial of trials) {
    const end = ends.get(trial.id);
    const kind = states.get(trial.id)?.kind;
    if (end?.kind === 'failed') logs.set(trial.id, end.message);
    else if (kind === 'failed') logs.set(trial.id, reasonIn(await textOf(trial.log)) ?? '');
  }
  const files = await readTrials(trials, {
    status: (trial) => statusOf(states.get(trial.id), ends.get(trial.id)),
    reason: (trial) => logs.get(trial.id) || null,
  });
  const { byNetwork, all } = await latenciesOf(plan, files, await measuredBefore(out), signal);
  const comparison = compared(plan, files, { netlathe: packageVersion(), latencies: byNetwork });
  return { comparison, latencies: all };
}

function statusOf(state: TrialState | undefined, end: TrialEnd | undefined) {
  if (end?.kind === 'failed') return 'failed';
  switch (state?.kind) {
    case 'done':
      return 'finished';
    case 'failed':
      return 'failed';
    case 'cutOff':
      return 'cutOff';
    default:
      return 'missing';
  }
}

type Latencies = Readonly<Record<string, Latency>>;
const latencyFile = 'latency.json';

/** What was measured before stays, so that a page made again, or elsewhere, tells the same. */
async function latenciesOf(
  plan: SuitePlan,
  files: readonly TrialFiles[],
  earlier: Latencies,
  signal: AbortSignal,
): Promise<{ readonly byNetwork: ReadonlyMap<string, Latency>; readonly all: Latencies }> {
  const graphs = new Map<string, Graph>();
  const keys = new Map<string, string>();
  for (const network of plan.networks) {
    const trained = files.find((f) => f.trial.network.id === network.id && f.status === 'finished');
    if (!trained) continue;
    const text = await textOf(path.join(trained.trial.folder, runFiles.architecture));
    const compilation = compile({ resolve: () => 'run.yaml', read: () => text }, 'run.yaml');
    if (!isComplete(compilation)) continue;
    const key = latencyKey(compilation.graph);
    keys.set(network.id, key);
    if (!earlier[key]) graphs.set(key, compilation.graph);
  }
  const measured =
    graphs.size > 0 ? await measureLatency(graphs, signal) : new Map<string, Latency>();
  const all: Latencies = { ...earlier, ...Object.fromEntries(measured) };
  const found = [...keys].flatMap(([id, key]) => {
    const latency = all[key];
    return latency ? [[id, latency] as const] : [];
  });
  return { byNetwork: new Map(found), all };
}

async function measuredBefore(out: string): Promise<Latencies> {
  const text = await textOf(path.join(out, latencyFile));
  return text === '' ? {} : (JSON.parse(text) as Latencies);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return '';
    throw error;
  }
}

/** Gives the path of the page. */
export async function writeResults(
  { comparison, latencies }: Results,
  { out, language }: Pick<ResultsRequest, 'out' | 'language'>,
): Promise<string> {
  const page = path.join(
    out,
    language === 'en' ? 'comparison.html' : `comparison.${language}.html`,
  );
  const markdown = page.replace(/html$/, 'md');
  await writeFileAtomic(
    path.join(out, 'comparison.json'),
    `${JSON.stringify(comparison, null, 2)}\n`,
  );
  await writeFileAtomic(path.join(out, latencyFile), `${JSON.stringify(latencies, null, 2)}\n`);
  await writeFileAtomic(markdown, renderMarkdown(comparison, language));
  await writeFileAtomic(page, await renderComparison(comparison, language));
  const suffix = language === 'en' ? '' : `.${language}`;
  for (const figure of await figuresOf(comparison, language)) {
    const file = path.join(out, 'figures', `${figure.name}${suffix}`);
    await writeFileAtomic(`${file}.svg`, figure.svg);
    // Pixels need a font with Chinese in it, which few servers have; an SVG takes that of its reader.
    if (language === 'en') await writeFileAtomic(`${file}.png`, await pngOf(figure));
  }
  return page;
}

/** The result of the command. */
export function printResults(io: CommandIo, comparison: Comparison, page: string): void {
  const { bold, dim } = io.out;
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  const rows = comparison.networks.map((n) => {
    const done = n.trials.filter(({ status }) => status === 'finished').length;
    const { accuracy: a, params } = n;
    const range = a?.interval ? `${percent(a.interval.low)} to ${percent(a.interval.high)}` : '';
    const count = (params.trained ?? params.file).toLocaleString('en-US');
    return [n.id, count, a ? percent(a.mean) : '–', range, `${done}/${n.trials.length}`];
  });
  const heads = ['network', 'params', 'accuracy', '95% interval', 'seeds'];
  const widths = heads.map((head, i) =>
    Math.max(head.length, ...rows.map((r) => r[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? padEnd(cell, widths[0] ?? 0) : padStart(cell, widths[i] ?? 0)))
      .join('  ');
  io.stdout.write(`${[dim(line(heads)), ...rows.map(line)].join('\n')}\n`);
  const speaker = { language: 'en', words: words.en, name: (text: string) => text } as const;
  for (const { question, sentences } of answersOf(comparison, speaker)) {
    io.stdout.write(`\n${bold(question)}\n${sentences.join('\n')}\n`);
  }
  io.say(`\npage     ${path.relative(io.cwd, page) || page}`);
}
