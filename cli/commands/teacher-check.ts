/** `netlathe teacher-check`: whether a teacher is worth learning from, before hours are spent on it. */

import { availableParallelism } from 'node:os';
import type { ImageSet } from '../../runtime/data/index.ts';
import { wilsonInterval } from '../../runtime/report/index.ts';
import { Evaluator } from '../../runtime/train/evaluator.ts';
import { type Figures, figuresOf } from '../../runtime/train/figures.ts';
import { loadRun } from '../../runtime/train/load-run.ts';
import { resolveRecipe, type TeacherReference } from '../../runtime/train/recipe.ts';
import { type Teacher, viewNote } from '../../runtime/train/teacher.ts';
import {
  type Calibration,
  calibrationOf,
  type Softness,
  sampleOf,
  softnessOf,
  teacherLogits,
} from '../../runtime/train/teacher-check.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { compileReference } from '../compile-reference.ts';
import { type CommandIo, exit, UsageError } from '../io.ts';
import { positiveInteger } from '../options.ts';
import { bar, ProgressLine } from '../progress.ts';
import { openTeacher } from '../teacher.ts';
import { type Prepared, prepare } from '../train-session.ts';

interface Options {
  readonly teacher: string;
  readonly weights?: string;
  readonly arch: string;
  readonly data: string;
  readonly student?: string;
  readonly threads?: string;
  readonly cache?: string;
  readonly json?: boolean;
}

export const command = defineCommand<Options>({
  examples: [
    'netlathe teacher-check --teacher runs/resnet20-cifar --arch student --data photos/',
    'netlathe teacher-check --teacher big.yaml --weights big.safetensors --arch student --data photos/ --student runs/student',
  ],
  configure: (command) =>
    command
      .requiredOption('--teacher <teacher>', 'folder of a run or of a TensorFlow.js model')
      .option('--weights <file>', 'then --teacher is an architecture, and these are its weights')
      .requiredOption('--arch <arch>', 'the student: a file, file#variant or zoo name')
      .requiredOption('--data <dir>', 'photos: folders of a class, or a .tar or .tar.gz of them')
      .option('--student <run>', 'a run to compare with')
      .option('--threads <n>', 'threads (default: cores, 8 at most)')
      .option('--cache <dir>', 'where decoded photos are kept')
      .option(...jsonOption),
  run: async (io, _args, options) => {
    const opened = await compileReference(io, options.arch, options.json);
    if (!opened) return exit.fault;
    const found = await openTeacher(io, referenceOf(options));
    if (!found) return exit.fault;
    const recipe = resolveRecipe(opened.compiled.normal.recipe);
    const signal = io.takeInterrupts();
    const line = new ProgressLine(io.stderr, io.quiet || options.json === true);
    let teacher: Teacher | undefined;
    try {
      const prepared = await prepare(opened, recipe, options.data, {
        signal,
        cacheDir: options.cache,
        onProgress: ({ done, total }) =>
          line.show(() => `decoding photos ${bar(done / total, 20)} ${done} of ${total}`),
      });
      line.clear();
      teacher = await found.with(prepared.compiled.graph);
      const temperature = recipe.distill?.temperature ?? usualTemperature;
      const isUsual = recipe.distill === undefined;
      const check = await measure({ teacher, prepared, temperature, isUsual, options, signal });
      if (options.json) io.printJson(check);
      else print(io, check);
      return exit.ok;
    } catch (error) {
      line.clear();
      if (signal.aborted) return exit.interrupted;
      throw error;
    } finally {
      if (teacher?.network.kind === 'model') teacher.network.close();
    }
  },
});

function referenceOf({ teacher, weights }: Options): TeacherReference {
  if (weights === undefined) return { kind: 'folder', folder: teacher };
  return { kind: 'architecture', arch: teacher, weights };
}

interface Given {
  readonly teacher: Teacher;
  readonly prepared: Prepared;
  readonly temperature: number;
  /** Whether that is the default, and no recipe says it. */
  readonly isUsual: boolean;
  readonly options: Options;
  readonly signal: AbortSignal;
}

interface Measured {
  readonly split: 'validation' | 'train';
  readonly count: number;
  readonly top1: number;
  readonly interval: { readonly low: number; readonly high: number };
  readonly loss: number;
  readonly calibration: Calibration;
}

