/**
 * Where buffers lie. Kept ones lie side by side. Temporary ones share the space behind them: a buffer lives from its
 * first phase to its last, and the largest are placed first, each at the lowest offset that is free during its life
 * (greedy by size; Pisarchyk and Lee 2020 found it within a few percent of the best).
 *
 * What is made and used up within one phase, going through the batch, never exists as a whole: each thread has room for
 * one block of it, which stays in the cache.
 */

import { isBuffer, type PendingBuffer, type PendingStep } from './builder.ts';
import type { PendingPhase } from './phases.ts';
import type { Buffer } from './program.ts';

/** A cache line, so that no two threads write to the same one of different buffers. */
const alignment = 64;
/** The first bytes stay unused: offset 0 is never a buffer. */
const start = 1024;

export interface Placement {
  readonly placed: ReadonlyMap<PendingBuffer, Buffer>;
  readonly bytes: number;
}

type Place = Pick<Buffer, 'offset' | 'local'>;

/** Something that takes up memory while it lives. */
interface Tenant {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
  readonly settle: (offset: number) => void;
}

export function placeBuffers(
  buffers: readonly PendingBuffer[],
  schedules: readonly (readonly PendingPhase[])[],
  threads: number,
): Placement {
  const places = new Map<PendingBuffer, Place>();
  let end = start;
  for (const buffer of buffers) {
    if (buffer.lifetime !== 'kept' || buffer.within) continue;
    places.set(buffer, { offset: end });
    end += rounded(bytesOf(buffer));
  }
  for (const buffer of buffers) {
    if (!buffer.within) continue;
    const { offset } = places.get(buffer.within.buffer) as Place;
    places.set(buffer, { offset: offset + buffer.within.from * (buffer.type === 'f32' ? 4 : 1) });
  }
  const tops = schedules.map((phases) => placeTemporaries(phases, end, threads, places));
  const placed = new Map<PendingBuffer, Buffer>();
  for (const [buffer, place] of places) {
    const { label, elements, type, lifetime } = buffer;
    placed.set(buffer, { label, elements, type, lifetime, ...place });
  }
  return { placed, bytes: Math.max(end, ...tops) };
}

function placeTemporaries(
  phases: readonly PendingPhase[],
  base: number,
  threads: number,
  places: Map<PendingBuffer, Place>,
): number {
  const lives = livesOf(phases);
  const tenants: Tenant[] = [];
  const locals = phases.map((): PendingBuffer[] => []);
  for (const [buffer, { first, last }] of lives) {
    const phase = phases[first];
    if (phase && first === last && isLocal(buffer, phase)) {
      locals[first]?.push(buffer);
      continue;
    }
    const settle = (offset: number) => places.set(buffer, { offset });
    tenants.push({ bytes: rounded(bytesOf(buffer)), first, last, settle });
  }
  phases.forEach((phase, index) => {
    const here = locals[index] ?? [];
    if (here.length > 0) tenants.push(threadSpace(phase, index, here, threads, places));
  });
  return settleAll(tenants, base);
}

/** One part for each thread, in which the local buffers of a phase share space step by step. */
function threadSpace(
  phase: PendingPhase,
  index: number,
  locals: readonly PendingBuffer[],
  threads: number,
  places: Map<PendingBuffer, Place>,
): Tenant {
  const inside = new Map<PendingBuffer, number>();
  const lives = livesOf(phase.steps.map((step) => ({ steps: [step] })));
  const tenants = locals.map((buffer) => ({
    bytes: rounded(blockBytes(buffer, phase, threads)),
    ...(lives.get(buffer) as Life),
    settle: (offset: number) => inside.set(buffer, offset),
  }));
  const size = settleAll(tenants, 0);
  const settle = (offset: number) => {
    for (const [buffer, within] of inside) {
      // Kernels find their scratch by the thread's number themselves.
      const own = blockBytes(buffer, phase, threads);
      const local = buffer.perThread
        ? { threadBytes: size - own, blockBytes: 0 }
        : { threadBytes: size, blockBytes: own };
      places.set(buffer, { offset: offset + within, local });
    }
  };
  return { bytes: size * threads, first: index, last: index, settle };
}

function blockBytes(buffer: PendingBuffer, { blocks }: PendingPhase, threads: number): number {
  return bytesOf(buffer) / (buffer.perThread ? threads : blocks);
}

function isLocal(buffer: PendingBuffer, { steps, blocks }: PendingPhase): boolean {
  if (buffer.perThread) return true;
  if (buffer.elements % blocks !== 0) return false;
  return steps.every((step) => step.parts > 0 || !step.args.includes(buffer));
}

interface Life {
  readonly first: number;
  readonly last: number;
}

function livesOf(
  groups: readonly { readonly steps: readonly PendingStep[] }[],
): ReadonlyMap<PendingBuffer, Life> {
  const lives = new Map<PendingBuffer, Life>();
  groups.forEach(({ steps }, index) => {
    for (const argument of steps.flatMap((step) => step.args)) {
      if (!isBuffer(argument) || argument.lifetime === 'kept') continue;
      lives.set(argument, { first: lives.get(argument)?.first ?? index, last: index });
    }
  });
  return lives;
}

/** Gives each tenant its offset; returns the end of the highest. */
function settleAll(tenants: readonly Tenant[], base: number): number {
  const order = tenants.toSorted((a, b) => b.bytes - a.bytes || a.first - b.first);
  const settled: { readonly tenant: Tenant; readonly offset: number }[] = [];
  let top = base;
  for (const tenant of order) {
    const neighbours = settled
      .filter(({ tenant: other }) => other.first <= tenant.last && tenant.first <= other.last)
      .sort((a, b) => a.offset - b.offset);
    let offset = base;
    for (const neighbour of neighbours) {
      if (offset + tenant.bytes <= neighbour.offset) break;
      offset = Math.max(offset, neighbour.offset + neighbour.tenant.bytes);
    }
    settled.push({ tenant, offset });
    tenant.settle(offset);
    top = Math.max(top, offset + tenant.bytes);
  }
  return top;
}

function bytesOf(buffer: PendingBuffer): number {
  return Math.max(1, buffer.elements) * (buffer.type === 'f32' ? 4 : 1);
}

function rounded(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
