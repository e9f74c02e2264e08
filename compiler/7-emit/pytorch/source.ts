/** model.py: the network as classes of torch.nn, and the few helpers that a program needs to use it. */

import type { Graph } from '../../graph/graph.ts';
import type { EmitInput } from '../ts/emit.ts';
import { banner } from '../ts/header.ts';
import { bodyContext, bodyOf } from './body.ts';
import { classesOf, type PythonClass } from './classes.ts';
import { pythonNumber, pythonText } from './identifiers.ts';
import { modulePaths, treeOf } from './tree.ts';

export function modelSource({ graph, counts, netlathe }: EmitInput): string {
  const context = bodyContext(graph, modulePaths(graph));
  const classes = classesOf(bodyOf(treeOf(graph), context, graph.output));
  const uses = (word: string) => classes.some(({ lines }) => lines.some((l) => l.includes(word)));
  const number = (n: number) => n.toLocaleString('en-US');
  return `${[
    `"""An image classifier. ${banner}`,
    '',
    `${number(counts.params.trainable)} parameters, ${number(counts.macs)} multiply-adds an image. netlathe ${version(netlathe)}.`,
    '"""',
    '',
    'from pathlib import Path',
    '',
    'import torch',
    ...(uses('F.') ? ['import torch.nn.functional as F'] : []),
    'from safetensors.torch import load_file',
    'from torch import nn',
    '',
    ...constants(graph),
    '',
    '',
    ...classes.flatMap((each) => [...classLines(each, context.ranks.get(graph.output)), '', '']),
    ...helpers,
  ].join('\n')}\n`;
}

/** Digits, letters and dots: what a version is made of. */
function version(text: string): string {
  return text.replace(/[^0-9A-Za-z.+-]/g, '');
}

function constants({ name, classes, input, preprocessing }: Graph): readonly string[] {
  const list = (values: readonly number[]) => `[${values.map(pythonNumber).join(', ')}]`;
  const { height, width, channels } = input;
  return [
    `NAME = ${pythonText(name)}`,
    '# In the order of the logits.',
    'CLASSES = [',
    ...classes.map((label) => `    ${pythonText(label)},`),
    ']',
    `CHANNELS, HEIGHT, WIDTH = ${channels}, ${height}, ${width}`,
    '# Of pixels between 0 and 1, a channel each.',
    `MEAN = ${list(preprocessing.mean)}`,
    `STD = ${list(preprocessing.std)}`,
  ];
}

function classLines(
  { name, parameters, init, inputs, lines }: PythonClass,
  rank: 'image' | 'vector' | undefined,
): readonly string[] {
  const isNetwork = name === 'Network';
  const about = isNetwork
    ? [
        '    """Takes normalised images [batch, channels, height, width], gives logits [batch, classes]."""',
        '',
      ]
    : [];
  const body =
    isNetwork && rank === 'image'
      ? [...lines.slice(0, -1), `return (${lines.at(-1)?.slice('return '.length)}).flatten(1)`]
      : lines;
  return [
    `class ${name}(nn.Module):`,
    ...about,
    `    def __init__(${['self', ...parameters].join(', ')}):`,
    '        super().__init__()',
    ...init.map((line) => `        ${line}`),
    '',
    `    def forward(${['self', ...inputs].join(', ')}):`,
    ...body.map((line) => `        ${line}`),
  ];
}

const helpers = [
  'def normalize(images):',
  '    """Bytes [batch, height, width, channels], as decoders give them, to what the network takes."""',
  '    pixels = images.permute(0, 3, 1, 2).float() / 255',
  '    mean = torch.tensor(MEAN, device=images.device).view(1, -1, 1, 1)',
  '    std = torch.tensor(STD, device=images.device).view(1, -1, 1, 1)',
  '    return (pixels - mean) / std',
  '',
  '',
  'def load(weights=Path(__file__).with_name("weights.safetensors"), device="cpu"):',
  '    """The network with its weights, ready to classify: `load()(normalize(images)).softmax(1)`."""',
  '    network = Network()',
  '    network.load_state_dict(load_file(weights))',
  '    return network.to(device).eval()',
] as const;
