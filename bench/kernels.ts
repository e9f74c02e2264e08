/**
 * Arithmetic rate of the convolution kernels on one thread: npx tsx bench/kernels.ts [filter] [milliseconds each].
 * The best of many calls counts, as other work on the machine only ever slows one down.
 */
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

const BATCH = 8;
const [filter = '', milliseconds = '150'] = process.argv.slice(2);
const builds: KernelBuild[] = supportsRelaxed() ? ['strict', 'relaxed'] : ['strict'];

interface Job {
  readonly kernel: Kernel;
  readonly values: Readonly<Record<string, number>>;
  /** Floats of each buffer. */
  readonly buffers: Readonly<Record<string, number>>;
  readonly units: number;
  readonly flops: number;
}

const memory = createKernelMemory(256 << 20);
const kernels = new Map<KernelBuild, KernelExports>();
for (const build of builds) {
  kernels.set(build, instantiateKernels(await compileKernelModule(build), memory));
}

function rate(build: KernelBuild, { kernel, values, buffers, units, flops }: Job): string {
  const heap = new Float32Array(memory.buffer);
  let top = 0;
  const call = Object.keys(kernel.args).map((name) => {
    const value = values[name];
    if (value !== undefined) return value;
    const length = buffers[name] ?? 1;
    heap.fill(0.01, top, top + length);
    const address = top * 4;
    top = Math.ceil((top + length) / 64) * 64;
    return address;
  });
  const run = kernels.get(build)![kernel.name]!;
  let best = Number.POSITIVE_INFINITY;
  const start = performance.now();
  while (performance.now() - start < Number(milliseconds)) {
    const before = performance.now();
    run(...call, 0, units);
    best = Math.min(best, performance.now() - before);
  }
  return (flops / best / 1e6).toFixed(1).padStart(6);
}

function report(title: string, jobs: Readonly<Record<string, Job>>): void {
  if (!title.includes(filter)) return;
  const columns = Object.entries(jobs).map(([name, job]) => {
    const rates = builds.map((build) => rate(build, job)).join(' /');
    return `${name} ${rates}`;
  });
  console.log(`${title.padEnd(38)} ${columns.join('   ')}`);
}

function pointwiseJobs(size: number, inChannels: number, outChannels: number): void {
  const pixels = size * size;
  const flops = 2 * BATCH * pixels * inChannels * outChannels;
  const forward = (from: number, to: number): Job => ({
    kernel: k.pointwise,
    values: { pixels, inChannels: from, outChannels: to },
    buffers: {
      input: BATCH * pixels * from,
      packed: k.packedSize({ depth: from, channels: to, groups: 1 }),
      output: BATCH * pixels * to,
    },
    units: BATCH,
    flops,
  });
  const scratchSize = k.pointwiseWeightGradientScratch(inChannels, outChannels);
  const chunks = k.gradientChunks(BATCH, inChannels * outChannels);
  report(`pointwise ${size}x${size} ${inChannels}->${outChannels}`, {
    forward: forward(inChannels, outChannels),
    input: forward(outChannels, inChannels),
    weights: {
      kernel: k.pointwiseWeightGradient,
      values: { batch: BATCH, pixels, inChannels, outChannels, chunks, scratchSize, slot: 0 },
      buffers: {
        input: BATCH * pixels * inChannels,
        gradient: BATCH * pixels * outChannels,
        partials: chunks * inChannels * outChannels,
        scratch: scratchSize,
      },
      units: chunks,
      flops,
    },
  });
}

/** A square convolution with `same` padding. */
function square(size: number, kernel: number, stride: number) {
  const out = Math.ceil(size / stride);
  const pad = Math.max(0, (out - 1) * stride + kernel - size) >> 1;
  return {
    ...{ inHeight: size, inWidth: size, outHeight: out, outWidth: out },
    ...{ kernelHeight: kernel, kernelWidth: kernel, strideY: stride, strideX: stride },
    ...{ dilationY: 1, dilationX: 1, padTop: pad, padLeft: pad },
  };
}

