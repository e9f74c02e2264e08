/**
 * `npm run prove:pytorch-train`: the project of `emit --target pytorch-train`, trained on photos that are made up. Where
 * nothing is drawn at random, it must have the losses of `netlathe train`, epoch after epoch. Two workers (torchrun, gloo) and two on Ray must give the losses of one, a run that is killed and goes on the very bytes of
 * one that was not, and netlathe the logits that PyTorch has for the weights that come back.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { printNormalized } from '../compiler/3-normalize/print.ts';
import { emitPytorchTrain } from '../compiler/7-emit/pytorch-train/emit.ts';
import { compile, isComplete } from '../compiler/compile.ts';
import { initialize, type SafeTensor, writeSafetensors } from '../compiler/weights/index.ts';
import { Random } from '../runtime/train/random.ts';
import { readWeights } from '../runtime/train/read-weights.ts';
import { resolveRecipe } from '../runtime/train/recipe.ts';
import { exit, run } from '../test/cli/run.ts';
import { apart, logitsOf, noise, photosEach } from './interop/networks.ts';
import { askPython, interopPython, runPython } from './interop/python.ts';

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
const env = {
  OMP_NUM_THREADS: '1',
  RAY_worker_niceness: '0',
  RAY_USAGE_STATS_ENABLED: '0',
  RAY_AUTH_MODE: 'disabled',
};

const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-train-'));
const at = (...names: readonly string[]) => path.join(folder, ...names);

async function writePhotos(root: string, width: number, height: number): Promise<void> {
  const random = new Random(3, 1);
  const patterns = [
    (x: number, y: number, k: number) => Math.sin(x * k) * Math.sin(y * k),
    (x: number, _y: number, k: number) => Math.sign(Math.sin(x * k)),
    (_x: number, y: number, k: number) => Math.sin(y * k),
  ];
  for (const [split, count] of [
    ['training', 40],
    ['validation', 16],
  ] as const) {
    for (const [c, label] of ['dots', 'stripes', 'waves'].entries()) {
      mkdirSync(at(root, split, label), { recursive: true });
      for (let n = 0; n < count; n++) {
        const k = 0.6 + 0.3 * random.unit();
        const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
          const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
          const value = (patterns[c] as (typeof patterns)[number])(x, y, k);
          return Math.round(120 + 60 * value + 60 * (random.unit() - 0.5));
        });
        const raw = { width, height, channels: 3 } as const;
        await sharp(pixels, { raw })
          .png()
          .toFile(at(root, split, label, `${n}.png`));
      }
    }
  }
}

async function writeProject() {
  const compilation = compile({ resolve: () => 'small.yaml', read: () => yaml }, 'small.yaml');
  if (!isComplete(compilation)) throw new Error(compilation.diagnostics[0]?.message);
  const { graph, counts, normal, spec } = compilation;
  const recipe = resolveRecipe(normal.recipe);
  const source = printNormalized(spec.spec, normal, graph);
  const weights = initialize(graph, 1);
  const rest = { counts, verdicts: [], source, netlathe: '0' };
  mkdirSync(at('project'));
  for (const [file, contents] of await emitPytorchTrain({ graph, weights, recipe, ...rest })) {
    writeFileSync(at('project', file), contents);
  }
  return graph;
}

const common = ['--data', '../photos', '--processes', '0'];

/** The losses of `netlathe train` and of the project, by the command line alone. */
async function bothLosses(name: string, recipe: string): Promise<number> {
  const file = at(`${name}.yaml`);
  writeFileSync(file, recipe);
  await netlathe([
    'emit',
    '--arch',
    file,
    '--target',
    'pytorch-train',
    '--out',
    at(name, 'project'),
  ]);
  const ours = ['--data', at('square'), '--cache', at('cache'), '--out', at(name, 'ours')];
  await netlathe(['train', '--arch', file, ...ours, '--threads', '1']);
  const theirs = ['--data', at('square'), '--out', at(name, 'theirs'), '--processes', '0'];
  await python(['train.py', ...theirs], at(name, 'project'));
  return apart(losses(path.join(name, 'theirs')), losses(path.join(name, 'ours')));
}

