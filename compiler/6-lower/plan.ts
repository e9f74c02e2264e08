/**
 * The memory plan: where each buffer lies, and where threads must meet.
 *
 * Kept buffers lie side by side. Temporary ones share the space behind them: a buffer lives from its first step to its
 * last, and the largest are placed first, each at the lowest offset that is free during its life (greedy by size; Pisarchyk
 * and Lee 2020 found it within a few percent of the best).
 */

import { isBuffer, type PendingArgument, type PendingBuffer, type PendingStep } from './builder.ts';
import type { Argument, Buffer, Program, Step } from './program.ts';

/** A cache line, so that no two threads write to the same one of different buffers. */
const alignment = 64;
/** The first bytes stay unused: offset 0 is never a buffer. */
const start = 1024;

interface Life {
  readonly buffer: PendingBuffer;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

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
  const offsets = new Map<PendingBuffer, number>();
  let end = start;
  for (const buffer of buffers) {
    if (buffer.lifetime !== 'kept' || buffer.within) continue;
    offsets.set(buffer, end);
    end += bytesOf(buffer);
  }
  for (const buffer of buffers) {
    if (!buffer.within) continue;
    const parent = offsets.get(buffer.within.buffer) as number;
    offsets.set(buffer, parent + buffer.within.from * (buffer.type === 'f32' ? 4 : 1));
  }
  let top = end;
  for (const { steps } of schedules) top = Math.max(top, placeTemporaries(steps, end, offsets));
  const placed = new Map<PendingBuffer, Buffer>();
  for (const [buffer, offset] of offsets) {
    const { label, elements, type, lifetime } = buffer;
    placed.set(buffer, { label, elements, type, lifetime, offset });
  }
  const program: Program = {
    buffers: [...placed.values()],
    schedules: schedules.map(({ name, steps }) => ({ name, steps: withBarriers(steps, placed) })),
    scalars,
    bytes: top,
    threads,
  };
  const at = (buffer: PendingBuffer): Buffer => {
    const found = placed.get(buffer);
    if (!found) throw new Error(`netlathe bug: ${buffer.label} is used by no step`);
    return found;
  };
  return { program, at };
}

function bytesOf(buffer: PendingBuffer): number {
  const bytes = buffer.elements * (buffer.type === 'f32' ? 4 : 1);
  return Math.ceil(Math.max(bytes, 1) / alignment) * alignment;
}

function placeTemporaries(
  steps: readonly PendingStep[],
  base: number,
  offsets: Map<PendingBuffer, number>,
): number {
  const lives = new Map<PendingBuffer, Life>();
  steps.forEach((step, index) => {
    for (const argument of step.args) {
      if (!isBuffer(argument) || argument.lifetime === 'kept') continue;
      const first = lives.get(argument)?.first ?? index;
      lives.set(argument, { buffer: argument, bytes: bytesOf(argument), first, last: index });
    }
  });
  const order = [...lives.values()].sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  const done: { readonly life: Life; readonly offset: number }[] = [];
  let top = base;
  for (const life of order) {
    const neighbours = done
      .filter(({ life: other }) => other.first <= life.last && life.first <= other.last)
      .sort((a, b) => a.offset - b.offset);
    let offset = base;
    for (const neighbour of neighbours) {
      if (offset + life.bytes <= neighbour.offset) break;
      offset = Math.max(offset, neighbour.offset + neighbour.life.bytes);
    }
    done.push({ life, offset });
    offsets.set(life.buffer, offset);
    top = Math.max(top, offset + life.bytes);
  }
  return top;
}

/** In place of a number of images: every step gives this buffer's parts to the same threads. */
const perThread = -1;

/** What a step touches since the threads last met. */
interface Touch {
  readonly from: number;
  readonly to: number;
  readonly writes: boolean;
  readonly buffer: Buffer;
  /** Images of this buffer belong to the thread that has their share of the range; nothing else does. */
  readonly images: number | undefined;
}

/**
 * Two steps that work image by image, over equally many images, give each image to the same thread: what one left in a
 * buffer the other may take up without waiting. Everything else that meets in memory, one of them writing, waits.
 */
function withBarriers(
  steps: readonly PendingStep[],
  placed: ReadonlyMap<PendingBuffer, Buffer>,
): readonly Step[] {
  let open: Touch[] = [];
  return steps.map((step, index) => {
    const touches = touchesOf(step, placed);
    const barrier = index > 0 && touches.some((t) => open.some((o) => conflicts(o, t)));
    if (barrier) open = [];
    open.push(...touches);
    const { kernel, layer, units, macs, bytes } = step;
    return {
      kernel,
      layer,
      args: step.args.map((a) => place(a, placed)),
      units,
      barrier,
      macs,
      bytes,
    };
  });
}

function touchesOf(
  step: PendingStep,
  placed: ReadonlyMap<PendingBuffer, Buffer>,
): readonly Touch[] {
  const images = step.unit === 'image' ? step.units : undefined;
  return step.args.flatMap((argument, i) => {
    if (!isBuffer(argument)) return [];
    const buffer = placed.get(argument) as Buffer;
    const bytes = argument.elements * (argument.type === 'f32' ? 4 : 1);
    return [
      {
        from: buffer.offset,
        to: buffer.offset + bytes,
        writes: step.uses[i] === 'out' || step.uses[i] === 'inout',
        buffer,
        images: argument.perThread ? perThread : images,
      },
    ];
  });
}

function conflicts(before: Touch, after: Touch): boolean {
  if (!before.writes && !after.writes) return false;
  if (before.to <= after.from || after.to <= before.from) return false;
  const aligned = before.images !== undefined && before.images === after.images;
  return !(aligned && before.buffer === after.buffer);
}

function place(argument: PendingArgument, placed: ReadonlyMap<PendingBuffer, Buffer>): Argument {
  return isBuffer(argument) ? (placed.get(argument) as Buffer) : argument;
}
