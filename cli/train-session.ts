/** What training needs beside the loop: the architecture and the photos brought together, and the record of the run. */

import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import { printNormalized } from '../compiler/3-normalize/print.ts';
import { type Compiled, compile, isComplete } from '../compiler/compile.ts';
import { printGraph } from '../compiler/graph/print.ts';
import {
  type Dataset,
  type DatasetOptions,
  type ImageSet,
  loadDataset,
} from '../runtime/data/index.ts';
import type { DataRecord, RunRecord, SplitRecord } from '../runtime/report/index.ts';
import type { RunIdentity } from '../runtime/train/checkpoint.ts';
import { checkClassWeights } from '../runtime/train/class-weights.ts';
import { checkFreeze } from '../runtime/train/freeze.ts';
import type { Recipe } from '../runtime/train/recipe.ts';
import type { Teacher } from '../runtime/train/teacher.ts';
import type { Opened } from './compile-reference.ts';
import { packageVersion } from './package.ts';
import { parseReference } from './source.ts';
import { teacherRecord } from './teacher.ts';
import type { TrainingEngine } from './training-engine.ts';

export interface Prepared {
  /** With the labels of the photos. */
  readonly compiled: Compiled;
  readonly data: Dataset;
  /** Without sugar: what the run keeps. */
  readonly architecture: string;
  readonly notes: readonly string[];
}

/** Photos are kept at half as much again as the input, so that random crops have pixels to choose from. */
export function storageSize({
  height,
  width,
}: {
  readonly height: number;
  readonly width: number;
}): number {
  return Math.ceil(Math.max(height, width) * 1.5);
}

/** Share of the training photos that validates where no folder does and the recipe does not say. */
const heldOut = 0.1;

export async function prepare(
  opened: Opened,
  recipe: Recipe,
  root: string,
  options: Pick<DatasetOptions, 'onProgress' | 'signal' | 'cacheDir'>,
): Promise<Prepared> {
  const { graph } = opened.compiled;
  checkFreeze(graph, recipe.freeze);
  const notes: string[] = [];
  const base: DatasetOptions = {
    root,
    seed: recipe.seed,
    classes: graph.labelled ? graph.classes : undefined,
    storageSize: storageSize(graph.input),
    ...options,
  };
  const data = await loadSplits(base, recipe, notes);
  checkClassWeights(recipe, data.classNames.length);
  const compiled = withLabels(opened, data.classNames);
  if (data.classNames.length !== graph.classes.length) {
    notes.push(
      `the photos have ${data.classNames.length} classes, the file says ${graph.classes.length}: the last layer has ${data.classNames.length} outputs, ${compiled.counts.params.trainable.toLocaleString('en-US')} parameters in all`,
    );
  }
  const architecture = printNormalized(compiled.spec.spec, compiled.normal, compiled.graph);
  return { compiled, data, architecture, notes };
}

/** Those that train and those that validate, as the recipe wants them. */
export async function loadSplits(
  base: DatasetOptions,
  recipe: Recipe,
  notes: string[],
): Promise<Dataset> {
  const { train, validation, holdOut } = recipe.data;
  const splits = { train, validation };
  if (holdOut !== undefined) return loadDataset({ ...base, splits, validationFraction: holdOut });
  const data = await loadDataset({ ...base, splits });
  if (data.validation || validation === false || Array.isArray(train)) return data;
  notes.push(
    `no folder validates: ${heldOut * 100}% of the training photos are held out (data.holdOut)`,
  );
  return loadDataset({ ...base, splits, validationFraction: heldOut });
}

function withLabels({ reference, source, compiled }: Opened, classes: readonly string[]): Compiled {
  const { file, variant } = parseReference(reference);
  const again = compile(source, file, { variant, classes });
  if (isComplete(again)) return again;
  // Only sizes that hold for any number of classes can have changed.
  throw new Error(
    `netlathe bug: ${compiled.graph.name} does not compile for ${classes.length} classes: ${again.diagnostics[0]?.message}`,
  );
}

export function identityOf(
  prepared: Prepared,
  recipe: Recipe,
  { name, build, device }: TrainingEngine,
  teacher?: Teacher,
): RunIdentity {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  return {
    architecture: hash(printGraph(prepared.compiled.graph)),
    recipe: hash(JSON.stringify(identifying(recipe))),
    data: prepared.data.fingerprint,
    // As another engine: it gives other bits than the CPU.
    engine: device === undefined ? name : `${name} on a GPU`,
    numerics: build,
    ...(teacher ? { teacher: teacher.fingerprint } : {}),
  };
}

/** A teacher is known by what it is, not by where it lies. */
function identifying(recipe: Recipe): object {
  const { distill, ...rest } = recipe;
  return distill ? { ...rest, distill: { ...distill, teacher: undefined } } : rest;
}

export interface RecordOptions {
  readonly reference: string;
  readonly root: string;
  readonly engine: TrainingEngine;
  readonly teacher?: Teacher | undefined;
  readonly startedAt: string;
}

/** The record of a run that has just begun. */
export function recordOf(prepared: Prepared, recipe: Recipe, options: RecordOptions): RunRecord {
  const { compiled, data, architecture } = prepared;
  const { engine, teacher } = options;
  return {
    version: 1,
    name: compiled.graph.name,
    status: 'running',
    startedAt: options.startedAt,
    seconds: 0,
    netlathe: packageVersion(),
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    engine: engine.name,
    ...(engine.device === undefined ? {} : { gpu: engine.device }),
    numerics: engine.build,
    threads: engine.threads,
    seed: recipe.seed,
    classes: compiled.graph.classes,
    architecture: {
      file: options.reference,
      text: architecture,
      counts: compiled.counts,
      verdicts: compiled.budget.verdicts,
    },
    recipe,
    data: dataRecord(data, options.root, recipe),
    ...(teacher ? { teacher: teacherRecord(teacher, recipe) } : {}),
    peakMemoryBytes: 0,
    best: null,
  };
}

function dataRecord(data: Dataset, root: string, recipe: Recipe): DataRecord {
  const classes = data.classNames.length;
  return {
    root,
    fingerprint: data.fingerprint,
    contents: data.contents,
    train: splitRecord(data.train, classes),
    validation: data.validation && splitRecord(data.validation, classes),
    // Folders that validate are never among those that train.
    merged: !data.validation && Array.isArray(recipe.data.train) && recipe.data.train.length > 1,
    decoder: data.decoder,
  };
}

function splitRecord(images: ImageSet, classes: number): SplitRecord {
  const perClass = new Array<number>(classes).fill(0);
  for (const label of images.labels) perClass[label] = (perClass[label] as number) + 1;
  return { count: images.count, perClass };
}
