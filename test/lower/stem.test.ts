/** Where the gradient of a network's first convolution is computed together with what stands behind it. */
import { describe, expect, it } from 'vitest';
import { lowerTraining, type TrainingProgram } from '../../compiler/6-lower/training.ts';
import { networkOf } from '../support/compile.ts';

const sgd = {
  name: 'sgd',
  momentum: 0,
  nesterov: false,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
} as const;

function lower(layers: string, isFrozen: (layer: string) => boolean = () => false) {
  const common = { batch: 8, threads: 1, average: false, isFrozen };
  return lowerTraining(networkOf(layers, 16), { ...common, optimizer: sgd });
}

function kernelsOf({ program }: TrainingProgram): readonly string[] {
  return program.schedules.flatMap(({ steps }) => steps.map(({ kernel }) => kernel));
}

const stem = `- { op: conv2d, kernel: 3, filters: 8, padding: same }
- batchNorm
- relu
- maxPool2d`;
const forward = ['stemProducts', 'stemForward'];
const backward = ['stemGradientSums', 'stemWeightGradient'];
const isOurs = (name: string): boolean => name.startsWith('stem');

describe('a first convolution with a norm and a 2x2 max pool behind it', () => {
  it('never has its output, nor the gradient to it', () => {
    const program = lower(stem);
    expect(kernelsOf(program).filter(isOurs)).toEqual([...forward, ...backward]);
    const labels = program.program.buffers.map(({ label }) => label);
    expect(labels.filter((label) => /(^| to )conv2d_1$/.test(label))).toEqual([]);
  });

  it('sums for the norm alone where it is frozen', () => {
    const kernels = kernelsOf(lower(stem, (layer) => layer === 'conv2d_1'));
    expect(kernels).toContain('normPoolGradientSums');
    expect(kernels.filter(isOurs)).toEqual(forward);
  });

  it.each([
    ['another convolution before it', `- { op: conv2d, kernel: 1, filters: 3 }\n${stem}`],
    ['a larger kernel', stem.replace('kernel: 3', 'kernel: 5')],
    ['a stride', stem.replace('padding: same', 'padding: same, stride: 2')],
    ['no pool', stem.replace('- maxPool2d', '')],
    ['an overlapping pool', stem.replace('maxPool2d', '{ op: maxPool2d, size: 3, stride: 2 }')],
    [
      'a second reader',
      stem.replace('- batchNorm', '- { op: add, branches: [[batchNorm], []] }\n- batchNorm'),
    ],
  ])('has both with %s', (_what, layers) => {
    expect(kernelsOf(lower(layers)).filter(isOurs)).toEqual([]);
  });
});