async function netlathe(argv: readonly string[]): Promise<void> {
  const { code, stderr } = await run(argv);
  if (code !== exit.ok) throw new Error(`netlathe ${argv.join(' ')}: ${stderr}`);
}

async function python(args: readonly string[], cwd = at('project')): Promise<void> {
  const { code } = await runPython(args, { cwd, env });
  if (code !== 0) throw new Error(`python ${args.join(' ')} ends with exit code ${code}`);
}

const trained = (out: string, ...more: readonly string[]) =>
  python(['train.py', ...common, '--out', at(out), ...more]);

/** Starts a run and kills it as soon as its first epoch is written. */
function killed(out: string): Promise<void> {
  const args = ['train.py', ...common, '--out', at(out)];
  const child = spawn(interopPython(), args, {
    cwd: at('project'),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.on('data', (text) => {
    if (String(text).includes('epoch 2')) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('exit', (_code, signal) => {
      if (signal === 'SIGKILL') resolve();
      else reject(new Error('the run ended before it was killed'));
    });
  });
}

interface Figures {
  readonly train: { readonly loss: number };
  readonly validation: { readonly loss: number };
}

function losses(out: string): readonly number[] {
  const lines = readFileSync(at(out, 'metrics.jsonl'), 'utf8').trim().split('\n');
  const figures = lines.map((line) => JSON.parse(line) as Figures);
  return figures.flatMap(({ train, validation }) => [train.loss, validation.loss]);
}

let failures = 0;
function say(what: string, ok: boolean, measured: string): void {
  if (!ok) failures++;
  process.stdout.write(`| ${what} | ${measured} | ${ok ? 'yes' : 'NO'} |\n`);
}

try {
  await writePhotos('photos', 48, 40);
  await writePhotos('square', 24, 24);
  process.stdout.write('| claim | measured | holds |\n| --- | --- | --- |\n');
  writeFileSync(at('teacher.yaml'), teacherYaml);
  const teacher = ['--arch', at('teacher.yaml'), '--seed', '7', '--target', 'safetensors'];
  await netlathe(['emit', ...teacher, '--out', at('teacher')]);
  const weightsOfTeacher = at('teacher', 'weights.safetensors');
  const distill = (how: string) =>
    `  distill: { teacher: { arch: ${at('teacher.yaml')}, weights: ${weightsOfTeacher} }, ${how} }\n`;
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
  const graph = await writeProject();
  await trained('one');
  const one = losses('one');
  const [first, last] = [one[0] as number, one.at(-2) as number];
  say(
    'it learns',
    last < 0.8 * first,
    `training loss ${first.toFixed(3)}, then ${last.toFixed(3)}`,
  );

  await python([
    ...['-m', 'torch.distributed.run', '--nproc-per-node', '2'],
    ...['train.py', ...common, '--out', at('two')],
  ]);
  const two = apart(losses('two'), one);
  say(
    'two workers (torchrun, gloo) have the losses of one',
    two <= tolerance,
    two.toExponential(1),
  );

  if (process.env.NETLATHE_NO_RAY === undefined) {
    await trained('ray', '--ray', '--workers', '2');
    const ray = apart(losses('ray'), one);
    say('two workers on Ray have the losses of one', ray <= tolerance, ray.toExponential(1));
  }

  await killed('cut');
  await trained('cut', '--resume');
  const bytes = (out: string) => readFileSync(at(out, 'last.safetensors'));
  const same = bytes('cut').equals(bytes('one'));
  say('killed and gone on: the same weights', same, same ? 'the same bytes' : 'other bytes');

  const weights = await readWeights(at('one', 'weights.safetensors'), graph);
  const { height, width, channels } = graph.input;
  const pixels = noise(graph);
  const tensor: SafeTensor = {
    dtype: 'U8',
    shape: [photosEach, height, width, channels],
    bytes: pixels,
  };
  writeFileSync(at('bytes.safetensors'), writeSafetensors(new Map([['bytes', tensor]])));
  const theirs = await askPython<readonly number[]>('logits.py', [
    ...[at('project'), at('one', 'weights.safetensors'), at('bytes.safetensors')],
  ]);
  const back = apart(await logitsOf(graph, weights, pixels), theirs);
  say("netlathe has PyTorch's logits for what comes back", back <= 1e-4, back.toExponential(1));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
