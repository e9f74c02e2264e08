/**
 * A comparison without its weights, small enough for a repository: the page, and of each finished run what the page is
 * made of. `compare` in that folder makes the same page again, with no training and no photos.
 */

import { existsSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { SuitePlan } from '../../compiler/suite/plan.ts';
import { firstFew } from '../../runtime/data/data-error.ts';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { makeFolder } from '../../runtime/files/make-folder.ts';
import { readIfThere } from '../../runtime/files/read-if-there.ts';
import type { EvaluationRecord } from '../../runtime/report/index.ts';
import { type Expected, readState, type TrialState } from '../../runtime/suite/state.ts';
import { SuiteError } from '../../runtime/suite/suite-error.ts';
import { type Trial, trialsOf } from '../../runtime/suite/trial.ts';
import { runFiles } from '../../runtime/train/run-folder.ts';
import { type Results, type ResultsRequest, writeResults } from './results.ts';

const told = ['architecture', 'metrics', 'predictions'] as const;
const files = [...told, 'evaluation', 'record'] as const;
const trained = ['best', 'last', 'checkpoint', 'model'] as const;

interface Target {
  readonly folder: string;
  readonly expected: Expected;
}

/** Before hours are spent: weights would lie beside records that are not theirs. */
export async function checkTarget(plan: SuitePlan, { folder, expected }: Target): Promise<void> {
  const runs: string[] = [];
  for (const target of trialsOf(plan, folder)) {
    // Also finds a record that cannot be read.
    await readState(target, expected);
    const has = (name: keyof typeof runFiles) =>
      existsSync(path.join(target.folder, runFiles[name]));
    if (trained.some(has)) runs.push(target.folder);
  }
  if (runs.length === 0) return;
  throw new SuiteError({
    code: 'E958',
    message: '--publish names a folder of runs with their weights',
    path: folder,
    notes: firstFew(runs, 5),
    hint: 'name another folder; the weights may lie there, but not within its runs',
  });
}

/** Gives the trials whose runs were withdrawn, being of another recipe than those that are published. */
export async function publish(
  results: Results,
  request: ResultsRequest,
  { folder, expected }: Target,
): Promise<readonly string[]> {
  const { plan, trials, states, out } = request;
  const local = withoutFolder(path.resolve(out));
  const withdrawn: string[] = [];
  for (const target of trialsOf(plan, folder)) {
    const trial = trials.find(({ id }) => id === target.id);
    const state = states.get(target.id);
    if (trial && state?.kind === 'done') await publishRun(trial, state, target, local);
    else if ((await readState(target, expected)).kind === 'other') {
      await withdraw(target);
      withdrawn.push(target.id);
    }
  }
  await writeResults(results, { ...request, out: folder });
  return withdrawn;
}

/** `compare` would refuse the folder, as it refuses any that mixes recipes. */
async function withdraw({ folder, file }: Trial): Promise<void> {
  for (const name of files) await rm(path.join(folder, runFiles[name]), { force: true });
  await rm(file, { force: true });
  if ((await readdir(folder)).length === 0) await rmdir(folder);
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
