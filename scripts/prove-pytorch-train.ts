/**
 * `npm run prove:pytorch-train`: the project of `emit --target pytorch-train`. Where nothing is drawn at random, it must
 * have the losses of `netlathe train`, epoch after epoch; with all that is, the accuracy within the noise of seeds. Two
 * workers (torchrun, gloo) and two on Ray must give the losses of one, a run that is killed and goes on the very bytes of
 * one that was not, and netlathe what PyTorch has for the weights that come back. Writes docs/results/pytorch-train.md
 * with --record.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { recordOf } from '../bench/shared/record.ts';
import { printNormalized } from '../compiler/3-normalize/print.ts';
import { emitPytorchTrain } from '../compiler/7-emit/pytorch-train/emit.ts';
import { loadBundle } from '../compiler/7-emit/ts/load-module.ts';
import { compile, isComplete } from '../compiler/compile.ts';
import type { Graph } from '../compiler/graph/graph.ts';
import { initialize, type SafeTensor, writeSafetensors } from '../compiler/weights/index.ts';
import { readWeights } from '../runtime/train/read-weights.ts';
import { resolveRecipe } from '../runtime/train/recipe.ts';
import { apart, logitsOf, noise, photosEach } from './interop/networks.ts';
import { askPython, versionsOf } from './interop/python.ts';
import { accuracies, halfInterval, kept, mean } from './pytorch-train/accuracy.ts';
import { writePhotos } from './pytorch-train/photos.ts';
import { Workshop } from './pytorch-train/workshop.ts';

const { values } = parseArgs({
  options: {
    record: { type: 'boolean', default: false },
    /** Leaves the accuracies out, which take some minutes; nothing is recorded then. */
    quick: { type: 'boolean', default: false },
  },
});

const network = `
version: 1
name: small
input: { height: 24, width: 24 }
classes: [dots, stripes, waves]
blocks:
  unit:
    parameters: [width]
    layers:
      - { op: conv2d, kernel: 3, filters: width, padding: same, bias: false }
      - batchNorm
      - relu
      - maxPool2d
layers:
  - { block: unit, width: 8 }
  - { block: unit, width: 12 }
  - globalAvgPool
  - { op: dense, units: classes }
`;
const yaml = `${network}train:
  epochs: 4
  batch: 20
  accumulate: 2
  optimizer: { name: adamw, learningRate: 0.01, weightDecay: 0.02 }
  schedule: { name: cosine, warmupEpochs: 1 }
  labelSmoothing: 0.1
  mixup: 0.2
  cutmix: 0.5
  ema: 0.9
  clipNorm: 1
  classWeights: balanced
  augment:
    randomResizedCrop: { scale: [0.5, 1] }
    flip: alternating
    rotation: 10
    colorJitter: { brightness: 0.2, contrast: 0.1 }
    erase: { probability: 0.3 }
`;

/** All photos in one batch, seen as they are: then nothing is left to chance, and every formula shows. */
const certain = `${network}train:
  epochs: 6
  batch: 120
  optimizer: { name: OPTIMIZER, learningRate: 0.01, weightDecay: 0.05 }
  schedule: { name: cosine, warmupEpochs: 2 }
  labelSmoothing: 0.1
  ema: 0.8
  clipNorm: 0.5
  classWeights: [1, 2, 0.5]
`;

const teacherYaml = `
version: 1
name: teacher
input: { height: 24, width: 24, mean: [0.4, 0.4, 0.4] }
classes: [waves, dots, stripes]
layers: [{ op: conv2d, kernel: 5, filters: 8 }, relu, globalAvgPool, { op: dense, units: classes }]
`;

/** Sums of floats in another order, over all steps. */
const tolerance = 1e-4;
/** Points by which the means of three seeds may differ, whatever the noise. */
const mostPoints = 3;

const shop = new Workshop();
const lines = ['| claim | measured | holds |', '| --- | --- | --- |'];
let failures = 0;

function say(what: string, ok: boolean, measured: string): void {
  if (!ok) failures++;
  lines.push(`| ${what} | ${measured} | ${ok ? 'yes' : 'NO'} |`);
  process.stdout.write(`${lines.at(-1)}\n`);
}

