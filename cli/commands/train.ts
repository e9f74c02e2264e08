/** `netlathe train`: an architecture and folders of photos to a trained network and its report. */

import { assertInside, fileNameOf } from '../../runtime/files/contained.ts';
import type { RunRecord } from '../../runtime/report/index.ts';
import { together } from '../../runtime/track/reporter.ts';
import { type Recipe, resolveRecipe } from '../../runtime/train/recipe.ts';
import { type RunResult, runTraining } from '../../runtime/train/run.ts';
import { RunFolder } from '../../runtime/train/run-folder.ts';
import { matchClasses, type Teacher, viewNote } from '../../runtime/train/teacher.ts';
import { adoptionNotes } from '../adoption-notes.ts';
import { defineCommand } from '../command.ts';
import { compileReference } from '../compile-reference.ts';
import { type CommandIo, exit, UsageError } from '../io.ts';
import { numberOption, positiveInteger, wholeNumber } from '../options.ts';
import { ProgressLine } from '../progress.ts';
import { openTeacher } from '../teacher.ts';
import { checkTracking, trackersOf, trackingFlags } from '../tracking.ts';
import { TrainReporter } from '../train-reporter.ts';
import { identityOf, type Prepared, prepare, recordOf } from '../train-session.ts';
import { engineFlags, type TrainingEngine, trainingEngine } from '../training-engine.ts';

interface Options {
  readonly arch: string;
  readonly data: string;
  readonly out?: string;
  readonly epochs?: string;
  readonly steps?: string;
  readonly batch?: string;
  readonly seed?: string;
  readonly learningRate?: string;
  readonly threads?: string;
  readonly numerics: string;
  readonly engine: string;
  readonly backend?: string;
  readonly init?: string;
  readonly teacher?: string;
  readonly cache?: string;
  readonly resume?: boolean;
  readonly checkpointEvery?: string;
  readonly force?: boolean;
  readonly tensorboard?: boolean;
  readonly mlflow?: string;
  readonly mlflowExperiment?: string;
  readonly json?: boolean;
}

export const command = defineCommand<Options>({
  examples: [
    'netlathe train --arch student --data photos/ --epochs 40',
    'netlathe train --arch my.yaml --data photos/ --out runs/my --resume',
  ],
  configure: (command) =>
    command
      .requiredOption('--arch <arch>', 'architecture: a file, file#variant or zoo name')
      .requiredOption('--data <dir>', 'photos: folders of a class, or a .tar or .tar.gz of them')
      .option('--out <run>', 'folder of the run (default: runs/NAME)')
      .option('--epochs <n>', 'passes over the photos')
      .option('--steps <n>', 'end after so many updates')
      .option('--batch <n>', 'photos a step')
      .option('--seed <n>', 'seeds weights, order and augmentation')
      .option('--learning-rate <x>', 'peak learning rate')
      .option('--threads <n>', 'threads (default: cores, 8 at most); results do not depend on it')
      .option('--numerics <kind>', 'strict: the same bits everywhere; relaxed: faster', 'strict')
      .option(...engineFlags.engine)
      .option(...engineFlags.backend)
      .option(
        '--init <weights>',
        "start from a .safetensors file, ours or PyTorch's: docs/exports.md",
      )
      .option('--teacher <teacher>', 'learn from it: folder of a run, or of a TensorFlow.js model')
      .option('--cache <dir>', 'where decoded photos are kept')
      .option('--checkpoint-every <seconds>', 'within long epochs; 0: after every step', '60')
      .option('--resume', 'go on from the last checkpoint of --out')
      .option('--force', 'replace the run that is in --out')
      .option(...trackingFlags.tensorboard)
      .option(...trackingFlags.mlflow)
      .option(...trackingFlags.mlflowExperiment)
      .option('--json', 'events as lines of JSON'),
  run: async (io, _args, options) => {
    checkTracking(io, options);
    if (options.resume && options.force) {
      throw new UsageError(
        '--resume goes on with the run in --out, and --force replaces it',
        'give one of them',
      );
    }
    const engine = await trainingEngine(options);
    try {
      return await prepareAndTrain(io, options, engine);
    } finally {
      await engine.close();
    }
  },
});

async function prepareAndTrain(
  io: CommandIo,
  options: Options,
  engine: TrainingEngine,
): Promise<number> {
  const opened = await compileReference(io, options.arch, options.json);
  if (!opened) return exit.fault;
  const recipe = recipeOf(opened.compiled.normal.recipe, options);
  // Before the photos are decoded, which may take long.
  const found = recipe.distill && (await openTeacher(io, recipe.distill.teacher));
  if (recipe.distill && !found) return exit.fault;
  const signal = io.takeInterrupts();
  const line = new ProgressLine(io.stderr, io.quiet || options.json === true);
  const reporter = new TrainReporter(io, line, options.json === true);
  const prepared = await prepare(opened, recipe, options.data, {
    signal,
    cacheDir: options.cache,
    onProgress: (p) => reporter.decoding(p),
  }).catch((error: unknown) => {
    line.clear();
    if (signal.aborted) return undefined;
    throw error;
  });
  if (!prepared) return exit.interrupted;
  const teacher = await found?.with(prepared.compiled.graph);
  if (teacher) matchClasses(teacher, prepared.compiled.graph.classes);
  const folder = new RunFolder(options.out ?? `runs/${fileNameOf(prepared.compiled.graph.name)}`);
  await folder.lock();
  try {
    return await train({
      io,
      options,
      recipe,
      prepared,
      folder,
      reporter,
      signal,
      engine,
      teacher,
      teacherNote: found?.note,
    });
  } finally {
    if (teacher?.network.kind === 'model') teacher.network.close();
    line.clear();
    await folder.unlock();
  }
}

