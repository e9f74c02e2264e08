/** GFLOP/s of our matrix product on one thread, in the cache: the yardstick for a step. */

import { packedSize } from '../../runtime/kernels/index.ts';
import {
  compileKernelModule,
  createKernelMemory,
  instantiateKernels,
  type KernelBuild,
} from '../../runtime/kernels/load.ts';

export async function matrixPeak(build: KernelBuild): Promise<number> {
  const memory = createKernelMemory(4 << 20);
  const { pointwise } = instantiateKernels(await compileKernelModule(build), memory);
  if (!pointwise) throw new Error('netlathe bug: no pointwise kernel');
  const [pixels, channels] = [256, 256];
  const sizes = [pixels * channels, packedSize({ depth: channels, channels, groups: 1 })] as const;
  new Float32Array(memory.buffer, 0, sizes[0] + sizes[1]).fill(0.01);
  const packed = sizes[0] * 4;
  const output = (sizes[0] + sizes[1]) * 4;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 200; i++) {
    const before = performance.now();
    pointwise(0, packed, output, pixels, channels, channels, 0, 1);
    best = Math.min(best, performance.now() - before);
  }
  return (2 * pixels * channels * channels) / best / 1e6;
}
