/**
 * A comparison without its weights, small enough for a repository: the page, and of each finished run what the page is
 * made of. `compare` in that folder makes the same page again, with no training and no photos.
 */

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { makeFolder } from '../../runtime/files/make-folder.ts';
import { readIfThere } from '../../runtime/files/read-if-there.ts';
import type { EvaluationRecord } from '../../runtime/report/index.ts';
import { type Expected, readState, type TrialState } from '../../runtime/suite/state.ts';
import { type Trial, trialsOf } from '../../runtime/suite/trial.ts';
import { runFiles } from '../../runtime/train/run-folder.ts';
import { type Results, type ResultsRequest, writeResults } from './results.ts';

const told = ['architecture', 'metrics', 'predictions'] as const;

export async function publish(
  results: Results,
  request: ResultsRequest,
  { folder, expected }: { readonly folder: string; readonly expected: Expected },
): Promise<void> {
  const { plan, trials, states, out } = request;
  const local = withoutFolder(path.resolve(out));
  for (const target of trialsOf(plan, folder)) {
    const trial = trials.find(({ id }) => id === target.id);
    const state = states.get(target.id);
    if (trial && state?.kind === 'done') await publishRun(trial, state, target, local);
    else if ((await readState(target, expected)).kind === 'other') await withdraw(target);
  }
  await writeResults(results, { ...request, out: folder });
}

/** What was published by an earlier recipe has no place beside runs of this one. */
async function withdraw({ folder, file }: Trial): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await rm(file, { force: true });
}

async function publishRun(
  trial: Trial,
  { record }: Extract<TrialState, { readonly kind: 'done' }>,
  target: Trial,
  local: (text: string) => string,
): Promise<void> {
  await makeFolder(target.folder);
  const put = (name: keyof typeof runFiles, text: string) =>
    writeFileAtomic(path.join(target.folder, runFiles[name]), text);
  for (const name of told) {
    const text = await readIfThere(path.join(trial.folder, runFiles[name]));
    if (text !== undefined) await put(name, local(text));
  }
  // A run without photos held out may have none.
  const evaluation = await readIfThere(path.join(trial.folder, runFiles.evaluation));
  if (evaluation !== undefined) await put('evaluation', withoutPhotos(evaluation));
  await writeFileAtomic(target.file, trial.shown);
  // Last: with it the run counts as done.
  const data = { ...record.data, root: path.basename(path.resolve(record.data.root)) };
  await put('record', `${local(JSON.stringify({ ...record, data }, null, 2))}\n`);
}

/** The photos belong to whoever took them. */
function withoutPhotos(text: string): string {
  const evaluation = JSON.parse(text) as EvaluationRecord;
  const worst = evaluation.worst.map((mistake) => ({ ...mistake, thumbnail: '' }));
  return `${JSON.stringify({ ...evaluation, worst }, null, 2)}\n`;
}

/** Teachers and files are named by their absolute paths, which nobody else has. */
function withoutFolder(folder: string): (text: string) => string {
  const root = folder + path.sep;
  const escaped = JSON.stringify(root).slice(1, -1);
  return (text) => text.replaceAll(escaped, '').replaceAll(root, '');
}
