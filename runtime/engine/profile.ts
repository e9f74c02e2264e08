/** Where the time of a schedule goes: its steps one by one, on the calling thread. */

import type { Schedule, Step } from '../../compiler/6-lower/program.ts';
import type { Engine } from './engine.ts';

export interface StepTime {
  readonly step: Step;
  /** Median, in milliseconds. */
  readonly time: number;
}

/** Runs a schedule `repeats` times, each step timed. The program must be for one thread. */
export function profile(engine: Engine, schedule: Schedule, repeats: number): readonly StepTime[] {
  const times = schedule.steps.map((): number[] => []);
  for (let i = 0; i < repeats; i++) {
    for (const [index, of] of times.entries()) {
      const before = performance.now();
      engine.runStep(schedule.name, index);
      of.push(performance.now() - before);
    }
  }
  return schedule.steps.map((step, i) => {
    const sorted = (times[i] ?? []).toSorted((a, b) => a - b);
    return { step, time: sorted[sorted.length >> 1] ?? 0 };
  });
}
