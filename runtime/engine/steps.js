/**
 * Runs a schedule in one thread. Plain JavaScript, because worker threads load it as it is, from the sources and from
 * dist/ alike; type-checked through its comments.
 */

/**
 * A step ready to run: the arguments are complete but for scalars, the thread's slot and its range.
 * @typedef {object} BoundStep
 * @property {string} kernel
 * @property {number[]} args
 * @property {readonly (readonly [position: number, scalar: number])[]} scalars
 * @property {number} slot position of the thread's index among the arguments, or -1
 * @property {number} units
 * @property {boolean} barrier
 */

/** Words of the control block. */
export const control = Object.freeze({
  arrived: 0,
  generation: 1,
  command: 2,
  schedule: 3,
  failed: 4,
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
 * @param {Readonly<Record<string, (...args: number[]) => void>>} kernels
 * @param {readonly BoundStep[]} steps
 * @param {Float64Array} scalars
 * @param {Int32Array<SharedArrayBuffer>} words
 * @param {number} thread
 * @param {number} threads
 */
export function runSteps(kernels, steps, scalars, words, thread, threads) {
  for (const step of steps) {
    if (step.barrier) meet(words, threads);
    const begin = Math.floor((step.units * thread) / threads);
    const end = Math.floor((step.units * (thread + 1)) / threads);
    if (begin === end) continue;
    const { args } = step;
    for (const [position, scalar] of step.scalars)
      args[position] = /** @type {number} */ (scalars[scalar]);
    if (step.slot >= 0) args[step.slot] = thread;
    const kernel = /** @type {(...args: number[]) => void} */ (kernels[step.kernel]);
    kernel(...args, begin, end);
  }
}