interface Session {
  readonly io: CommandIo;
  readonly options: Options;
  readonly recipe: Recipe;
  readonly prepared: Prepared;
  readonly folder: RunFolder;
  readonly reporter: TrainReporter;
  readonly signal: AbortSignal;
  readonly engine: TrainingEngine;
  readonly teacher: Teacher | undefined;
  readonly teacherNote: string | undefined;
}

async function train(session: Session): Promise<number> {
  const { options, recipe, prepared, folder, reporter, signal, engine, teacher } = session;
  await refuseToOverwrite(folder, options);
  const record = recordOf(prepared, recipe, {
    reference: options.arch,
    root: options.data,
    engine,
    teacher,
    startedAt: new Date().toISOString(),
  });
  const { graph } = prepared.compiled;
  const initial = await readInitial(options, recipe, prepared);
  const view = teacher && viewNote(teacher, graph);
  const adopted = initial ? adoptionNotes(initial.adoption) : [];
  const all = [...prepared.notes, engine.note, session.teacherNote, view, ...adopted];
  const notes = all.filter((note) => note !== undefined);
  reporter.prepared({ data: prepared.data, notes }, folder.path);
  const trackers = await trackersOf(session.io, options, {
    ...{ folder: folder.path, resumed: options.resume === true, notices: reporter },
  });
  const reporters = together([reporter, ...trackers]);
  let started = false;
  const result = await runTraining({
    graph,
    recipe,
    data: prepared.data,
    folder,
    backend: engine.backend,
    resume: options.resume === true,
    checkpointEvery: wholeNumber('--checkpoint-every', options.checkpointEvery) ?? 60,
    identity: identityOf(prepared, recipe, engine, teacher),
    teacher,
    ...(initial ? { initial: initial.weights } : {}),
    listener: reporters,
    onStart: async (epochs) => {
      started = true;
      await folder.write('architecture', prepared.architecture);
      await folder.writeJson('record', record);
      await reporters.onBegin(record, epochs);
    },
    signal,
  }).catch(async (error: unknown) => {
    const failed: RunRecord = { ...record, status: 'failed' };
    if (started) {
      // A full disk may refuse this too; what is told is what ended the training.
      await folder.writeJson('record', failed).catch(() => undefined);
      await reporters.onEnd(failed, undefined);
    }
    throw error;
  });
  // The model that the run leaves is made on the CPU.
  await engine.close();
  const finished = await writeResults(session, record, result).catch(async (error: unknown) => {
    // Whoever watches from elsewhere hears of the end.
    await reporters.onEnd({ ...record, status: 'failed' }, undefined);
    throw error;
  });
  await reporters.onEnd(finished, result);
  return result.status === 'interrupted' ? exit.interrupted : exit.ok;
}

/** Weights to start from. A run that goes on has them in its checkpoint. */
async function readInitial({ init, resume }: Options, recipe: Recipe, { compiled }: Prepared) {
  const file = init ?? recipe.init;
  if (file === undefined || resume === true) return undefined;
  const { startingWeights } = await import('../../runtime/train/read-weights.ts');
  return startingWeights(file, compiled.graph, recipe.seed);
}

/** Hours of training are not to be lost to a forgotten flag. */
const endings = {
  failed: 'failed',
  running: 'was cut off',
  interrupted: 'was interrupted',
} as const;

async function refuseToOverwrite(folder: RunFolder, options: Options): Promise<void> {
  if (options.resume || options.force) return;
  const before = await folder.record();
  if (!before) return;
  if (before.status === 'finished' || before.status === 'stopped') {
    throw new UsageError(
      `${folder.path} holds a finished run`,
      'name another --out, or replace that run with --force',
    );
  }
  if (!(await folder.has('checkpoint'))) return;
  throw new UsageError(
    `${folder.path} holds a run that ${endings[before.status]}`,
    'go on with --resume, name another --out, or replace that run with --force',
  );
}

async function writeResults(
  session: Session,
  record: RunRecord,
  result: RunResult,
): Promise<RunRecord> {
  const { folder, prepared } = session;
  const finished: RunRecord = {
    ...record,
    status: result.status,
    seconds: result.seconds,
    best: result.best,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
  await folder.writeJson('record', finished);
  // Ctrl-C before there is anything to show should not wait for a page.
  if (result.epochs.length > 0) {
    const { renderReport } = await report();
    await folder.write('report', await renderReport(finished, result.epochs, result.evaluation));
  }
  if (result.status !== 'interrupted') {
    const { saveTfjsModel } = await import('../../compiler/7-emit/tfjs/index.ts');
    await assertInside(folder.path, folder.file('model'));
    await saveTfjsModel(prepared.compiled.graph, result.weights, folder.file('model'));
  }
  return finished;
}

/** Loaded after the training, which is not to wait for it. */
const report = () => import('../../runtime/report/index.ts');

function recipeOf(written: Parameters<typeof resolveRecipe>[0], options: Options): Recipe {
  const values = {
    epochs: positiveInteger('--epochs', options.epochs),
    steps: positiveInteger('--steps', options.steps),
    batch: positiveInteger('--batch', options.batch),
    seed: wholeNumber('--seed', options.seed),
    learningRate: numberOption('--learning-rate', options.learningRate),
    teacher: options.teacher,
  };
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return resolveRecipe(written, Object.fromEntries(given));
}
