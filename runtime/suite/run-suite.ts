/** Runs the trials that are missing, as many at a time as the runner has slots, each after the teacher it needs. */

import { setMaxListeners } from 'node:events';
import { Estimate } from './estimate.ts';
import type { Runner, TrialEnd, TrialProgress } from './runner.ts';
import type { TrialState } from './state.ts';
import type { Trial } from './trial.ts';

export interface SuiteListener {
  onStart(trial: Trial, resumed: boolean): void;
  onProgress(event: SuiteProgress): void;
  onEnd(trial: Trial, end: TrialEnd, seconds: number): void;
}

export interface SuiteProgress {
  readonly done: number;
  readonly total: number;
  readonly running: readonly { readonly trial: Trial; readonly progress: TrialProgress }[];
  /** Seconds to the end of the whole suite; `undefined` before anything was measured. */
  readonly remaining: number | undefined;
}

export interface SuiteRun {
  readonly trials: readonly Trial[];
  readonly states: ReadonlyMap<string, TrialState>;
  readonly runner: Runner;
  readonly listener: SuiteListener;
  readonly signal: AbortSignal;
  /** Before a trial begins: writes what it is made from. */
  readonly prepare: (trial: Trial) => Promise<void>;
}

/** How the trials ended that were not done before. Where one throws, the others save and stop before that is passed on. */
export async function runSuite(options: SuiteRun): Promise<ReadonlyMap<string, TrialEnd>> {
  const run = new Scheduler(options);
  await run.execute();
  return run.ends;
}

class Scheduler {
  readonly ends = new Map<string, TrialEnd>();
  readonly #options: SuiteRun;
  readonly #waiting: Trial[];
  readonly #running = new Map<string, { readonly trial: Trial; progress: TrialProgress }>();
  readonly #estimate: Estimate;
  readonly #broken = new AbortController();
  readonly #signal: AbortSignal;

  constructor(options: SuiteRun) {
    this.#options = options;
    const { trials, states, signal } = options;
    this.#signal = AbortSignal.any([signal, this.#broken.signal]);
    // Each trial that waits on a cluster listens to it, and there may be a hundred.
    setMaxListeners(0, this.#signal);
    this.#waiting = trials.filter(({ id }) => states.get(id)?.kind !== 'done');
    this.#estimate = new Estimate(trials, states);
  }

  async execute(): Promise<void> {
    const active = new Set<Promise<void>>();
    try {
      await this.#fill(active);
    } catch (error) {
      this.#broken.abort();
      await Promise.allSettled(active);
      throw error;
    }
  }

  async #fill(active: Set<Promise<void>>): Promise<void> {
    const { slots } = this.#options.runner;
    for (;;) {
      const next = active.size < slots ? this.#next() : undefined;
      if (next) {
        const job: Promise<void> = this.#one(next).finally(() => active.delete(job));
        active.add(job);
      } else if (active.size > 0) await Promise.race(active);
      else return;
    }
  }

  /** A trial that may begin now. */
  #next(): Trial | undefined {
    if (this.#signal.aborted) return undefined;
    for (let i = 0; i < this.#waiting.length; i++) {
      const trial = this.#waiting[i] as Trial;
      const teacher = trial.after === undefined ? 'ready' : this.#standing(trial.after);
      if (teacher === 'waiting') continue;
      this.#waiting.splice(i, 1);
      if (teacher === 'ready') return trial;
      const message = `its teacher ${trial.after} is not there`;
      this.#end(trial, { kind: 'failed', message, exitCode: 0 }, 0);
      i = -1;
    }
    return undefined;
  }

  #standing(id: string): 'ready' | 'waiting' | 'gone' {
    const end = this.ends.get(id);
    if (end) return end.kind === 'finished' ? 'ready' : 'gone';
    if (this.#options.states.get(id)?.kind === 'done') return 'ready';
    const expected = this.#running.has(id) || this.#waiting.some((trial) => trial.id === id);
    return expected ? 'waiting' : 'gone';
  }

  async #one(trial: Trial): Promise<void> {
    const { states, runner, listener, prepare } = this.#options;
    const state = states.get(trial.id);
    const resume = (state?.kind === 'cutOff' || state?.kind === 'failed') && state.resumable;
    const started = performance.now();
    const entry = { trial, progress: nothing };
    this.#running.set(trial.id, entry);
    this.#estimate.begin(trial);
    listener.onStart(trial, resume);
    try {
      await prepare(trial);
      const onProgress = (progress: TrialProgress) => {
        entry.progress = progress;
        this.#estimate.progress(trial, progress.share);
        this.#tell();
      };
      const end = await runner.run({ trial, resume, onProgress, signal: this.#signal });
      this.#running.delete(trial.id);
      this.#estimate.end(trial, end.kind === 'finished');
      this.#end(trial, end, (performance.now() - started) / 1000);
    } finally {
      this.#running.delete(trial.id);
    }
  }

  #end(trial: Trial, end: TrialEnd, seconds: number): void {
    this.ends.set(trial.id, end);
    this.#options.listener.onEnd(trial, end, seconds);
    this.#tell();
  }

  #tell(): void {
    const { trials, runner, listener } = this.#options;
    const total = trials.length;
    const left = this.#waiting.length + this.#running.size;
    // What a cluster has queued waits like what was not handed over.
    const begun = [...this.#running.values()].filter(({ progress }) => progress !== nothing);
    const queued = [...this.#running.values()].filter(({ progress }) => progress === nothing);
    const remaining = this.#estimate.remaining(
      begun.map(({ trial, progress }) => ({ trial, share: progress.share })),
      [...queued.map(({ trial }) => trial), ...this.#waiting],
      Number.isFinite(runner.slots) ? runner.slots : Math.max(1, begun.length),
    );
    const running = Number.isFinite(runner.slots) ? [...this.#running.values()] : begun;
    listener.onProgress({ done: total - left, total, running, remaining });
  }
}

const nothing: TrialProgress = { share: 0, epoch: 0, epochs: 0, top1: undefined };
