/**
 * Bytes that the memory-bound kernels read and write a second, on one thread:
 * npx tsx bench/memory-kernels.ts [filter] [milliseconds each]. The best of many calls counts, as in kernels.ts.
 */
import { ACTIVATION_CODES } from '../runtime/kernels/activation-codes.ts';
import * as k from '../runtime/kernels/index.ts';
import type { Kernel } from '../runtime/kernels/kernel.ts';
import {
  compileKernelModule,
  createKernelMemory,
  instantiateKernels,
  type KernelBuild,
  type KernelExports,
  supportsRelaxed,
} from '../runtime/kernels/load.ts';

const BATCH = 16;
const [filter = '', milliseconds = '100'] = process.argv.slice(2);
const builds: KernelBuild[] = supportsRelaxed() ? ['strict', 'relaxed'] : ['strict'];
const memory = createKernelMemory(256 << 20);
const instances = new Map<KernelBuild, KernelExports>();
for (const build of builds) {
  instances.set(build, instantiateKernels(await compileKernelModule(build), memory));
}

interface Layer {
  readonly size: number;
  readonly channels: number;
}

/** Floats of each buffer; those that the whole batch fills count as traffic. */
type Buffers = Readonly<Record<string, number>>;

function gigabytesPerSecond(
  build: KernelBuild,
  kernel: Kernel,
  buffers: Buffers,
  values: Readonly<Record<string, number>>,
): number {
  const heap = new Float32Array(memory.buffer);
  let top = 0;
  let traffic = 0;
  const call = Object.keys(kernel.args).map((name) => {
    const length = buffers[name];
    if (length === undefined) return values[name] ?? 0;
    // Values on both sides of every activation's kinks, so that no branch or mask is always the same.
    for (let i = 0; i < length; i++) heap[top + i] = ((i * 7919) % 1024) / 128 - 4;
    const address = top * 4;
    top = Math.ceil((top + length) / 64) * 64;
    traffic += length * 4;
    return address;
  });
  const run = instances.get(build)![kernel.name]!;
  let best = Number.POSITIVE_INFINITY;
  const start = performance.now();
  while (performance.now() - start < Number(milliseconds)) {
    const before = performance.now();
    run(...call, 0, BATCH);
    best = Math.min(best, performance.now() - before);
  }
  return traffic / best / 1e6;
}

function report(kernel: Kernel, layer: Layer, buffers: Buffers, activation: number): void {
  if (!kernel.name.includes(filter)) return;
  const { size, channels } = layer;
  const values = { pixels: size * size, height: size, width: size, channels, activation };
  const rates = builds.map((build) =>
    gigabytesPerSecond(build, kernel, buffers, values).toFixed(1).padStart(5),
  );
  const title = `${kernel.name} ${size}x${size}x${channels}`;
  console.log(`${title.padEnd(44)} ${rates.join(' /')}`);
}

console.log(`GB/s, hard swish, batch ${BATCH}: ${builds.join(' / ')}`);
for (const layer of [
  { size: 64, channels: 16 },
  { size: 64, channels: 30 },
  { size: 16, channels: 128 },
] as const) {
  const full = BATCH * layer.size ** 2 * layer.channels;
  const small = {
    partials: BATCH * 2 * layer.channels,
    coefficients: 4 * layer.channels,
    gradientCoefficients: 3 * layer.channels,
  };
  const run = (kernel: Kernel, buffers: Buffers): void => {
    const used = Object.entries({ ...small, ...buffers }).filter(([name]) => name in kernel.args);
    report(kernel, layer, Object.fromEntries(used), ACTIVATION_CODES.hardSwish);
  };
  run(k.normStatistics, { input: full });
  run(k.normActivate, { input: full, output: full });
  run(k.normActivatePool, { input: full, output: full / 4, winners: full / 4 });
  run(k.normGradientSums, { input: full, gradient: full });
  run(k.normInputGradient, { input: full, gradient: full, inputGradient: full });
  const pooled = { winners: full / 4, gradient: full / 4 };
  run(k.normPoolGradientSums, pooled);
  run(k.normPoolInputGradient, { ...pooled, input: full, inputGradient: full });
}