/** The losses of `netlathe train` and of the project, by the command line alone. */
async function bothLosses(name: string, recipe: string): Promise<number> {
  const file = shop.at(`${name}.yaml`);
  writeFileSync(file, recipe);
  const project = ['--target', 'pytorch-train', '--out', shop.at(name, 'project')];
  await shop.netlathe('emit', '--arch', file, ...project);
  const ours = ['--cache', shop.at('cache'), '--out', shop.at(name, 'ours'), '--threads', '1'];
  await shop.netlathe('train', '--arch', file, '--data', shop.at('square'), ...ours);
  const theirs = ['--data', shop.at('square'), '--out', shop.at(name, 'theirs')];
  await shop.python(path.join(name, 'project'), 'train.py', ...theirs, '--processes', '0');
  return apart(shop.losses(name, 'theirs'), shop.losses(name, 'ours'));
}

async function sameLosses(): Promise<void> {
  writeFileSync(shop.at('teacher.yaml'), teacherYaml);
  const teacher = ['--arch', shop.at('teacher.yaml'), '--seed', '7', '--target', 'safetensors'];
  await shop.netlathe('emit', ...teacher, '--out', shop.at('teacher'));
  const weights = shop.at('teacher', 'weights.safetensors');
  const distill = (how: string) =>
    `  distill: { teacher: { arch: ${shop.at('teacher.yaml')}, weights: ${weights} }, ${how} }\n`;
  for (const [name, optimizer, more] of [
    ['adamw', 'adamw', ''],
    ['sgd', 'sgd', ''],
    ['rmsprop', 'rmsprop', ''],
    ['kd', 'adamw', distill('method: kd, temperature: 4, alpha: 0.7')],
    ['dkd', 'adamw', distill('method: dkd, temperature: 3, alpha: 0.6')],
  ] as const) {
    const recipe = certain.replace('OPTIMIZER', optimizer);
    const difference = await bothLosses(name, `${recipe}${more}`);
    const claim = `${name}: the losses of netlathe train, where nothing is random`;
    say(claim, difference <= 1e-3, difference.toExponential(1));
  }
}

async function writeProject(): Promise<Graph> {
  const compilation = compile({ resolve: () => 'small.yaml', read: () => yaml }, 'small.yaml');
  if (!isComplete(compilation)) throw new Error(compilation.diagnostics[0]?.message);
  const { graph, counts, normal, spec } = compilation;
  const recipe = resolveRecipe(normal.recipe);
  const source = printNormalized(spec.spec, normal, graph);
  const weights = initialize(graph, 1);
  const rest = { counts, verdicts: [], source, netlathe: '0' };
  mkdirSync(shop.at('project'));
  for (const [file, contents] of await emitPytorchTrain({ graph, weights, recipe, ...rest })) {
    writeFileSync(shop.at('project', file), contents);
  }
  return graph;
}

const common = ['--data', '../photos', '--processes', '0'];

const trained = (out: string, ...more: readonly string[]) =>
  shop.python('project', 'train.py', ...common, '--out', shop.at(out), ...more);

async function workers(): Promise<void> {
  await trained('one');
  const one = shop.losses('one');
  const [first, last] = [one[0] as number, one.at(-2) as number];
  const learnt = `training loss ${first.toFixed(3)}, then ${last.toFixed(3)}`;
  say('it learns', last < 0.8 * first, learnt);

  const torchrun = ['-m', 'torch.distributed.run', '--nproc-per-node', '2'];
  await shop.python('project', ...torchrun, 'train.py', ...common, '--out', shop.at('two'));
  const two = apart(shop.losses('two'), one);
  const claim = 'two workers (torchrun, gloo) have the losses of one';
  say(claim, two <= tolerance, two.toExponential(1));

  await trained('ray', '--ray', '--workers', '2');
  const ray = apart(shop.losses('ray'), one);
  say('two workers on Ray have the losses of one', ray <= tolerance, ray.toExponential(1));

  await killed('cut');
  await trained('cut', '--resume');
  const bytes = (out: string) => readFileSync(shop.at(out, 'last.safetensors'));
  const same = bytes('cut').equals(bytes('one'));
  say('killed and gone on: the same weights', same, same ? 'the same bytes' : 'other bytes');
}

/** Starts a run and kills it as soon as its second epoch is written. */
function killed(out: string): Promise<void> {
  const child = shop.startPython('project', 'train.py', ...common, '--out', shop.at(out));
  child.stdout?.on('data', (text) => {
    if (String(text).includes('epoch 2')) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('exit', (_code, signal) => {
      if (signal === 'SIGKILL') resolve();
      else reject(new Error('the run ended before it was killed'));
    });
  });
}

