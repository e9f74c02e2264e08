/** `netlathe lr-find`: a learning-rate range test with the recipe as it is. */

import path from 'node:path';
import { initialize } from '../../compiler/weights/index.ts';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { ratePlotPage, ratePlotSvg } from '../../runtime/report/rate-plot.ts';
import {
  type RangePoint,
  type RangeReading,
  type RangeRun,
  rangeRecipe,
  readRange,
  runRange,
} from '../../runtime/train/rate-range.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { compileReference } from '../compile-reference.ts';
import { type CommandIo, type CommonOptions, exit, UsageError } from '../io.ts';
import { numberOption, positiveInteger, wholeNumber } from '../options.ts';
import { bar, ProgressLine } from '../progress.ts';
import { openTeacher } from '../teacher.ts';
import { prepare } from '../train-session.ts';
import { engineFlags, type TrainingEngine, trainingEngine } from '../training-engine.ts';

interface Options {
  readonly arch: string;
  readonly data: string;
  readonly from?: string;
  readonly to?: string;
  readonly steps?: string;
  readonly batch?: string;
  readonly seed?: string;
  readonly threads?: string;
  readonly numerics: string;
  readonly engine: string;
  readonly backend?: string;
  readonly cache?: string;
  readonly out?: string;
}

export const command = defineCommand<Options>({
  examples: [
    'netlathe lr-find --arch student --data photos/',
    'netlathe lr-find --arch my.yaml --data photos/ --steps 200 --out runs/rates',
  ],
  configure: (command) =>
    command
      .requiredOption('--arch <arch>', 'architecture: a file, file#variant or zoo name')
      .requiredOption('--data <dir>', 'photos: folders of a class, or a .tar or .tar.gz of them')
      .option('--from <rate>', 'first learning rate (default: 1e-6)')
      .option('--to <rate>', 'last learning rate (default: 1; 10 with sgd)')
      .option('--steps <n>', 'updates (default: 120)')
      .option('--batch <n>', 'photos a step')
      .option('--seed <n>', 'seeds weights, order and augmentation')
      .option('--threads <n>', 'threads (default: cores, 8 at most)')
      .option('--numerics <kind>', 'strict or relaxed', 'strict')
      .option(...engineFlags.engine)
      .option(...engineFlags.backend)
      .option('--cache <dir>', 'where decoded photos are kept')
      .option('--out <dir>', 'also write lr-find.html, .svg and .json there')
      .option(...jsonOption),
  run: async (io, _args, options) => {
    const engine = await trainingEngine(options);
    try {
      return await findRate(io, options, engine);
    } finally {
      await engine.close();
    }
  },
});

async function findRate(
  io: CommandIo,
  options: Options & CommonOptions,
  engine: TrainingEngine,
): Promise<number> {
  const opened = await compileReference(io, options.arch, options.json);
  if (!opened) return exit.fault;
  const recipe = rangeRecipeOf(opened.compiled.normal.recipe, options);
  const found = recipe.distill && (await openTeacher(io, recipe.distill.teacher));
  if (recipe.distill && !found) return exit.fault;
  const signal = io.takeInterrupts();
  const line = new ProgressLine(io.stderr, io.quiet || options.json === true);
  const prepared = await prepare(opened, recipe, options.data, {
    signal,
    cacheDir: options.cache,
    onProgress: ({ done, total }) =>
      line.show(() => `decoding photos ${bar(done / total, 20)} ${done} of ${total}`),
  }).catch((error: unknown) => {
    line.clear();
    if (signal.aborted) return undefined;
    throw error;
  });
  if (!prepared) return exit.interrupted;
  const { graph } = prepared.compiled;
  const teacher = await found?.with(graph);
  const trainer = await engine.backend.trainer(graph, prepared.data.train, recipe, teacher);
  try {
    trainer.start(initialize(graph, recipe.seed));
    let done = 0;
    const onStep = ({ rate, loss }: RangePoint) => {
      done++;
      const share = done / trainer.pace.totalSteps;
      line.show(() => `rate ${rate.toExponential(1)} ${bar(share, 16)} loss ${loss.toFixed(3)}`);
    };
    const run = await runRange(trainer, { signal, onStep });
    line.clear();
    if (run.ended === 'interrupted') return exit.interrupted;
    await show(io, { title: graph.name, run, options });
    return exit.ok;
  } finally {
    line.clear();
    await trainer.close();
    if (teacher?.network.kind === 'model') teacher.network.close();
  }
}