function convolutionJobs(
  size: number,
  inChannels: number,
  outChannels: number,
  { kernel = 3, stride = 1, groups = 1 } = {},
): void {
  const shape = { ...square(size, kernel, stride), inChannels, outChannels, groups };
  const input = BATCH * size * size * inChannels;
  const output = BATCH * shape.outHeight * shape.outWidth * outChannels;
  const taps = kernel * kernel;
  const flops = (2 * output * taps * inChannels) / groups;
  const weights = (taps * inChannels * outChannels) / groups;
  const chunks = k.gradientChunks(BATCH, weights);
  const kernelRows = k.gradientKernelRows(shape);
  const packed = (from: number, to: number): number =>
    k.packedSize({ depth: (taps * from) / groups, channels: to / groups, groups });
  const job = (kernel: Kernel, scratch: number, units: number, buffers: Job['buffers']): Job => ({
    kernel,
    values: { ...shape, batch: BATCH, chunks, scratchSize: scratch, slot: 0, kernelRows },
    buffers: { ...buffers, scratch },
    units,
    flops,
  });
  const note = `${stride > 1 ? ` stride ${stride}` : ''}${groups > 1 ? ` groups ${groups}` : ''}`;
  report(`conv ${kernel}x${kernel} ${size}x${size} ${inChannels}->${outChannels}${note}`, {
    forward: job(k.convolution, k.convolutionScratch(shape), BATCH, {
      ...{ input, packed: packed(inChannels, outChannels), output },
    }),
    input: job(k.convolutionInputGradient, k.convolutionInputGradientScratch(shape), BATCH, {
      gradient: output,
      packed: packed(outChannels, inChannels),
      inputGradient: input,
    }),
    weights: job(
      k.convolutionWeightGradient,
      k.convolutionWeightGradientScratch(shape),
      k.convolutionWeightGradientUnits(shape, chunks),
      { input, gradient: output, partials: chunks * weights },
    ),
  });
}

function depthwiseJobs(size: number, inChannels: number, kernel = 3, stride = 1): void {
  const shape = { ...square(size, kernel, stride), inChannels, multiplier: 1 };
  const input = BATCH * size * size * inChannels;
  const output = BATCH * shape.outHeight * shape.outWidth * inChannels;
  const weights = kernel * kernel * inChannels;
  const chunks = k.gradientChunks(BATCH, weights);
  const job = (kernel: Kernel, units: number, buffers: Job['buffers']): Job => ({
    kernel,
    values: { ...shape, batch: BATCH, chunks, hasBias: 0 },
    buffers: { ...buffers, weights },
    units,
    flops: 2 * output * shape.kernelHeight * shape.kernelWidth,
  });
  const note = stride > 1 ? ` stride ${stride}` : '';
  report(`depthwise ${kernel}x${kernel} ${size}x${size}x${inChannels}${note}`, {
    forward: job(k.depthwise, BATCH, { input, output }),
    input: job(k.depthwiseInputGradient, BATCH, { gradient: output, inputGradient: input }),
    weights: job(k.depthwiseWeightGradient, chunks, {
      ...{ input, gradient: output, partials: chunks * weights },
    }),
  });
}

console.log(`GFLOP/s, ${builds.join(' / ')}`);
/** The student's blocks: size, channels in and out of the pointwise convolution. */
const BLOCKS: readonly (readonly [size: number, inChannels: number, outChannels: number])[] = [
  [64, 16, 32],
  [32, 32, 64],
  [16, 64, 128],
  [8, 128, 256],
  [8, 256, 256],
];
for (const block of BLOCKS) pointwiseJobs(...block);
convolutionJobs(128, 3, 16);
for (const block of BLOCKS) convolutionJobs(...block);
for (const block of BLOCKS) convolutionJobs(...block, { groups: 4 });
convolutionJobs(32, 16, 16);
convolutionJobs(16, 32, 32);
convolutionJobs(8, 64, 64);
convolutionJobs(32, 16, 32, { stride: 2 });
convolutionJobs(16, 32, 64, { stride: 2 });
convolutionJobs(32, 16, 32, { stride: 2, kernel: 1 });
for (const [size, channels] of BLOCKS) depthwiseJobs(size, channels);
depthwiseJobs(32, 32, 5);
depthwiseJobs(32, 32, 3, 2);
