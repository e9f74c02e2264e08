/**
 * The order of the steps, and where threads must meet. A phase is a run of steps with no meeting inside: its steps do
 * not touch each other's memory, or go through the batch side by side. Those run depth first, a block of images through
 * all of them before the next block starts, so that what one step leaves is still in the cache for the next.
 */

import type { KernelArgs } from '../../runtime/kernels/kernel.ts';
import type { PendingBuffer, PendingStep } from './builder.ts';
import { isBuffer } from './builder.ts';

export interface PendingPhase {
  readonly steps: readonly PendingStep[];
  /** Into how many parts each step's range is cut; a thread takes a part of all steps at a time. */
  readonly blocks: number;
}

/** With fewer blocks than this, threads would idle. */
const enoughBlocks = 8;

/**
 * Each step goes into the first phase that can take it. A step that waits for a later phase holds back only those that
 * need it: sums over the batch come for free with the next meeting.
 */
export function phasesOf(steps: readonly PendingStep[]): readonly PendingPhase[] {
  const phases: PendingPhase[] = [];
  let waiting = steps;
  while (waiting.length > 0) {
    const taken: PendingStep[] = [];
    const touched = new Touches();
    const left = new Touches();
    const skipped: PendingStep[] = [];
    let parts = 0;
    for (const step of waiting) {
      const common = commonParts(parts, step);
      const free = !left.conflict(step, 0) && !touched.conflict(step, common);
      if (free) {
        // One that cannot be cut like the rest only has no business with them.
        const joined = common > 0 ? step : { ...step, parts: 0 };
        taken.push(joined);
        touched.add(joined);
        if (common > 0) parts = common;
      } else {
        skipped.push(step);
        left.add(step);
      }
    }
    phases.push({ steps: taken, blocks: parts === 0 ? enoughBlocks : parts });
    waiting = skipped;
  }
  return withLatePreparation(phases);
}

/**
 * What follows from the weights alone, such as packed weights, could all be made in the first phase. It is made in the
 * phase before it is needed instead: its memory is then taken for a short while, and it is still in the cache.
 */
function withLatePreparation(phases: readonly PendingPhase[]): readonly PendingPhase[] {
  const written = new Set(phases.flatMap(({ steps }) => steps.flatMap((s) => ownersOf(s, true))));
  const firstUse = new Map<PendingBuffer, number>();
  phases.forEach(({ steps }, index) => {
    for (const owner of steps.flatMap((step) => ownersOf(step, false))) {
      if (!firstUse.has(owner)) firstUse.set(owner, index);
    }
  });
  const moved = phases.map((): PendingStep[] => []);
  phases.forEach(({ steps }, index) => {
    for (const step of steps) {
      const prepares = step.parts === 0 && !ownersOf(step, false).some((o) => written.has(o));
      const uses = ownersOf(step, true).map((owner) => firstUse.get(owner) ?? index);
      const late = prepares && uses.length > 0 ? Math.min(...uses) - 1 : index;
      moved[Math.max(index, late)]?.push(step);
    }
  });
  return phases
    .map(({ blocks }, index) => ({ blocks, steps: moved[index] ?? [] }))
    .filter(({ steps }) => steps.length > 0);
}

/** The memory that a step writes, or that it only reads; scratch aside. */
function ownersOf(step: PendingStep, writes: boolean): readonly PendingBuffer[] {
  return accesses(step)
    .filter(({ buffer, writes: w }) => w === writes && !buffer.perThread)
    .map(({ owner }) => owner);
}

/** Into how many blocks a phase of so many can be cut with this step in it; 0 if they would be too few. */
function commonParts(parts: number, step: PendingStep): number {
  if (step.parts === 0) return 0;
  if (parts === 0) return step.parts;
  const common = greatestCommonDivisor(parts, step.parts);
  return common >= Math.min(enoughBlocks, parts, step.parts) ? common : 0;
}

/** What a set of steps reads and writes, by the buffer that owns the memory. */
class Touches {
  readonly #reads = new Map<PendingBuffer, PendingStep[]>();
  readonly #writes = new Map<PendingBuffer, PendingStep[]>();

  add(step: PendingStep): void {
    for (const { owner, writes } of accesses(step)) {
      const map = writes ? this.#writes : this.#reads;
      const list = map.get(owner);
      if (list) list.push(step);
      else map.set(owner, [step]);
    }
  }

  /** Whether the step must wait for one of these; `common` > 0: not for those that go through the batch as it does. */
  conflict(step: PendingStep, common: number): boolean {
    return accesses(step).some(({ owner, writes, buffer }) => {
      const others = [
        ...(this.#writes.get(owner) ?? []),
        ...(writes ? (this.#reads.get(owner) ?? []) : []),
      ];
      return others.some((other) => {
        if (common > 0 && other.parts > 0) return false;
        return overlaps(other, buffer);
      });
    });
  }
}

interface Access {
  readonly buffer: PendingBuffer;
  /** The buffer whose memory this is. */
  readonly owner: PendingBuffer;
  readonly writes: boolean;
}

function accesses(step: PendingStep): readonly Access[] {
  return step.args.flatMap((argument, i) => {
    if (!isBuffer(argument)) return [];
    const use = step.uses[i];
    const owner = argument.within?.buffer ?? argument;
    return [{ buffer: argument, owner, writes: writesTo(use) }];
  });
}

/** Whether a kernel writes an argument that is used so. */
export function writesTo(use: KernelArgs[string] | undefined): boolean {
  return use === 'out' || use === 'inout' || use === 'u8out';
}

/** Slices of one buffer, such as the weights of two layers, need not meet. */
function overlaps(step: PendingStep, buffer: PendingBuffer): boolean {
  const [from, to] = rangeOf(buffer);
  return accesses(step).some((access) => {
    if (access.owner !== (buffer.within?.buffer ?? buffer)) return false;
    const [otherFrom, otherTo] = rangeOf(access.buffer);
    return from < otherTo && otherFrom < to;
  });
}

function rangeOf({ within, elements }: PendingBuffer): readonly [number, number] {
  const from = within?.from ?? 0;
  return [from, from + elements];
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
