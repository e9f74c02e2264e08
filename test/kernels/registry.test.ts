import { describe, expect, it } from 'vitest';
import {
  compileKernelModule,
  createKernelMemory,
  instantiateKernels,
} from '../../runtime/kernels/load.ts';
import { KERNELS } from '../../runtime/kernels/registry.ts';
import { BUILDS } from './harness.ts';

describe.each(BUILDS)('the %s build', (build) => {
  it('exports every kernel with as many parameters as its record, and nothing else', async () => {
    const module = await compileKernelModule(build);
    const exports = instantiateKernels(module, createKernelMemory(0));
    const arity = Object.entries(exports).map(([name, run]) => [name, run.length]);
    const records = [...KERNELS].map(([name, { args }]) => [name, Object.keys(args).length + 2]);
    expect(Object.fromEntries(arity)).toEqual(Object.fromEntries(records));
  });
});