/** What PyTorch has trained, in `eval` and in a module that is emitted. */
async function back(graph: Graph): Promise<void> {
  const init = ['--init', shop.at('one', 'weights.safetensors')];
  const weights = await readWeights(shop.at('one', 'weights.safetensors'), graph);
  const { height, width, channels } = graph.input;
  const pixels = noise(graph);
  const shape = [photosEach, height, width, channels];
  const tensor: SafeTensor = { dtype: 'U8', shape, bytes: pixels };
  writeFileSync(shop.at('bytes.safetensors'), writeSafetensors(new Map([['bytes', tensor]])));
  const files = [shop.at('project'), shop.at('one', 'weights.safetensors')];
  const theirs = await askPython<readonly number[]>('logits.py', [
    ...files,
    shop.at('bytes.safetensors'),
  ]);
  const logits = apart(await logitsOf(graph, weights, pixels), theirs);
  say("netlathe has PyTorch's logits for what comes back", logits <= 1e-4, logits.toExponential(1));

  const arch = ['--arch', shop.at('project', 'architecture.yaml')];
  await shop.netlathe('emit', ...arch, ...init, '--target', 'ts', '--out', shop.at('bundle'));
  const module = await (await loadBundle(shop.at('bundle'))).create({
    weights: readFileSync(shop.at('bundle', 'weights.bin')),
  });
  const each = pixels.length / photosEach;
  const rows = Array.from({ length: photosEach }, (_, n) => {
    const data = pixels.subarray(n * each, (n + 1) * each);
    return [...module.logits({ data, width, height })];
  });
  const emitted = apart(rows.flat(), theirs);
  say('so has the module that emit makes of it', emitted <= 1e-4, emitted.toExponential(1));

  const adamw = ['--arch', shop.at('adamw.yaml'), '--data', shop.at('square')];
  const kept = ['--init', shop.at('adamw', 'theirs', 'weights.safetensors')];
  const seen = JSON.parse(await shop.netlathe('eval', ...adamw, ...kept, '--json')) as {
    readonly top1: number;
  };
  const top1 = Math.max(...shop.epochs('adamw', 'theirs').map((epoch) => epoch.validation.top1));
  const figures = `${(100 * seen.top1).toFixed(2)}%, ${(100 * top1).toFixed(2)}%`;
  say("eval gives PyTorch's accuracy for what comes back", seen.top1 === top1, figures);
}

async function sameAccuracy(): Promise<void> {
  const found = await accuracies(shop);
  const points = (numbers: readonly number[]) => numbers.map((n) => n.toFixed(1)).join(', ');
  const [ours, theirs] = [mean(found.ours), mean(found.theirs)];
  const [difference, half] = [theirs - ours, halfInterval(found.ours, found.theirs)];
  say(
    'the accuracy of netlathe train within the noise of seeds (the recipe of examples/cifar10.yaml, 3 seeds)',
    Math.abs(difference) <= Math.min(half, mostPoints),
    `netlathe ${points(found.ours)}, mean ${ours.toFixed(2)}%; PyTorch ${points(found.theirs)}, mean ${theirs.toFixed(2)}%; difference ${difference.toFixed(2)} ± ${half.toFixed(2)}`,
  );
  // JPEGs: two decoders may round a pixel differently.
  say(
    "eval of PyTorch's best weights, less what PyTorch says",
    found.back.every((n) => Math.abs(n) <= 0.3),
    `${found.back.map((n) => n.toFixed(2)).join(', ')} points`,
  );
}

try {
  await writePhotos(shop.at('photos'), 48, 40);
  await writePhotos(shop.at('square'), 24, 24);
  process.stdout.write(`${lines.join('\n')}\n`);
  await sameLosses();
  const graph = await writeProject();
  await workers();
  await back(graph);
  if (!values.quick) await sameAccuracy();
} finally {
  shop.clear();
}
if (values.record && !values.quick && failures === 0) {
  const versions = versionsOf(['torch', 'torchvision', 'ray', 'numpy', 'pillow', 'safetensors']);
  const note = `${versions}, all from PyPI;
PyTorch on the CPU, with one thread a worker. Three classes of made-up photos, a network of two units, the recipe with
mixup, CutMix, RandomResizedCrop, erasing, moving average, clipping and accumulation; for the first rows, all photos in one
batch and nothing random, six epochs, losses of training and validation after each. Differences of losses and logits are
shares of the largest. Accuracies are those of the last epoch on ${10 * kept.validation} validation photos, after
${10 * kept.training} that train; the interval of their difference is Welch's, 95%, over the seeds.`;
  const head = { title: 'The training project', script: 'prove:pytorch-train', note };
  const text = `${recordOf(head, lines, process.argv.slice(2))}\n`;
  writeFileSync(path.join(import.meta.dirname, '../docs/results/pytorch-train.md'), text);
}
process.exitCode = failures === 0 ? 0 : 1;
