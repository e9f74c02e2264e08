/** Where Winograd's way is taken, and when its weights are made. */
import { describe, expect, it } from 'vitest';
import { lowerInference } from '../../compiler/6-lower/inference.ts';
import type { Schedule } from '../../compiler/6-lower/program.ts';
import { lowerTraining } from '../../compiler/6-lower/training.ts';
import { networkOf } from '../support/compile.ts';

const adam = {
  name: 'adam',
  momentum: 0,
  nesterov: false,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
} as const;

function gradientsOf(layers: string): Schedule {
  const common = { batch: 8, threads: 1, average: false, isFrozen: () => false };
  const { program } = lowerTraining(networkOf(layers, 16), { ...common, optimizer: adam });
  return program.schedules.find(({ name }) => name === 'gradients') as Schedule;
}

const wide = `
- { op: conv2d, kernel: 1, filters: 16 }
- { op: conv2d, kernel: 3, filters: 16, padding: same }
- { op: conv2d, kernel: 3, filters: 16, padding: same }`;

const kernelsOf = (schedule: Schedule) => schedule.steps.map(({ kernel }) => kernel);

describe('3x3 convolutions', () => {
  it('train by Winograd: forward, to the input and to the weights', () => {
    const kernels = kernelsOf(gradientsOf(wide));
    expect(kernels.filter((name) => name === 'winograd')).toHaveLength(4);
    expect(kernels.filter((name) => name === 'winogradWeightGradient')).toHaveLength(2);
    expect(kernels).not.toContain('convolution');
  });

  it('take their groups by Winograd where these are wide enough', () => {
    const layers =
      '- { op: conv2d, kernel: 1, filters: 24 }\n- { op: conv2d, kernel: 3, groups: 3 }';
    expect(kernelsOf(gradientsOf(layers)).filter((name) => name === 'winograd')).toHaveLength(2);
  });

  it('are direct in inference', () => {
    const { program } = lowerInference(networkOf(wide, 16), { batch: 8, threads: 1 });
    const kernels = program.schedules.flatMap(kernelsOf);
    expect(kernels.filter((name) => /winograd/i.test(name))).toEqual([]);
  });

  it.each([
    ['few channels', '- { op: conv2d, kernel: 3, filters: 8, padding: same }'],
    [
      'a stride',
      '- { op: conv2d, kernel: 1, filters: 24 }\n- { op: conv2d, kernel: 3, stride: 2 }',
    ],
    [
      'small groups',
      '- { op: conv2d, kernel: 1, filters: 24 }\n- { op: conv2d, kernel: 3, groups: 6 }',
    ],
  ])('are direct with %s', (_what, layers) => {
    const kernels = kernelsOf(gradientsOf(layers));
    expect(kernels).toContain('convolution');
    expect(kernels.filter((name) => /winograd/i.test(name))).toEqual([]);
  });
});

describe('what follows from the weights alone', () => {
  it('is made in the phase before the one that reads it', () => {
    const { phases } = gradientsOf(wide);
    const packings = phases.flatMap(({ steps }, index) =>
      steps.flatMap(({ kernel, args }) =>
        kernel === 'packWinograd' ? [{ index, packed: args[1] }] : [],
      ),
    );
    expect(packings).toHaveLength(4);
    for (const { index, packed } of packings) {
      const reads = phases.findIndex(({ steps }) =>
        steps.some(({ kernel, args }) => kernel === 'winograd' && args[1] === packed),
      );
      expect(index).toBe(reads - 1);
    }
  });
});
