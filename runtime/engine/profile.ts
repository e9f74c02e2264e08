/** Where the time of a schedule goes, step by step, on the calling thread. */

import type { Schedule, Step } from '../../compiler/6-lower/program.ts';
import type { Engine } from './engine.ts';

export interface StepTime {
  readonly step: Step;
  /** The best of all runs, in milliseconds: other work on the machine only ever adds to it. */
  readonly time: number;
}

/** Runs a schedule `repeats` times as it always runs, with the clock read around every call of a kernel. */
export function profile(engine: Engine, schedule: Schedule, repeats: number): readonly StepTime[] {
  const runs = Array.from({ length: repeats }, () => engine.time(schedule.name));
  return schedule.steps.map((step, i) => ({
    step,
    time: Math.min(...runs.map((times) => times[i] ?? 0)),
  }));
}
