import type { KernelFactory } from '../types.ts';
import { activate } from './activate.ts';

export const activationForward: KernelFactory = (f) => (x, y, size, activation, parameter) => {
  const from = x! >> 2;
  const to = y! >> 2;
  for (let i = 0; i < size!; i++) f[to + i] = activate(f[from + i]!, activation!, parameter!);
};

/** A norm with an activation behind it: the coefficients begin with a row of scales and a row of shifts. */
export const normActivate: KernelFactory =
  (f) => (input, coefficients, output, pixels, channels, activation, parameter) => {
    const from = input! >> 2;
    const to = output! >> 2;
    const scales = coefficients! >> 2;
    for (let p = 0, i = 0; p < pixels!; p++) {
      for (let c = 0; c < channels!; c++, i++) {
        const z = f[from + i]! * f[scales + c]! + f[scales + channels! + c]!;
        f[to + i] = activate(z, activation!, parameter!);
      }
    }
  };
