/** Activations on their own, `size` elements an image. The backward takes what the forward took, not what it gave. */
import { kernel } from '../kernel.ts';
import { activate, derivative } from './activation.ts';

export const activationForward = kernel({
  name: 'activationForward',
  args: { x: 'in', y: 'out', size: 'i32', activation: 'i32', parameter: 'f32' },
  unit: 'image',
  plain({ x, y, size, activation, parameter }, begin, end) {
    for (let i = begin * size; i < end * size; i++) y[i] = activate(x[i]!, activation, parameter);
  },
});

export const activationBackward = kernel({
  name: 'activationBackward',
  args: { x: 'in', dy: 'in', dx: 'out', size: 'i32', activation: 'i32', parameter: 'f32' },
  unit: 'image',
  plain({ x, dy, dx, size, activation, parameter }, begin, end) {
    for (let i = begin * size; i < end * size; i++) {
      dx[i] = dy[i]! * derivative(x[i]!, activation, parameter);
    }
  },
});
