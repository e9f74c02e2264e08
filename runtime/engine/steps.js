/**
 * Runs a schedule in one thread. Plain JavaScript, because worker threads load it as it is, from the sources and from
 * dist/ alike; type-checked through its comments.
 */

/**
 * A step ready to run: the arguments are complete but for scalars, the thread's slot, local buffers and its range.
 * @typedef {object} BoundStep
 * @property {string} kernel
 * @property {number[]} args
 * @property {readonly (readonly [position: number, scalar: number])[]} scalars
 * @property {readonly (readonly [position: number, offset: number, threadBytes: number, blockBytes: number])[]} locals
 * @property {number} slot position of the thread's index among the arguments, or -1
 * @property {number} units
 */

/**
 * @typedef {object} BoundPhase
 * @property {number} blocks
 * @property {readonly BoundStep[]} steps
 */

/** @typedef {Readonly<Record<string, (...args: number[]) => void>>} Kernels */

/** Words of the control block. */
export const control = Object.freeze({
  arrived: 0,
  generation: 1,
  command: 2,
  schedule: 3,
  failed: 4,
  /** The next block of the phase that no thread has taken. */
  block: 5,
  words: 8,
});

/** Checks before a thread goes to sleep: some microseconds, as long as a short step takes. */
const spins = 4000;

/**
 * Waits until all threads are here. The last to arrive wakes the others.
 * @param {Int32Array<SharedArrayBuffer>} words
 * @param {number} threads
 */
export function meet(words, threads) {
  if (threads === 1) return;
  const generation = Atomics.load(words, control.generation);
  if (Atomics.add(words, control.arrived, 1) === threads - 1) {
    Atomics.store(words, control.arrived, 0);
    Atomics.store(words, control.block, 0);
    Atomics.add(words, control.generation, 1);
    Atomics.notify(words, control.generation);
    return;
  }
  let spun = 0;
  while (spun < spins && Atomics.load(words, control.generation) === generation) spun++;
  while (Atomics.load(words, control.generation) === generation) {
    Atomics.wait(words, control.generation, generation);
  }
  if (Atomics.load(words, control.failed) !== 0) throw new Error('another kernel thread failed');
}

/**
 * Releases all who wait, and tells them why.
 * @param {Int32Array<SharedArrayBuffer>} words
 */
export function fail(words) {
  Atomics.store(words, control.failed, 1);
  Atomics.add(words, control.generation, 1);
  Atomics.notify(words, control.generation);
}

/**
 * This thread's part of a schedule. Threads take blocks as they come free, so that one that is held up by other work on
 * the machine does not hold up the rest; which thread computes a block makes no difference to it.
 * @param {Kernels} kernels
 * @param {readonly BoundPhase[]} phases
 * @param {Float64Array} scalars
 * @param {Int32Array<SharedArrayBuffer>} words
 * @param {number} thread
 * @param {number} threads
 */
export function runPhases(kernels, phases, scalars, words, thread, threads) {
  let first = true;
  for (const { blocks, steps } of phases) {
    if (!first) meet(words, threads);
    first = false;
    for (const step of steps) setScalars(step, scalars, thread);
    let block = threads === 1 ? 0 : Atomics.add(words, control.block, 1);
    while (block < blocks) {
      for (const step of steps) runBlock(kernels, step, thread, block, blocks);
      block = threads === 1 ? block + 1 : Atomics.add(words, control.block, 1);
    }
  }
}

/**
 * A whole schedule in the calling thread, with the milliseconds of each step added to `times`.
 * @param {Kernels} kernels
 * @param {readonly BoundPhase[]} phases
 * @param {Float64Array} scalars
 * @param {Float64Array} times
 */
export function timePhases(kernels, phases, scalars, times) {
  let start = 0;
  for (const { blocks, steps } of phases) {
    for (const step of steps) setScalars(step, scalars, 0);
    for (let block = 0; block < blocks; block++) {
      for (const [i, step] of steps.entries()) {
        const before = performance.now();
        runBlock(kernels, step, 0, block, blocks);
        const index = start + i;
        times[index] = /** @type {number} */ (times[index]) + performance.now() - before;
      }
    }
    start += steps.length;
  }
}

/**
 * @param {BoundStep} step
 * @param {Float64Array} scalars
 * @param {number} thread
 */
function setScalars({ args, scalars: slots, slot }, scalars, thread) {
  for (const [position, scalar] of slots) {
    args[position] = /** @type {number} */ (scalars[scalar]);
  }
  if (slot >= 0) args[slot] = thread;
}

/**
 * @param {Kernels} kernels
 * @param {BoundStep} step
 * @param {number} thread
 * @param {number} block
 * @param {number} blocks
 */
function runBlock(kernels, { kernel, args, locals, units }, thread, block, blocks) {
  const begin = Math.floor((units * block) / blocks);
  const end = Math.floor((units * (block + 1)) / blocks);
  if (begin === end) return;
  for (const [position, offset, threadBytes, blockBytes] of locals) {
    args[position] = offset + thread * threadBytes - block * blockBytes;
  }
  const run = /** @type {(...args: number[]) => void} */ (kernels[kernel]);
  run(...args, begin, end);
}
