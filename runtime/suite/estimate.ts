/** How long the rest of a suite takes: from trials of the same network where one was timed, from the work of others where not. */

import type { TrialState } from './state.ts';
import type { Trial } from './trial.ts';

interface Timed {
  seconds: number;
  /** Of a whole trial. */
  share: number;
}

export class Estimate {
  /** By network. */
  readonly #timed = new Map<string, Timed>();
  readonly #work = new Map<string, number>();
  readonly #begun = new Map<string, { at: number; first: number | undefined; share: number }>();

  constructor(trials: readonly Trial[], states: ReadonlyMap<string, TrialState>) {
    for (const trial of trials) {
      this.#work.set(trial.network.id, trial.work);
      const state = states.get(trial.id);
      if (state?.kind === 'done') this.#add(trial, state.record.seconds, 1);
    }
  }

  begin({ id }: Trial): void {
    this.#begun.set(id, { at: performance.now(), first: undefined, share: 0 });
  }

  progress({ id }: Trial, share: number): void {
    const begun = this.#begun.get(id);
    if (!begun) return;
    // What a checkpoint had done already took no time now, and neither did waiting in a queue.
    if (begun.first === undefined) {
      begun.first = share;
      begun.at = performance.now();
    }
    begun.share = share;
  }

  end(trial: Trial, finished: boolean): void {
    const begun = this.#begun.get(trial.id);
    this.#begun.delete(trial.id);
    if (!begun || !finished) return;
    this.#add(trial, (performance.now() - begun.at) / 1000, 1 - (begun.first ?? 0));
  }

  /** `undefined` before anything was measured. */
  remaining(
    running: readonly { readonly trial: Trial; readonly share: number }[],
    waiting: readonly Trial[],
    slots: number,
  ): number | undefined {
    const rate = this.#secondsPerWork();
    if (rate === undefined) return undefined;
    const whole = (trial: Trial) => this.#whole(trial) ?? trial.work * rate;
    const now = running.map(({ trial, share }) => whole(trial) * (1 - share));
    const later = waiting.map(whole);
    const all = [...now, ...later];
    const total = all.reduce((sum, s) => sum + s, 0);
    // Slots share the work, but no trial ends before it has been trained.
    return Math.max(total / Math.min(slots, Math.max(1, all.length)), ...all, 0);
  }

  #add({ network }: Trial, seconds: number, share: number): void {
    if (share <= 0) return;
    const timed = this.#timed.get(network.id) ?? { seconds: 0, share: 0 };
    timed.seconds += seconds;
    timed.share += share;
    this.#timed.set(network.id, timed);
  }

  /** Seconds of a whole trial of this network. */
  #whole({ id, network }: Trial): number | undefined {
    const timed = this.#timed.get(network.id);
    if (timed) return timed.seconds / timed.share;
    const begun = this.#begun.get(id);
    const share = begun ? begun.share - (begun.first ?? 0) : 0;
    return begun && share > 0.01 ? (performance.now() - begun.at) / 1000 / share : undefined;
  }

  #secondsPerWork(): number | undefined {
    let [seconds, work] = [0, 0];
    for (const [id, timed] of this.#timed) {
      seconds += timed.seconds;
      work += timed.share * (this.#work.get(id) ?? 0);
    }
    for (const [id, begun] of this.#begun) {
      const share = begun.share - (begun.first ?? 0);
      if (share <= 0.01) continue;
      seconds += (performance.now() - begun.at) / 1000;
      work += share * (this.#work.get(id.slice(0, id.indexOf('/'))) ?? 0);
    }
    return work > 0 ? seconds / work : undefined;
  }
}
