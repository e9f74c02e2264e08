/** Runs kernels both ways, so that a test is a shape and a call. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, vi } from 'vitest';
import type { BoundArgs, Floats, Kernel, KernelArgs } from '../../runtime/kernels/kernel.ts';
import {
  compileKernelModule,
  createKernelMemory,
  instantiateKernels,
  type KernelBuild,
  supportsRelaxed,
} from '../../runtime/kernels/load.ts';

export type Values = Readonly<Record<string, number | Floats | Uint8Array>>;
export type Buffers = Record<string, Floats>;

/** Shapes per property: a sample by default, all of them in the slow script. */
export const RUNS = Number(process.env.NETLATHE_SHAPES ?? 30);

/** Different calls of each kernel, for the slow script: it adds up what the files of this folder have left in a folder. */
const shapesOf = new Map<string, number>();
const countsFolder = process.env.NETLATHE_COUNTS;
if (countsFolder) {
  afterAll(() => {
    const file = join(countsFolder, `${process.pid}-${performance.now()}.json`);
    writeFileSync(file, JSON.stringify(Object.fromEntries(shapesOf)));
  });
}

/** For tests that run a kernel by themselves. */
export function counted({ name }: Kernel): void {
  shapesOf.set(name, (shapesOf.get(name) ?? 0) + 1);
}

vi.setConfig({ testTimeout: 60_000 + RUNS * 400 });

export const BUILDS: readonly KernelBuild[] = supportsRelaxed()
  ? ['strict', 'relaxed']
  : ['strict'];

const memory = createKernelMemory(64 << 20);
const instances = new Map(
  await Promise.all(
    BUILDS.map(async (build) => {
      const exports = instantiateKernels(await compileKernelModule(build), memory);
      return [build, exports] as const;
    }),
  ),
);

/** Marks bytes around buffers: a NaN, so that a read of it shows in the result and a write to it in the guard. */
const GUARD_FLOATS = 16;

/** The written buffers after a run of the WASM kernel over [0, units) cut into `cuts` calls; bytes it writes in place. */
export function runWasm(
  build: KernelBuild,
  kernel: Kernel,
  values: Values,
  units: number,
  cuts = 1,
): Buffers {
  const heap = new Float32Array(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  const call: number[] = [];
  const written: Buffers = {};
  const writtenBytes: [Uint8Array, number][] = [];
  const guards: Floats[] = [];
  let top = 0;
  for (const [name, kind] of Object.entries(kernel.args)) {
    const value = values[name];
    if (value === undefined) throw new Error(`${kernel.name}: no value for ${name}`);
    if (typeof value === 'number') {
      call.push(value);
      continue;
    }
    guards.push(heap.subarray(top, top + GUARD_FLOATS).fill(Number.NaN));
    top += GUARD_FLOATS;
    call.push(top * 4);
    if (value instanceof Uint8Array) bytes.set(value, top * 4);
    else heap.set(value, top);
    if (kind === 'out' || kind === 'inout') written[name] = heap.subarray(top, top + value.length);
    if (kind === 'u8out') writtenBytes.push([value as Uint8Array, top * 4]);
    const length = value instanceof Uint8Array ? Math.ceil(value.length / 4) : value.length;
    const tail = heap.subarray(top + length, Math.ceil((top + length) / 4) * 4 + GUARD_FLOATS);
    guards.push(tail.fill(Number.NaN));
    top = Math.ceil((top + length) / 4) * 4;
  }
  if (build === 'strict' && cuts === 1) {
    counted(kernel);
  }
  const run = instances.get(build)?.[kernel.name];
  if (!run) throw new Error(`${kernel.name} has no WASM export`);
  for (let cut = 0; cut < cuts; cut++) {
    run(...call, Math.floor((cut * units) / cuts), Math.floor(((cut + 1) * units) / cuts));
  }
  const touched = guards.findIndex((guard) => guard.some((x) => !Number.isNaN(x)));
  if (touched >= 0) throw new Error(`${kernel.name} wrote outside its buffers (guard ${touched})`);
  for (const [view, at] of writtenBytes) view.set(bytes.subarray(at, at + view.length));
  return Object.fromEntries(Object.entries(written).map(([name, view]) => [name, view.slice()]));
}

/** The written buffers after a run of the plain twin in float64; bytes it writes in place. */
export function runPlain(kernel: Kernel, values: Values, units: number): Buffers {
  const bound: Record<string, number | Floats | Uint8Array> = {};
  const written: Buffers = {};
  for (const [name, kind] of Object.entries(kernel.args)) {
    const value = values[name]!;
    const copy =
      typeof value === 'number' || value instanceof Uint8Array ? value : Float64Array.from(value);
    bound[name] = copy;
    if ((kind === 'out' || kind === 'inout') && copy instanceof Float64Array) written[name] = copy;
  }
  kernel.plain(bound as BoundArgs<KernelArgs>, 0, units);
  return written;
}

/** For checkSums: what bounds the error of sums of products. */
export function absolute(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'number' || value instanceof Uint8Array ? value : value.map(Math.abs),
    ]),
  );
}

