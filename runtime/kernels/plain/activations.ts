/** Activations on their own. The backward takes what the forward took, not what it gave. */
import { kernel } from '../kernel.ts';
import { activate, derivative } from './activation.ts';
import { elementUnits } from './elements.ts';

export const activationForward = kernel({
  name: 'activationForward',
  args: { x: 'in', y: 'out', size: 'i32', activation: 'i32', parameter: 'f32' },
  unit: 'chunk of 4096 elements',
  plain({ x, y, size, activation, parameter }, begin, end) {
    for (const i of elementUnits(size, begin, end)) y[i] = activate(x[i]!, activation, parameter);
  },
});

export const activationBackward = kernel({
  name: 'activationBackward',
  args: { x: 'in', dy: 'in', dx: 'out', size: 'i32', activation: 'i32', parameter: 'f32' },
  unit: 'chunk of 4096 elements',
  plain({ x, dy, dx, size, activation, parameter }, begin, end) {
    for (const i of elementUnits(size, begin, end)) {
      dx[i] = dy[i]! * derivative(x[i]!, activation, parameter);
    }
  },
});
