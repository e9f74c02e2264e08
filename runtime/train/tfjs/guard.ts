/** Work on a backend that can fail by itself: a GPU that is lost, out of memory, or asked for what it cannot do. */

import type { BackendEvaluator, BackendTrainer } from '../backend.ts';

/** Runs work; what the device then says went wrong is thrown instead of whatever it made of the work. */
export type Guard = <T>(work: () => T | Promise<T>) => Promise<T>;

export const unguarded: Guard = async (work) => work();

export function guardedTrainer(trainer: BackendTrainer, guard: Guard): BackendTrainer {
  return {
    pace: trainer.pace,
    start: (weights) => trainer.start(weights),
    weights: () => guard(() => trainer.weights()),
    step: (step) => guard(() => trainer.step(step)),
    state: () => guard(() => trainer.state()),
    restore: (state) => trainer.restore(state),
    close: () => trainer.close(),
  };
}

export function guardedEvaluator(evaluator: BackendEvaluator, guard: Guard): BackendEvaluator {
  return {
    run: (weights, signal) => guard(() => evaluator.run(weights, signal)),
    close: () => evaluator.close(),
  };
}
