/** Where the max pool behind a 1x1 convolution is taken together with it. */
import { describe, expect, it } from 'vitest';
import { lowerTraining, type TrainingProgram } from '../../compiler/6-lower/training.ts';
import { networkOf } from '../support/compile.ts';

const adam = {
  name: 'adam',
  momentum: 0,
  nesterov: false,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
} as const;

function lower(layers: string, isFrozen: (layer: string) => boolean = () => false) {
  const common = { batch: 8, threads: 1, average: false, isFrozen };
  return lowerTraining(networkOf(layers, 16), { ...common, optimizer: adam });
}

function kernelsOf({ program }: TrainingProgram): readonly string[] {
  return program.schedules.flatMap(({ steps }) => steps.map(({ kernel }) => kernel));
}

const wide = '- { op: conv2d, filters: 16, padding: same }';
const pooled = `${wide}\n- { op: conv2d, kernel: 1, filters: 8 }\n- maxPool2d`;
const newKernels = ['maxPoolWinners', 'pooledWeightGradient', 'pooledInputGradient'];

describe('a 1x1 convolution with a 2x2 max pool behind it', () => {
  it('never has the gradient between the two', () => {
    const program = lower(pooled);
    expect(kernelsOf(program)).toEqual(expect.arrayContaining(newKernels));
    expect(kernelsOf(program)).not.toContain('maxPoolGradient');
    const labels = program.program.buffers.map(({ label }) => label);
    expect(labels.filter((label) => / to conv2d_2$/.test(label))).toEqual([]);
  });

  it('sums the gradient of its bias from what the pool is given', () => {
    const steps = lower(pooled).program.schedules.flatMap((schedule) => schedule.steps);
    const bias = steps.find((s) => s.kernel === 'biasGradient' && s.layer === 'conv2d_2');
    expect(bias?.args[0]).toMatchObject({ elements: 8 * 8 * 8 * 8 });
  });

  it('has no gradient to weights that are frozen', () => {
    const kernels = kernelsOf(lower(pooled, (layer) => layer === 'conv2d_2'));
    expect(kernels).toContain('pooledInputGradient');
    expect(kernels).not.toContain('pooledWeightGradient');
  });

  it.each([
    ['channels that fill no strip', pooled.replace('filters: 16', 'filters: 12')],
    ['a larger kernel', pooled.replace('kernel: 1', 'kernel: 3')],
    ['a stride', pooled.replace('kernel: 1', 'kernel: 1, stride: 2')],
    ['an overlapping pool', pooled.replace('maxPool2d', '{ op: maxPool2d, size: 3, stride: 2 }')],
    [
      'a second reader',
      pooled.replace('- maxPool2d', '- { op: concat, branches: [[maxPool2d], [avgPool2d]] }'),
    ],
  ])('is two steps with %s', (_what, layers) => {
    const kernels = kernelsOf(lower(layers));
    expect(kernels).toContain('maxPoolGradient');
    expect(kernels.filter((name) => newKernels.includes(name))).toEqual([]);
  });
});
