/** The plan of a Program: steps in phases, buffers in memory. */

import { isBuffer, type PendingArgument, type PendingBuffer, type PendingStep } from './builder.ts';
import { placeBuffers } from './memory.ts';
import { type PendingPhase, phasesOf } from './phases.ts';
import type { Argument, Buffer, Program, Schedule, Step } from './program.ts';

export interface LaidOut {
  readonly program: Program;
  /** Where a buffer came to lie. */
  readonly at: (buffer: PendingBuffer) => Buffer;
}

export function layOut(
  buffers: readonly PendingBuffer[],
  schedules: readonly { readonly name: string; readonly steps: readonly PendingStep[] }[],
  scalars: readonly string[],
  threads: number,
): LaidOut {
  const planned = schedules.map(({ name, steps }) => ({ name, phases: phasesOf(steps) }));
  const phases = planned.map((schedule) => schedule.phases);
  const { placed, bytes } = placeBuffers(buffers, phases, threads);
  const program: Program = {
    buffers: [...placed.values()],
    schedules: planned.map((schedule) => scheduleOf(schedule.name, schedule.phases, placed)),
    scalars,
    bytes,
    threads,
  };
  const at = (buffer: PendingBuffer): Buffer => {
    const found = placed.get(buffer);
    if (!found) throw new Error(`netlathe bug: ${buffer.label} is used by no step`);
    return found;
  };
  return { program, at };
}

function scheduleOf(
  name: string,
  phases: readonly PendingPhase[],
  placed: ReadonlyMap<PendingBuffer, Buffer>,
): Schedule {
  const bound = phases.map(({ steps, blocks }) => ({
    blocks,
    steps: steps.map((step) => stepOf(step, placed)),
  }));
  return { name, phases: bound, steps: bound.flatMap(({ steps }) => steps) };
}

function stepOf(step: PendingStep, placed: ReadonlyMap<PendingBuffer, Buffer>): Step {
  const { kernel, layer, units, macs, bytes } = step;
  return { kernel, layer, args: step.args.map((a) => place(a, placed)), units, macs, bytes };
}

function place(argument: PendingArgument, placed: ReadonlyMap<PendingBuffer, Buffer>): Argument {
  return isBuffer(argument) ? (placed.get(argument) as Buffer) : argument;
}
