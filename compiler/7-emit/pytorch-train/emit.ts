/**
 * Target `pytorch-train`: a project that trains the network with PyTorch, in one process, under torchrun or on Ray. Its
 * program is the same for every network (templates/pytorch-train); model.py and recipe.json hold what differs, so that no
 * word of a user becomes code.
 */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../../../runtime/package-root.ts';
import { freezer } from '../../../runtime/train/freeze.ts';
import type { Recipe } from '../../../runtime/train/recipe.ts';
import { eyesOf, matchClasses, type Teacher } from '../../../runtime/train/teacher.ts';
import { randAugmentOps } from '../../2-validate/schema/recipe.ts';
import { count } from '../../5-budget/counts.ts';
import { weightName } from '../../weights/store.ts';
import { EmitError } from '../emit-error.ts';
import { emitPytorch } from '../pytorch/emit.ts';
import { torchNames } from '../pytorch/tree.ts';
import type { BundleFiles, EmitInput } from '../ts/emit.ts';
import { banner } from '../ts/header.ts';

const program = ['train.py', 'learning.py', 'photos.py', 'folders.py', 'requirements.txt'] as const;

export async function emitPytorchTrain(input: EmitInput): Promise<BundleFiles> {
  const { recipe, source, teacher } = input;
  if (!recipe) throw new Error('netlathe bug: a project without a recipe');
  refuse(input, recipe, teacher);
  const files = new Map<string, Uint8Array>();
  for (const name of program) {
    files.set(name, await readFile(path.join(packageRoot(), 'templates/pytorch-train', name)));
  }
  const text = (contents: string) => new TextEncoder().encode(contents);
  files.set('recipe.json', text(`${JSON.stringify(recipeOf(input, recipe), null, 2)}\n`));
  files.set('architecture.yaml', text(`# ${banner}\n${source}`));
  files.set('README.md', text(readme));
  if (teacher?.network.kind === 'graph') {
    const { graph, weights } = teacher.network;
    const made = emitPytorch({ ...input, graph, weights, counts: count(graph) });
    for (const [name, contents] of made) {
      files.set(name === 'model.py' ? 'teacher.py' : 'teacher.safetensors', contents);
    }
  }
  return new Map([...files, ...emitPytorch(input)]);
}

function refuse(
  { graph: { name, input, classes } }: EmitInput,
  recipe: Recipe,
  teacher?: Teacher,
): void {
  const is = (message: string, hint: string) =>
    new EmitError({ code: 'E701', message: `${JSON.stringify(name)} ${message}`, hint });
  const elsewhere = 'train it with netlathe train, or take it out of the recipe';
  if (input.channels !== 1 && input.channels !== 3) {
    throw is(
      `takes ${input.channels} channels: photos have 3, or 1 for grey`,
      'set input.channels',
    );
  }
  if (Array.isArray(recipe.classWeights) && recipe.classWeights.length !== classes.length) {
    throw is(
      `has ${classes.length} classes, and train.classWeights ${recipe.classWeights.length} weights`,
      'give one for each class',
    );
  }
  const { randAugment } = recipe.augment;
  if (randAugment && randAugment.ops.length < randAugmentOps.length) {
    throw is('chooses from some of the changes of randAugment, torchvision from all', elsewhere);
  }
  if (randAugment && !Number.isInteger(randAugment.magnitude)) {
    throw is(
      'has a magnitude of randAugment between two numbers, which torchvision lacks',
      elsewhere,
    );
  }
  if (!recipe.distill) return;
  if (recipe.distill.method === 'dist') {
    throw is('learns by dist, which compares whole batches and so needs one worker', elsewhere);
  }
  if (recipe.distill.hints.length > 0) {
    throw is('learns from hints, which the PyTorch project does not read', elsewhere);
  }
  if (teacher?.network.kind !== 'graph') {
    throw is('learns from a TensorFlow.js model, which PyTorch does not run', elsewhere);
  }
  if (teacher.network.graph.input.channels !== input.channels) {
    throw is('learns from a teacher that takes another number of channels', elsewhere);
  }
}

/** What the program does with each key. A new key of the recipe must be carried or refused, and named here. */
const carried: Readonly<Record<keyof Recipe, true>> = {
  ...{ epochs: true, steps: true, batch: true, seed: true, optimizer: true, schedule: true },
  ...{
    labelSmoothing: true,
    ema: true,
    clipNorm: true,
    accumulate: true,
    mixup: true,
    cutmix: true,
  },
  ...{ classWeights: true, init: true, freeze: true, earlyStopping: true, augment: true },
  ...{ distill: true, data: true },
};
const carriedChanges: Readonly<Record<keyof Recipe['augment'], true>> = {
  ...{ randomResizedCrop: true, cropPadding: true, flip: true, rotation: true },
  ...{ colorJitter: true, randAugment: true, erase: true },
};

function onlyCarried<T extends object>(given: T, known: Readonly<Record<keyof T, true>>): T {
  const entries = Object.entries(given).filter(([key]) => key in known);
  return Object.fromEntries(entries) as T;
}

/** Where the teacher's classes are, what it takes, and how it is compared. */
function distillOf({ graph }: EmitInput, recipe: Recipe, teacher: Teacher | undefined): object {
  if (!recipe.distill || !teacher) return {};
  const { teacher: _reference, hints: _none, ...how } = recipe.distill;
  const { input, preprocessing } = eyesOf(teacher);
  const { mean, std } = preprocessing;
  const order = matchClasses(teacher, graph.classes);
  return { distill: { ...how, size: [input.height, input.width], mean, std, order } };
}

/** The recipe's own keys, and what the program cannot know: how photos are fitted, and what stays as it is. */
function recipeOf(input: EmitInput, recipe: Recipe): object {
  const { graph, teacher } = input;
  const { init: _init, freeze, distill: _distill, ...rest } = onlyCarried(recipe, carried);
  const augment = onlyCarried(recipe.augment, carriedChanges);
  const names = torchNames(graph);
  const isFrozen = freezer(freeze);
  const frozen = graph.nodes
    .filter((node) => isFrozen(node.name))
    .flatMap((node) =>
      node.weights
        .filter(({ trainable }) => trainable)
        .map((spec) => names.get(weightName(node, spec))),
    );
  const { labelled, preprocessing } = graph;
  const about = { about: banner, ...rest, augment, ...distillOf(input, recipe, teacher) };
  return { ...about, frozen, labelled, resize: preprocessing.resize };
}

const readme = `<!-- ${banner} -->
# A network in training

    python -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python train.py --data photos/

\`photos/\` has a folder for each class, or \`training\` and \`validation\` with such folders in them. \`train.py -h\` tells
the rest: several processes with torchrun, a cluster with \`--ray\`, going on with \`--resume\`.

| file | what it is |
| --- | --- |
| \`model.py\` | the network; made from \`architecture.yaml\` |
| \`recipe.json\` | the recipe, by the keys of the YAML |
| \`train.py\` | the loop, checkpoints, workers |
| \`learning.py\` | schedule, optimizer, loss, averages, batch norms over all workers |
| \`photos.py\` | photos, augmentation, order, mixing |
| \`folders.py\` | which photos train and validate |
| \`weights.safetensors\` | the weights it starts from |
| \`teacher.py\` | what it learns from, where the recipe names a teacher |

Back to netlathe, for evaluation or any target of \`netlathe emit\`:

    netlathe eval --arch architecture.yaml --init out/weights.safetensors --data photos/
    netlathe emit --arch architecture.yaml --init out/weights.safetensors --target ts --out bundle/
`;
