/** Collects steps and buffers while a Graph is lowered; `finish` lays them out and gives the Program. */

import type { Kernel, KernelArgs } from '../../runtime/kernels/kernel.ts';
import { type LaidOut, layOut } from './plan.ts';
import type { ScalarSlot, Step } from './program.ts';

/** A buffer before it has a place. */
export interface PendingBuffer {
  readonly label: string;
  readonly elements: number;
  readonly type: 'f32' | 'u8';
  readonly lifetime: 'kept' | 'run';
  /** A part of another buffer, from this element on. */
  readonly within?: { readonly buffer: PendingBuffer; readonly from: number };
  /** Scratch: equal parts, one a thread, which kernels choose by their slot. */
  readonly perThread?: true;
  readonly pending: true;
}

export type PendingArgument = number | PendingBuffer | ScalarSlot | 'slot';

export interface PendingStep extends Omit<Step, 'args'> {
  readonly args: readonly PendingArgument[];
  /** How each argument is used, in the same order. */
  readonly uses: readonly KernelArgs[string][];
  /** Into how many parts of the batch its range can be cut, if each touches only its own images; else 0. */
  readonly parts: number;
}

/** What a call of a kernel may pass: buffers for buffers, numbers or scalars for scalars; `slot` is filled in. */
export type CallArguments<A extends KernelArgs> = {
  readonly [K in keyof A as K extends 'slot' ? never : K]: A[K] extends 'i32' | 'f32'
    ? number | ScalarSlot
    : PendingBuffer;
};

export interface CallInfo {
  readonly layer: string;
  readonly units: number;
  readonly macs?: number;
}

export class ProgramBuilder {
  readonly threads: number;
  readonly #buffers: PendingBuffer[] = [];
  readonly #schedules: { name: string; steps: PendingStep[] }[] = [];
  readonly #scalars: string[] = [];
  #current: { readonly name: string; readonly steps: PendingStep[] } | undefined;

  constructor(threads: number) {
    this.threads = threads;
  }

  /** A buffer that lives within one run of one schedule. */
  temporary(label: string, elements: number, type: 'f32' | 'u8' = 'f32'): PendingBuffer {
    return this.#buffer({ label, elements, type, lifetime: 'run', pending: true });
  }

  kept(label: string, elements: number, type: 'f32' | 'u8' = 'f32'): PendingBuffer {
    return this.#buffer({ label, elements, type, lifetime: 'kept', pending: true });
  }

  /** Scratch of so many floats for each thread. */
  scratch(label: string, elements: number): PendingBuffer {
    return this.#buffer({
      label,
      elements: elements * this.threads,
      type: 'f32',
      lifetime: 'run',
      perThread: true,
      pending: true,
    });
  }

  /** A part of a kept buffer, under its own name. */
  slice(buffer: PendingBuffer, label: string, from: number, elements: number): PendingBuffer {
    const within = { buffer, from };
    return this.#buffer({
      label,
      elements,
      type: buffer.type,
      lifetime: 'kept',
      within,
      pending: true,
    });
  }

  #buffer(buffer: PendingBuffer): PendingBuffer {
    this.#buffers.push(buffer);
    return buffer;
  }

  scalar(name: string): ScalarSlot {
    if (!this.#scalars.includes(name)) this.#scalars.push(name);
    return { scalar: name };
  }

  /** Steps called from here on belong to this schedule. */
  schedule(name: string): void {
    let schedule = this.#schedules.find((s) => s.name === name);
    if (!schedule) {
      schedule = { name, steps: [] };
      this.#schedules.push(schedule);
    }
    this.#current = schedule;
  }

  call<A extends KernelArgs>(kernel: Kernel<A>, args: CallArguments<A>, info: CallInfo): void {
    const steps = this.#current?.steps;
    if (!steps) throw new Error('netlathe bug: a kernel call outside of any schedule');
    const given = args as Readonly<Record<string, PendingArgument>>;
    const names = Object.keys(kernel.args);
    const list = names.map((name) => (name === 'slot' ? 'slot' : (given[name] as PendingArgument)));
    const missing = names.find((_, i) => list[i] === undefined);
    if (missing) throw new Error(`netlathe bug: ${kernel.name} is called without ${missing}`);
    steps.push({
      kernel: kernel.name,
      layer: info.layer,
      args: list,
      uses: names.map((name) => kernel.args[name] as KernelArgs[string]),
      units: info.units,
      parts: partsOf(kernel.unit, info.units, given),
      macs: info.macs ?? 0,
      bytes: list.reduce<number>(
        (sum, a) => (isBuffer(a) ? sum + a.elements * (a.type === 'f32' ? 4 : 1) : sum),
        0,
      ),
    });
  }

  finish(): LaidOut {
    return layOut(this.#buffers, this.#schedules, this.#scalars, this.threads);
  }
}

/** By how kernels describe their units (`Kernel.unit`). */
function partsOf(
  unit: string,
  units: number,
  args: Readonly<Record<string, PendingArgument>>,
): number {
  if (unit === 'image') return units;
  // Slices and groups go through the same images, in chunks that are too few to cut a phase by.
  if ('slices' in args && args.chunks !== units) return 0;
  return unit.endsWith('chunk of the batch') ? Number(args.chunks) : 0;
}

export function isBuffer(argument: PendingArgument): argument is PendingBuffer {
  return typeof argument === 'object' && 'pending' in argument;
}
