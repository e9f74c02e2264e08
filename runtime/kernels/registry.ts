import * as all from './index.ts';
import type { Kernel } from './kernel.ts';

function isKernel(value: unknown): value is Kernel {
  return typeof value === 'object' && value !== null && 'plain' in value && 'unit' in value;
}

/** Every kernel by name. */
export const KERNELS: ReadonlyMap<string, Kernel> = new Map(
  Object.values<unknown>(all)
    .filter(isKernel)
    .map((record) => [record.name, record]),
);
