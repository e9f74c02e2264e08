/** How far a trial is. Read from its run folder alone: the suite keeps no log of its own that could be wrong. */

import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Recipe as WrittenRecipe } from '../../compiler/2-validate/spec.ts';
import { compile, isComplete } from '../../compiler/compile.ts';
import { printGraph } from '../../compiler/graph/print.ts';
import { lockOwner } from '../files/lock.ts';
import { thisProcess } from '../files/process-name.ts';
import { readIfThere } from '../files/read-if-there.ts';
import type { RunRecord } from '../report/records.ts';
import { systemCode } from '../runtime-error.ts';
import { type Recipe, resolveRecipe } from '../train/recipe.ts';
import { parseRecord, runFiles } from '../train/run-folder.ts';
import type { Trial } from './trial.ts';

export type TrialState =
  | { readonly kind: 'missing' }
  /** Stopped before its end. `resumable`: it has a checkpoint. */
  | { readonly kind: 'cutOff'; readonly resumable: boolean; readonly record: RunRecord }
  | { readonly kind: 'failed'; readonly resumable: boolean; readonly record: RunRecord }
  /** `weightless`: it was published, which leaves the weights out, and nobody laid them beside it. */
  | { readonly kind: 'done'; readonly weightless: boolean; readonly record: RunRecord }
  /** The folder holds something else; `what` completes "another ...". */
  | { readonly kind: 'other'; readonly what: string };

export interface Expected {
  readonly numerics: RunRecord['numerics'];
  readonly engine: RunRecord['engine'];
}

export async function readState(trial: Trial, expected: Expected): Promise<TrialState> {
  const record = await readRecord(trial.folder);
  if (!record) return { kind: 'missing' };
  const what = await difference(trial, record, expected);
  if (what !== undefined) return { kind: 'other', what };
  const has = (name: string) => exists(path.join(trial.folder, name));
  const resumable = await has(runFiles.checkpoint);
  switch (record.status) {
    case 'finished':
    case 'stopped': {
      // The model is written last: without it, the process was ended on its last steps.
      const whole = await has(path.join(runFiles.model, 'model.json'));
      // Published without weights, of which a run that trains has some from its first epoch on.
      const published = !resumable && !(await has(runFiles.last));
      return whole || published
        ? { kind: 'done', weightless: !(await has(runFiles.best)), record }
        : { kind: 'cutOff', resumable, record };
    }
    case 'failed':
      return { kind: 'failed', resumable, record };
    case 'running':
    case 'interrupted':
      return { kind: 'cutOff', resumable, record };
  }
}

async function readRecord(folder: string): Promise<RunRecord | undefined> {
  const file = path.join(folder, runFiles.record);
  const text = await readIfThere(file);
  return text === undefined ? undefined : parseRecord(file, text);
}

/** What is not as the suite wants it now. */
async function difference(
  trial: Trial,
  record: RunRecord,
  expected: Expected,
): Promise<string | undefined> {
  const stored = await readIfThere(trial.file);
  const before = stored === undefined ? undefined : meaning(stored);
  const now = meaning(trial.text);
  if (!before || !now) return 'network: what it was trained from is gone';
  if (before.graph !== now.graph) return 'architecture';
  const keys = changedKeys(before.recipe, now.recipe);
  if (keys.length > 0) return `recipe (${keys.join(', ')})`;
  if (record.engine !== expected.engine) return `engine (${record.engine})`;
  if (record.numerics !== expected.numerics) return `choice of numerics (${record.numerics})`;
  return undefined;
}

interface Meaning {
  readonly graph: string;
  readonly recipe: Readonly<Record<string, unknown>>;
}

/** What a file comes to, whatever way it is written; `undefined` where it does not compile. */
function meaning(text: string): Meaning | undefined {
  const compilation = compile({ resolve: () => 'trial.yaml', read: () => text }, 'trial.yaml');
  if (!isComplete(compilation)) return undefined;
  return {
    graph: printGraph(compilation.graph),
    recipe: teacherAside(resolveRecipe(compilation.normal.recipe)),
  };
}

/** A suite's folder may be moved: of a teacher, what counts is which trial it is. */
function teacherAside(recipe: Recipe): Meaning['recipe'] {
  const { distill } = recipe;
  if (distill?.teacher.kind !== 'folder') return { ...recipe };
  const folder = distill.teacher.folder.split(/[/\\]/).slice(-2).join('/');
  return { ...recipe, distill: { ...distill, teacher: folder } };
}

/** Names of the keys of the recipe that differ. */
function changedKeys(a: Meaning['recipe'], b: Meaning['recipe']): readonly string[] {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]));
}

/** Whether two recipes come to the same once every default is written out. */
export function sameRecipe(a: WrittenRecipe, b: WrittenRecipe): boolean {
  return changedKeys({ ...resolveRecipe(a) }, { ...resolveRecipe(b) }).length === 0;
}

/** Whether another process of this machine is training into the folder at this moment. */
export async function isTrainedHere(trial: Trial): Promise<boolean> {
  const own = await thisProcess();
  const owner = await lockOwner(path.join(trial.folder, runFiles.lock));
  return owner !== undefined && owner.host === own.host && owner.pid !== own.pid;
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return false;
    throw error;
  }
}