interface Check {
  readonly teacher: { readonly name: string; readonly parameters: number };
  readonly measured: readonly Measured[];
  readonly student: { readonly name: string; readonly top1: number; readonly loss: number } | null;
  readonly temperatures: readonly Softness[];
  /** The one that the recipe distils at. */
  readonly temperature: number;
  /** Whether that is the default, since no recipe distils. */
  readonly isUsual: boolean;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** Softened targets are those of training photos; so many of them tell. */
const sampled = 2000;
const temperatures = [1, 2, 4, 8, 20];
/** Where no recipe distils yet: the default of the schema. */
const usualTemperature = 4;

async function measure(given: Given): Promise<Check> {
  const { teacher, prepared, temperature, isUsual, options, signal } = given;
  const { graph } = prepared.compiled;
  const { train, validation } = prepared.data;
  const threads =
    positiveInteger('--threads', options.threads) ?? Math.min(8, availableParallelism());
  const engine = { threads, build: 'strict', signal } as const;
  const classes = graph.classes.length;
  const sample = sampleOf(train, sampled);
  const onTrain = await teacherLogits(teacher, graph, sample, engine);
  const measured = [measuredOf('train', onTrain, sample, classes)];
  let student: Check['student'] = null;
  if (validation) {
    const logits = await teacherLogits(teacher, graph, validation, engine);
    measured.unshift(measuredOf('validation', logits, validation, classes));
  }
  if (options.student !== undefined) {
    student = await studentFigures(options.student, validation ?? train, given, threads);
  }
  const all = [...new Set([...temperatures, temperature])].sort((a, b) => a - b);
  const check = {
    teacher: { name: teacher.name, parameters: teacher.parameters },
    measured,
    student,
    temperatures: all.map((t) => softnessOf(onTrain, classes, t)),
    temperature,
    isUsual,
  };
  const note = viewNote(teacher, graph);
  return { ...check, notes: note === undefined ? [] : [note], warnings: warningsOf(check) };
}

function measuredOf(
  split: Measured['split'],
  logits: Float32Array,
  images: ImageSet,
  classes: number,
): Measured {
  const figures: Figures = figuresOf(logits, images.labels, classes);
  const { count, top1, loss, predictions } = figures;
  const interval = wilsonInterval(Math.round(top1 * count), count);
  return { split, count, top1, interval, loss, calibration: calibrationOf(predictions) };
}

async function studentFigures(
  folder: string,
  images: ImageSet,
  { prepared, signal }: Given,
  threads: number,
): Promise<NonNullable<Check['student']>> {
  const run = await loadRun(folder);
  if (run.graph.classes.join('\n') !== prepared.data.classNames.join('\n')) {
    throw new UsageError(
      `${folder} was trained on other classes than these photos have`,
      'compare with a run on the same photos',
    );
  }
  const evaluator = await Evaluator.create(run.graph, images, { threads, build: 'strict' });
  try {
    const logits = await evaluator.run(run.weights, signal);
    const { top1, loss } = figuresOf(logits, images.labels, run.graph.classes.length);
    return { name: run.record.name, top1, loss };
  } finally {
    await evaluator.close();
  }
}

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
/** A gap that soft targets carry over to the student. */
const wideGap = 0.15;

function warningsOf({
  measured,
  student,
  temperatures,
  temperature,
}: Omit<Check, 'notes' | 'warnings'>) {
  const [first] = measured;
  if (!first) return [];
  const warnings: string[] = [];
  if (student && first.top1 <= student.top1) {
    warnings.push(
      `the teacher is no better than the student: ${percent(first.top1)} against ${percent(student.top1)} on the ${first.split} photos`,
    );
  }
  const used = temperatures.find((t) => t.temperature === temperature);
  if (used && used.verdict !== 'informative') {
    const better = temperatures.find((t) => t.verdict === 'informative')?.temperature;
    const advice = better === undefined ? 'no temperature here helps' : `${better} is not`;
    warnings.push(
      `at temperature ${temperature} its targets are ${used.verdict} (entropy ${percent(used.entropy)} of the largest): ${advice}`,
    );
  }
  const { error, confidence } = first.calibration;
  if (error > wideGap) {
    const which = confidence > first.top1 ? 'surer' : 'less sure';
    warnings.push(
      `it is ${which} than it is right: ${percent(confidence)} sure on average, ${percent(first.top1)} right`,
    );
  }
  return warnings;
}

function print(io: CommandIo, check: Check): void {
  const { teacher, measured, student, temperatures: rows, temperature, notes, warnings } = check;
  for (const note of notes) io.say(`${io.err.cyan('note')}: ${note}`);
  const out = (text = '') => io.stdout.write(`${text}\n`);
  out(
    `${io.out.bold(teacher.name)}, ${teacher.parameters.toLocaleString('en-US')} parameters, on the student's own view of the photos`,
  );
  out();
  for (const { split, count, top1, interval, loss, calibration } of measured) {
    out(
      `${split.padEnd(10)} ${percent(top1).padStart(6)} of ${count} right (${percent(interval.low)} to ${percent(interval.high)})  loss ${loss.toFixed(3)}  sure ${percent(calibration.confidence)}  calibration error ${percent(calibration.error)}`,
    );
  }
  if (student) {
    out(
      `${'student'.padEnd(10)} ${percent(student.top1).padStart(6)} right  loss ${student.loss.toFixed(3)}  (${student.name})`,
    );
  }
  out();
  out(io.out.dim('temperature  entropy  largest'));
  for (const row of rows) {
    const mark =
      row.temperature === temperature ? (check.isUsual ? '  the default' : '  in the recipe') : '';
    out(
      `${String(row.temperature).padStart(11)} ${percent(row.entropy).padStart(8)} ${percent(row.largest).padStart(8)}  ${row.verdict}${mark}`,
    );
  }
  for (const warning of warnings) out(`${io.out.yellow('warning')}: ${warning}`);
}
