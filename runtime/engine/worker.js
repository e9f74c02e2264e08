/** One thread of the engine: sleeps until the main thread names a schedule, then runs its share of each step. */

import { parentPort, workerData } from 'node:worker_threads';
import { control, fail, meet, runPhases } from './steps.js';

/**
 * @type {{ module: WebAssembly.Module, memory: WebAssembly.Memory, schedules: import('./steps.js').BoundPhase[][],
 *   scalars: Float64Array, words: Int32Array<SharedArrayBuffer>, thread: number, threads: number }}
 */
const { module, memory, schedules, scalars, words, thread, threads } = workerData;
const kernels = /** @type {Record<string, (...args: number[]) => void>} */ (
  new WebAssembly.Instance(module, { env: { memory } }).exports
);
parentPort?.postMessage('ready');

let seen = 0;
for (;;) {
  Atomics.wait(words, control.command, seen);
  seen = Atomics.load(words, control.command);
  const phases = schedules[Atomics.load(words, control.schedule)];
  if (!phases) break;
  try {
    runPhases(kernels, phases, scalars, words, thread, threads);
    meet(words, threads);
  } catch (error) {
    // The others wait for this thread: they must not wait for ever.
    fail(words);
    throw error;
  }
}
