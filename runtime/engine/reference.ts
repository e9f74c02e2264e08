/**
 * Runs a Program with the plain twins of its kernels, over an ordinary array: slow, in one thread, and in float64 if
 * asked. What the fast engine is compared with, and what gradients are checked with.
 */

import type { Argument, Buffer, Program } from '../../compiler/6-lower/program.ts';
import type { BoundArgs, Floats, KernelArgs } from '../kernels/kernel.ts';
import { KERNELS } from '../kernels/registry.ts';

export class ReferenceEngine {
  readonly program: Program;
  readonly #floats: Floats;
  readonly #bytes: Uint8Array;
  readonly #scalars = new Map<string, number>();
  /** Buffers of which the program has only a block at a time; here they are whole. */
  readonly #locals = new Map<Buffer, Floats>();
  readonly #localBytes = new Map<Buffer, Uint8Array>();

  constructor(program: Program, precision: 'float32' | 'float64' = 'float64') {
    this.program = program;
    const count = Math.ceil(program.bytes / 4);
    this.#floats = precision === 'float64' ? new Float64Array(count) : new Float32Array(count);
    this.#bytes = new Uint8Array(program.bytes);
  }

  run(name: string): void {
    const schedule = this.program.schedules.find((s) => s.name === name);
    if (!schedule) throw new Error(`netlathe bug: the program has no schedule "${name}"`);
    for (const step of schedule.steps) {
      const kernel = KERNELS.get(step.kernel);
      if (!kernel) throw new Error(`netlathe bug: there is no kernel "${step.kernel}"`);
      const args = Object.keys(kernel.args).map(
        (key, i) => [key, this.#bind(step.args[i])] as const,
      );
      kernel.plain(Object.fromEntries(args) as BoundArgs<KernelArgs>, 0, step.units);
    }
  }

  setScalar(name: string, value: number): void {
    this.#scalars.set(name, value);
  }

  floats(buffer: Buffer): Floats {
    if (buffer.local) return this.#localOf(buffer);
    return this.#floats.subarray(buffer.offset / 4, buffer.offset / 4 + buffer.elements);
  }

  bytes(buffer: Buffer): Uint8Array {
    if (buffer.local) {
      const bytes = this.#localBytes.get(buffer) ?? new Uint8Array(buffer.elements);
      this.#localBytes.set(buffer, bytes);
      return bytes;
    }
    return this.#bytes.subarray(buffer.offset, buffer.offset + buffer.elements);
  }

  #localOf(buffer: Buffer): Floats {
    const known = this.#locals.get(buffer);
    if (known) return known;
    const made =
      this.#floats instanceof Float64Array
        ? new Float64Array(buffer.elements)
        : new Float32Array(buffer.elements);
    this.#locals.set(buffer, made);
    return made;
  }

  #bind(argument: Argument | undefined): number | Floats | Uint8Array {
    if (typeof argument === 'number') return argument;
    if (argument === undefined || argument === 'slot') return 0;
    if ('scalar' in argument) return this.#scalars.get(argument.scalar) ?? 0;
    return argument.type === 'u8' ? this.bytes(argument) : this.floats(argument);
  }
}