export interface LinearCheck {
  readonly kernel: Kernel;
  readonly values: Values;
  readonly units: number;
  readonly output: string;
  /** How many products an output sums. */
  readonly depth: number;
}

/** Checks a sum of products against the kernel's own twin, as checkSums does. */
export function checkLinear({ kernel, values, units, output, depth }: LinearCheck): void {
  const exact = runPlain(kernel, values, units)[output]!;
  const size = runPlain(kernel, absolute(values), units)[output]!;
  checkSums({ kernel, values, units, output, depth, exact, size });
}

export interface SumsCheck extends LinearCheck {
  readonly exact: Floats;
  /** The sums of the products' absolute values. */
  readonly size: Floats;
}

/**
 * Checks a sum of products in every build: |error| <= 4 sqrt(depth) eps (sum of |products|), the last of which a twin
 * gives when it runs on absolute values; the same bits however the range is cut; nothing written around the buffers.
 */
export function checkSums(check: SumsCheck): void {
  const { kernel, values, units, output, depth, exact, size } = check;
  const unit = 4 * Math.sqrt(Math.max(1, depth)) * 2 ** -24;
  for (const build of BUILDS) {
    const got = runWasm(build, kernel, values, units)[output]!;
    const wrong = got.findIndex(
      (x, i) => !(Math.abs(x - exact[i]!) <= unit * size[i]! + Number.MIN_VALUE),
    );
    if (wrong >= 0) {
      const detail = `${output}[${wrong}] is ${got[wrong]}, not ${exact[wrong]}`;
      throw new Error(`${kernel.name} (${build}): ${detail}`);
    }
    for (const cuts of [2, 3]) {
      if (sameBytes(runWasm(build, kernel, values, units, cuts)[output]!, got)) continue;
      throw new Error(`${kernel.name} (${build}): ${output} depends on the cut`);
    }
  }
}

/** Much faster than toEqual, which walks every float. */
export function sameBytes(a: Floats, b: Floats): boolean {
  return Buffer.from(a.buffer).equals(Buffer.from(b.buffer));
}

/** Uniform in [-1, 1), the same for the same seed. */
export function randomFloats(length: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

/**
 * Checks that `gradient` is the derivative of dot(forward(x), weights) by central differences at every coordinate of x.
 * Both run in float64. Where they are linear in x, the difference is exact up to rounding; where they are not, the
 * caller says by how much it may miss.
 */
export function checkDerivative(
  forward: (x: Float64Array) => Floats,
  x: Float64Array,
  seed: Floats,
  gradient: Floats,
  tolerance = 5e-8,
): void {
  const step = tolerance < 1e-6 ? 1e-3 : 1e-5;
  const value = (): number => {
    let sum = 0;
    forward(x).forEach((y, i) => {
      sum += y * seed[i]!;
    });
    return sum;
  };
  for (let i = 0; i < x.length; i++) {
    const at = x[i]!;
    x[i] = at + step;
    const above = value();
    x[i] = at - step;
    const below = value();
    x[i] = at;
    const slope = (above - below) / (2 * step);
    if (Math.abs(gradient[i]! - slope) < tolerance) continue;
    throw new Error(`the derivative at ${i} is ${slope}, not ${gradient[i]}`);
  }
}
