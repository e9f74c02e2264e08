/** Small networks that together use every op, each with another recipe. */

import type { Recipe } from '../../compiler/2-validate/spec.ts';

export interface Case {
  readonly name: string;
  readonly layers: string;
  readonly recipe: Recipe;
}

const head = `- globalAvgPool
- { op: dense, units: classes }`;

export const cases: readonly Case[] = [
  {
    name: 'convolutions and norms; AdamW, average, augmentation',
    layers: `- { op: conv2d, kernel: 3, filters: 8, padding: same, bias: false }
- batchNorm
- relu
- maxPool2d
- { op: conv2d, kernel: 3, filters: 12, stride: 2, padding: 1, bias: false }
- batchNorm
- relu
${head}`,
    recipe: {
      optimizer: { name: 'adamw', learningRate: 0.003, weightDecay: 0.02 },
      schedule: { name: 'cosine', warmupEpochs: 1 },
      labelSmoothing: 0.1,
      ema: 0.9,
      augment: { randomResizedCrop: { scale: [0.5, 1] }, flip: true },
    },
  },
  {
    name: 'depthwise, squeeze and excite; SGD with Nesterov, clipping, accumulation',
    layers: `- { op: conv2d, kernel: 3, filters: 8, padding: same, bias: false }
- batchNorm
- hardSwish
- { op: conv2d, kernel: 3, groups: depthwise, stride: 2, padding: 1, bias: false }
- { op: batchNorm, momentum: 0.2 }
- relu6
- op: multiply
  branches:
    - []
    - [globalAvgPool, { op: dense, units: 4 }, silu, { op: dense, units: 8 }, hardSigmoid]
- { op: add, branches: [[], [{ op: conv2d, kernel: 1, filters: 8 }, leakyRelu]] }
- { op: dropout, rate: 0.2 }
${head}`,
    recipe: {
      accumulate: 2,
      clipNorm: 0.5,
      mixup: 0.2,
      optimizer: { name: 'sgd', learningRate: 0.03, momentum: 0.9, nesterov: true },
    },
  },
  {
    name: 'groups, dilation, shuffled channels, every other activation; RMSprop',
    layers: `- { op: conv2d, kernel: 3, filters: 8, padding: same }
- gelu
- { op: conv2d, kernel: 3, filters: 8, groups: 2, padding: same }
- elu
- { op: conv2d, kernel: 3, filters: 8, dilation: 2, padding: same }
- tanh
- op: concat
  split: 2
  branches: [[], [{ op: conv2d, kernel: 1, filters: 4 }, sigmoid]]
- channelShuffle
- { op: zeroPad, padding: 1 }
- { op: avgPool2d, size: 2 }
- { op: maxPool2d, size: 3, stride: 2, padding: 1 }
- flatten
- { op: dense, units: classes }`,
    recipe: { optimizer: { name: 'rmsprop', learningRate: 0.001, momentum: 0.5 }, cutmix: 1 },
  },
];

export const yamlOf = (layers: string) => `version: 1
name: small
input: { height: 16, width: 16 }
classes: [amber, beryl, coral]
layers:
${layers.replaceAll(/^/gm, '  ')}
`;
