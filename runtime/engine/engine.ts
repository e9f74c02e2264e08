/**
 * Runs a Program: one shared memory, the calling thread and `threads - 1` workers. A run is synchronous; between runs
 * the workers sleep and the caller may read and write the memory.
 */

import { Worker } from 'node:worker_threads';
import type { Argument, Buffer, Program, Schedule } from '../../compiler/6-lower/program.ts';
import {
  compileKernelModule,
  createKernelMemory,
  instantiateKernels,
  type KernelBuild,
  type KernelExports,
} from '../kernels/load.ts';
import { type BoundPhase, control, meet, runPhases, timePhases } from './steps.js';

type Words = Int32Array<SharedArrayBuffer>;

type ScheduleTable = ReadonlyMap<string, { readonly index: number; readonly phases: BoundPhase[] }>;

export class Engine {
  readonly program: Program;
  readonly memory: WebAssembly.Memory;
  readonly #kernels: KernelExports;
  readonly #workers: readonly Worker[];
  readonly #schedules: ScheduleTable;
  readonly #scalars: Float64Array;
  readonly #words: Words;

  private constructor(
    program: Program,
    memory: WebAssembly.Memory,
    kernels: KernelExports,
    workers: readonly Worker[],
    schedules: ScheduleTable,
    scalars: Float64Array,
    words: Words,
  ) {
    this.program = program;
    this.memory = memory;
    this.#kernels = kernels;
    this.#workers = workers;
    this.#schedules = schedules;
    this.#scalars = scalars;
    this.#words = words;
  }

  static async create(program: Program, build: KernelBuild = 'strict'): Promise<Engine> {
    const { threads } = program;
    const module = await compileKernelModule(build);
    const memory = createKernelMemory(program.bytes);
    const bound = program.schedules.map((schedule) => bind(schedule, program.scalars));
    const scalars = new Float64Array(
      new SharedArrayBuffer(8 * Math.max(1, program.scalars.length)),
    );
    const words = new Int32Array(new SharedArrayBuffer(4 * control.words));
    const workers = await startWorkers({
      module,
      memory,
      schedules: bound,
      scalars,
      words,
      threads,
    });
    const kernels = instantiateKernels(module, memory);
    const schedules = new Map(
      program.schedules.map(({ name }, index) => [
        name,
        { index, phases: bound[index] as BoundPhase[] },
      ]),
    );
    return new Engine(program, memory, kernels, workers, schedules, scalars, words);
  }

  /** Runs a schedule from its first step to its last. */
  run(name: string): void {
    const schedule = this.#schedules.get(name);
    if (!schedule) throw new Error(`netlathe bug: the program has no schedule "${name}"`);
    const { threads } = this.program;
    if (threads > 1) {
      Atomics.store(this.#words, control.schedule, schedule.index);
      Atomics.add(this.#words, control.command, 1);
      Atomics.notify(this.#words, control.command);
    }
    runPhases(this.#kernels, schedule.phases, this.#scalars, this.#words, 0, threads);
    meet(this.#words, threads);
  }

  /** Runs a schedule on the calling thread alone; gives the milliseconds of each step. */
  time(name: string): Float64Array {
    const phases = this.#schedules.get(name)?.phases ?? [];
    const times = new Float64Array(phases.reduce((sum, { steps }) => sum + steps.length, 0));
    timePhases(this.#kernels, phases, this.#scalars, times);
    return times;
  }

  setScalar(name: string, value: number): void {
    const index = this.program.scalars.indexOf(name);
    if (index < 0) throw new Error(`netlathe bug: the program has no scalar "${name}"`);
    this.#scalars[index] = value;
  }

  /** A view of a float buffer, valid as long as the engine lives. */
  floats(buffer: Buffer): Float32Array {
    return new Float32Array(this.memory.buffer, buffer.offset, buffer.elements);
  }

  bytes(buffer: Buffer): Uint8Array {
    const bytes = buffer.elements * (buffer.type === 'f32' ? 4 : 1);
    return new Uint8Array(this.memory.buffer, buffer.offset, bytes);
  }

  async close(): Promise<void> {
    Atomics.store(this.#words, control.schedule, -1);
    Atomics.add(this.#words, control.command, 1);
    Atomics.notify(this.#words, control.command);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

interface WorkerSetup {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly schedules: readonly (readonly BoundPhase[])[];
  readonly scalars: Float64Array;
  readonly words: Words;
  readonly threads: number;
}

async function startWorkers(setup: WorkerSetup): Promise<readonly Worker[]> {
  const workers = Array.from({ length: setup.threads - 1 }, (_, i) => {
    return new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { ...setup, thread: i + 1 },
      // The worker is plain JavaScript: loaders of the parent (tsx, vitest) have nothing to do in it.
      execArgv: [],
    });
  });
  await Promise.all(
    workers.map(
      (worker) =>
        new Promise<void>((resolve, reject) => {
          worker.once('message', () => resolve());
          worker.once('error', reject);
        }),
    ),
  );
  for (const worker of workers) worker.unref();
  return workers;
}

function bind(schedule: Schedule, scalars: readonly string[]): BoundPhase[] {
  return schedule.phases.map(({ blocks, steps }) => ({
    blocks,
    steps: steps.map(({ kernel, args, units }) => ({
      kernel,
      args: args.map(boundValue),
      scalars: args.flatMap((a, i) =>
        isScalar(a) ? [[i, scalars.indexOf(a.scalar)] as const] : [],
      ),
      locals: args.flatMap((a, i) => localOf(a, i)),
      slot: args.indexOf('slot'),
      units,
    })),
  }));
}

function localOf(
  argument: Argument,
  position: number,
): readonly (readonly [number, number, number, number])[] {
  if (typeof argument !== 'object' || !('offset' in argument) || !argument.local) return [];
  const { threadBytes, blockBytes } = argument.local;
  return [[position, argument.offset, threadBytes, blockBytes]];
}

function isScalar(argument: Argument): argument is { readonly scalar: string } {
  return typeof argument === 'object' && 'scalar' in argument;
}

function boundValue(argument: Argument): number {
  if (typeof argument === 'number') return argument;
  return argument !== 'slot' && 'offset' in argument ? argument.offset : 0;
}
