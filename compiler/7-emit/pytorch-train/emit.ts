/**
 * Target `pytorch-train`: a project that trains the network with PyTorch, in one process, under torchrun or on Ray. Its
 * program is the same for every network (templates/pytorch-train); model.py and recipe.json hold what differs, so that no
 * word of a user becomes code.
 */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../../../runtime/package-root.ts';
import { freezer, type Recipe } from '../../../runtime/train/recipe.ts';
import type { Graph } from '../../graph/graph.ts';
import { weightName } from '../../weights/store.ts';
import { EmitError } from '../emit-error.ts';
import { emitPytorch } from '../pytorch/emit.ts';
import { torchNames } from '../pytorch/tree.ts';
import type { BundleFiles, EmitInput } from '../ts/emit.ts';
import { banner } from '../ts/header.ts';

const program = ['train.py', 'learning.py', 'photos.py', 'requirements.txt'] as const;

export async function emitPytorchTrain(input: EmitInput): Promise<BundleFiles> {
  const { graph, recipe, source } = input;
  if (!recipe) throw new Error('netlathe bug: a project without a recipe');
  refuse(graph, recipe);
  const files = new Map<string, Uint8Array>();
  for (const name of program) {
    files.set(name, await readFile(path.join(packageRoot(), 'templates/pytorch-train', name)));
  }
  const text = (contents: string) => new TextEncoder().encode(contents);
  files.set('recipe.json', text(`${JSON.stringify(recipeOf(graph, recipe), null, 2)}\n`));
  files.set('architecture.yaml', text(`# ${banner}\n${source}`));
  files.set('README.md', text(readme));
  return new Map([...files, ...emitPytorch(input)]);
}

function refuse({ name, input }: Graph, recipe: Recipe): void {
  const is = (message: string, hint: string) =>
    new EmitError({ code: 'E701', message: `${JSON.stringify(name)} ${message}`, hint });
  if (input.channels !== 1 && input.channels !== 3) {
    throw is(
      `takes ${input.channels} channels: photos have 3, or 1 for grey`,
      'set input.channels',
    );
  }
  if (!recipe.distill) return;
  throw is(
    'learns from a teacher, which the PyTorch project cannot do yet',
    'train it with netlathe train, or take train.distill out',
  );
}

/** The recipe's own keys, and what the program cannot know: how photos are fitted, and what stays as it is. */
function recipeOf(graph: Graph, recipe: Recipe): object {
  const { init: _init, freeze, ...rest } = recipe;
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
  return { about: banner, ...rest, frozen, labelled, resize: preprocessing.resize };
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
| \`weights.safetensors\` | the weights it starts from |

Back to netlathe, for evaluation or any target of \`netlathe emit\`:

    netlathe eval --arch architecture.yaml --init out/weights.safetensors --data photos/
    netlathe emit --arch architecture.yaml --init out/weights.safetensors --target ts --out bundle/
`;
