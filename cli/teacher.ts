/** The teacher that a recipe or a flag names, from wherever it is. */

import { stat } from 'node:fs/promises';
import path from 'node:path';
import { compile, isComplete } from '../compiler/compile.ts';
import type { Graph } from '../compiler/graph/graph.ts';
import type { TeacherRecord } from '../runtime/report/index.ts';
import { teacherOf, teacherOfRun } from '../runtime/train/load-teacher.ts';
import { readWeights } from '../runtime/train/read-weights.ts';
import type { Recipe, TeacherReference } from '../runtime/train/recipe.ts';
import { runFiles } from '../runtime/train/run-folder.ts';
import { eyesOf, isCached, type Teacher } from '../runtime/train/teacher.ts';
import { TrainError } from '../runtime/train/train-error.ts';
import { compileReference, type Opened } from './compile-reference.ts';
import type { CommandIo } from './io.ts';
import { parseReference } from './source.ts';

/** Found and readable; complete once the labels of the photos are known. */
export interface OpenedTeacher {
  /**
   * What it leaves open is the student's: an architecture that gives only a number of classes takes the labels, a model
   * of TensorFlow.js that says nothing of its normalisation takes that.
   */
  readonly with: (student: Graph) => Promise<Teacher>;
  readonly note?: string | undefined;
}

/** `undefined` after saying what is wrong with its architecture. */
export async function openTeacher(
  io: CommandIo,
  reference: TeacherReference,
): Promise<OpenedTeacher | undefined> {
  switch (reference.kind) {
    case 'folder':
      return openFolder(io, reference.folder);
    case 'architecture':
      return openArchitecture(io, reference);
    case 'model':
      return openModel(reference);
  }
}

async function openFolder(io: CommandIo, folder: string): Promise<OpenedTeacher> {
  if (await isFile(path.join(folder, runFiles.record))) {
    const teacher = await teacherOfRun(folder);
    return { with: async () => teacher };
  }
  const model = folder.endsWith('.json') ? folder : path.join(folder, 'model.json');
  // The model that a run leaves beside its weights: the engine itself runs those.
  const run = path.dirname(path.dirname(path.resolve(model)));
  if (path.basename(path.dirname(path.resolve(model))) === runFiles.model) {
    if ((await isFile(model)) && (await isFile(path.join(run, runFiles.record)))) {
      return openFolder(io, path.relative(io.cwd, run));
    }
  }
  if (await isFile(model)) {
    return openModel({
      ...{ kind: 'model', model: folder },
      ...{ classes: undefined, mean: undefined, std: undefined },
    });
  }
  throw new TrainError({
    code: 'E546',
    message: 'there is neither a run nor a TensorFlow.js model here',
    path: path.resolve(io.cwd, folder),
    hint: 'give the folder that netlathe train wrote, or that of a model.json',
  });
}

async function openArchitecture(
  io: CommandIo,
  { arch, weights }: { readonly arch: string; readonly weights: string },
): Promise<OpenedTeacher | undefined> {
  const opened = await compileReference(io, arch);
  if (!opened) return undefined;
  await requireFile(weights);
  const { compiled } = opened;
  return {
    with: async ({ classes }) => {
      const graph = compiled.graph.labelled ? compiled.graph : labelled(opened, classes);
      const store = await readWeights(weights, graph, { named: true });
      return teacherOf(graph, store, { name: graph.name, reference: arch });
    },
  };
}

/** With the labels of the photos, as the student has them. */
function labelled({ reference, source }: Opened, classes: readonly string[]): Graph {
  const { file, variant } = parseReference(reference);
  const again = compile(source, file, { variant, classes });
  if (isComplete(again)) return again.graph;
  throw new Error(`netlathe bug: ${reference} no longer compiles`);
}

async function openModel(
  reference: Extract<TeacherReference, { kind: 'model' }>,
): Promise<OpenedTeacher> {
  const { openModelTeacher } = await import('../runtime/train/tfjs/model-teacher.ts');
  const { note, teacherOf: withEyes } = await openModelTeacher(reference);
  return { note, with: async (student) => withEyes(student) };
}

async function requireFile(file: string): Promise<void> {
  if (await isFile(file)) return;
  throw new TrainError({
    code: 'E546',
    message: 'there is no such file of weights',
    path: path.resolve(file),
    hint: 'netlathe train leaves weights.safetensors in the folder of a run',
  });
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

export function teacherRecord(teacher: Teacher, recipe: Recipe): TeacherRecord {
  const { name, reference, fingerprint, parameters } = teacher;
  const { input } = eyesOf(teacher);
  return { name, reference, fingerprint, parameters, input, cached: isCached(recipe) };
}