function rangeRecipeOf(written: Parameters<typeof resolveRecipe>[0], options: Options) {
  const low = numberOption('--from', options.from) ?? 1e-6;
  const usual = written?.optimizer?.name === 'sgd' ? 10 : 1;
  const high = numberOption('--to', options.to) ?? usual;
  if (high <= low) throw new UsageError('--to must be above --from');
  const steps = positiveInteger('--steps', options.steps) ?? 120;
  const batch = positiveInteger('--batch', options.batch);
  const seed = wholeNumber('--seed', options.seed);
  const flags = { ...(batch && { batch }), ...(seed !== undefined && { seed }) };
  return rangeRecipe(resolveRecipe(written, flags), { low, high, steps });
}

interface Shown {
  readonly title: string;
  readonly run: RangeRun;
  readonly options: Options & { readonly json?: boolean };
}

async function show(io: CommandIo, { title, run, options }: Shown): Promise<void> {
  const { points, ended } = run;
  const reading = readRange(points);
  const { suggestion, reason, steepest, lowest, smooth } = reading;
  const table = points.map(({ rate, loss }, i) => ({ rate, loss, smooth: smooth[i] }));
  const result = {
    suggestion: suggestion ?? null,
    reason,
    steepest: steepest ?? null,
    lowest: lowest ?? null,
    ended,
    points: table,
  };
  const files = options.out === undefined ? [] : await write(options.out, title, result, reading);
  if (options.json) {
    io.printJson(result);
    return;
  }
  for (const row of sketch(points, reading)) io.stdout.write(`${row}\n`);
  const end = ended === 'diverged' ? `the loss ran away after ${points.length} steps` : undefined;
  if (end) io.say(end);
  io.stdout.write(
    suggestion === undefined
      ? `\nno suggestion: ${reason}\n`
      : `\nlearningRate: ${suggestion}\n${reason}\n`,
  );
  for (const file of files) io.say(`wrote ${path.relative(io.cwd, file)}`);
}

async function write(
  out: string,
  title: string,
  result: { readonly points: readonly RangePoint[] },
  reading: RangeReading,
): Promise<readonly string[]> {
  const plot = { title, points: result.points, reading };
  const contents = {
    'lr-find.html': await ratePlotPage(plot),
    'lr-find.svg': await ratePlotSvg(plot),
    'lr-find.json': `${JSON.stringify({ version: 1, ...result }, null, 2)}\n`,
  };
  const files = Object.keys(contents).map((name) => path.resolve(out, name));
  for (const [name, text] of Object.entries(contents)) {
    await writeFileAtomic(path.resolve(out, name), text);
  }
  return files;
}

/** The smoothed loss as a few bars. */
function sketch(points: readonly RangePoint[], { smooth }: RangeReading): readonly string[] {
  const rows = Math.min(18, points.length);
  const largest = Math.max(...smooth.filter(Number.isFinite));
  return Array.from({ length: rows }, (_, r) => {
    const i = Math.round((r * (points.length - 1)) / Math.max(1, rows - 1));
    const { rate } = points[i] as RangePoint;
    const loss = smooth[i] as number;
    return `${rate.toExponential(1).padStart(8)} ${loss.toFixed(3).padStart(7)} ${bar(loss / largest, 40)}`;
  });
}
