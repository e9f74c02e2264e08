/** `netlathe eval`: how good a trained network is on photos with known classes. */

import { availableParallelism } from 'node:os';
import type { Graph } from '../../compiler/graph/graph.ts';
import type { WeightStore } from '../../compiler/weights/index.ts';
import type { ImageSet } from '../../runtime/data/index.ts';
import { wilsonInterval } from '../../runtime/report/index.ts';
import { Evaluator } from '../../runtime/train/evaluator.ts';
import { type Figures, figuresOf } from '../../runtime/train/figures.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { type CommandIo, exit, UsageError } from '../io.ts';
import { type NetworkOptions, trainedFrom } from '../network-source.ts';
import { positiveInteger } from '../options.ts';
import { type Photos, photosOf } from '../photos.ts';
import { bar } from '../progress.ts';

interface Options extends NetworkOptions {
  readonly data: string;
  readonly split?: string;
  readonly threads?: string;
  readonly cache?: string;
  readonly tta?: string;
}

export const command = defineCommand<Options>({
  examples: [
    'netlathe eval --model runs/student --data photos/',
    'netlathe eval --model runs/student --data test.tar --split test --json',
  ],
  configure: (command) =>
    command
      .option('--model <run>', 'folder of a run')
      .option('--arch <arch>', 'instead: an architecture, with weights from --init')
      .option('--init <weights>', 'weights of the architecture: a .safetensors file')
      .requiredOption('--data <dir>', 'photos: folders of a class, or a .tar or .tar.gz of them')
      .option(
        '--split <folder>',
        'which folder of it (default: what validates or was held out, else all)',
      )
      .option('--tta <kind>', 'also with test-time augmentation, reported apart: flip')
      .option('--threads <n>', 'threads (default: cores, 8 at most)')
      .option('--cache <dir>', 'where decoded photos are kept')
      .option(...jsonOption),
  run: async (io, _args, options) => {
    const { tta } = options;
    if (tta !== undefined && tta !== 'flip') {
      throw new UsageError(
        `--tta cannot be "${tta}"`,
        'it is flip: the mean with the mirror image',
      );
    }
    const run = await trainedFrom(io, options);
    if (!run) return exit.fault;
    const signal = io.takeInterrupts();
    const photos = await photosOf(io, run, { ...options, signal });
    const { images, relation } = photos;
    const threads =
      positiveInteger('--threads', options.threads) ?? Math.min(8, availableParallelism());
    try {
      const judge = { graph: run.graph, weights: run.weights, images, threads, signal };
      const logits = await logitsOf(judge);
      const classes = run.graph.classes.length;
      const figures = figuresOf(logits, images.labels, classes);
      const averaged = tta && meanOf(logits, await logitsOf({ ...judge, mirrored: true }));
      if (relation === 'trained') io.say(`${io.err.yellow('warning')}: ${sayings.trained}`);
      print(io, photos, options, {
        figures,
        flipped: averaged && figuresOf(averaged, images.labels, classes),
      });
      return exit.ok;
    } catch (error) {
      if (signal.aborted) return exit.interrupted;
      throw error;
    }
  },
});

interface Judge {
  readonly graph: Graph;
  readonly weights: WeightStore;
  readonly images: ImageSet;
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly mirrored?: boolean;
}

async function logitsOf({ graph, weights, images, signal, ...options }: Judge) {
  const evaluator = await Evaluator.create(graph, images, { ...options, build: 'strict' });
  try {
    return await evaluator.run(weights, signal);
  } finally {
    await evaluator.close();
  }
}

/** Of the logits of a photo and of its mirror image, as is usual on CIFAR-10. */
const meanOf = (a: Float32Array, b: Float32Array): Float32Array =>
  a.map((x, i) => (x + (b[i] as number)) / 2);

function print(
  io: CommandIo,
  { data, relation }: Photos,
  options: Options & { readonly json?: boolean },
  { figures, flipped }: { readonly figures: Figures; readonly flipped: Figures | undefined },
): void {
  const { count, loss, top1, top5, confusion } = figures;
  const interval = intervalOf(figures);
  const perClass = data.classNames.map((label, c) => {
    const row = confusion[c] as readonly number[];
    const photos = row.reduce((sum, n) => sum + n, 0);
    return { label, count: photos, top1: photos === 0 ? null : (row[c] as number) / photos };
  });
  if (options.json) {
    io.printJson({
      top1,
      top5,
      loss,
      count,
      photos: relation,
      interval,
      perClass,
      confusion,
      fingerprint: data.fingerprint,
      ...(flipped
        ? {
            tta: {
              kind: 'flip',
              top1: flipped.top1,
              top5: flipped.top5,
              loss: flipped.loss,
              interval: intervalOf(flipped),
            },
          }
        : {}),
    });
    return;
  }
  const width = Math.max(...perClass.map(({ label }) => label.length), 5);
  for (const { label, count: photos, top1: share } of perClass) {
    const figure = share === null ? 'none' : percent(share);
    io.stdout.write(
      `${label.padEnd(width)} ${figure.padStart(6)} ${bar(share ?? 0, 20)} of ${photos}\n`,
    );
  }
  io.stdout.write(
    `\n${summary(figures)}  ${count} photos${relation === 'heldOut' ? sayings.heldOut : ''}\n`,
  );
  if (flipped) io.stdout.write(`with the mirror image of each: ${summary(flipped)}\n`);
}

const sayings = {
  heldOut: ', held out in training',
  trained:
    'the network was trained on these very photos, and its run held none out: on others it will do worse',
} as const;

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

const intervalOf = ({ top1, count }: Figures) => wilsonInterval(Math.round(top1 * count), count);

function summary(figures: Figures): string {
  const { low, high } = intervalOf(figures);
  const { top1, top5, loss } = figures;
  return `top-1 ${percent(top1)} (95% interval ${percent(low)} to ${percent(high)})  top-5 ${percent(top5)}  loss ${loss.toFixed(4)}`;
}
