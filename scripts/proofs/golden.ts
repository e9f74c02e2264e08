/**
 * The run whose weights are the same everywhere: 50 steps of a network like architectures/student.yaml, on made-up
 * photos, by way of the command line. test/train/golden.test.ts holds it to the hash below; prove-determinism runs it
 * with any number of threads and on any Node.
 */

import { type Job, makeJob } from './job.ts';

/** Of last.safetensors. A change of the arithmetic that is meant is said in the changelog, and replaces it. */
export const golden = '31227ff0b5d376555c63921f38b779130df41ec411009ec6ee44800be5e97f6e';

const yaml = `version: 1
name: golden
input: { height: 32, width: 32 }
classes: 3
bandwidth: { base: 8, multipliers: [1, 2, 4, 4] }
defaults: { conv2d: { kernel: 3, padding: same } }
blocks:
  unit:
    parameters: [width]
    layers:
      - { op: conv2d, groups: depthwise }
      - batchNorm
      - hardSwish
      - { op: conv2d, kernel: 1, filters: width }
layers:
  - { op: conv2d, filters: "bandwidth[0]" }
  - batchNorm
  - hardSwish
  - maxPool2d
  - { op: conv2d, filters: 12, padding: valid }
  - batchNorm
  - for: { width: "bandwidth[1..2]" }
    layers: [{ block: unit, width: width }, maxPool2d]
  - { block: unit, for: { width: "bandwidth[3..]" } }
  - { op: conv2d, groups: 4, filters: 32 }
  - batchNorm
  - silu
  - { op: dropout, rate: 0.1 }
  - globalAvgPool
  - { op: dense, units: classes }
train:
  epochs: 10
  batch: 8
  seed: 3
  optimizer: { name: adamw, learningRate: 0.003, weightDecay: 0.02 }
  schedule: { name: cosine, warmupEpochs: 1 }
  labelSmoothing: 0.1
  ema: 0.99
  clipNorm: 1
  mixup: 0.2
  cutmix: 0.5
  augment:
    randomResizedCrop: { scale: [0.35, 1] }
    flip: true
    rotation: 10
    colorJitter: { brightness: 0.2, contrast: 0.2, saturation: 0.2 }
    erase: { probability: 0.3 }
`;

export const goldenArguments = ['--steps', '50'] as const;

export function makeGoldenJob(folder: string): Promise<Job> {
  return makeJob(folder, yaml, { training: 24, validation: 6, side: 36 });
}
