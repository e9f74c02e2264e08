/** What a suite shows while it runs: one living line on a terminal, a line a trial that ended. */

import type { SuiteListener, SuiteProgress } from '../../runtime/suite/run-suite.ts';
import type { TrialEnd } from '../../runtime/suite/runner.ts';
import type { Trial } from '../../runtime/suite/trial.ts';
import type { CommandIo } from '../io.ts';
import { bar, clock, type ProgressLine } from '../progress.ts';

export class SuiteReporter implements SuiteListener {
  readonly #io: CommandIo;
  readonly #line: ProgressLine;
  /** Redraws while nothing happens, so that the time left goes down. */
  #last: SuiteProgress | undefined;

  constructor(io: CommandIo, line: ProgressLine) {
    this.#io = io;
    this.#line = line;
  }

  onStart(): void {}

  onProgress(event: SuiteProgress): void {
    this.#last = event;
    this.#line.show(() => lineOf(event));
  }

  onEnd(trial: Trial, end: TrialEnd, seconds: number): void {
    this.#line.clear();
    const { err } = this.#io;
    if (end.kind === 'interrupted' && end.begun === false) return;
    const name = `${trial.network.id} seed ${trial.seed}`;
    if (end.kind === 'failed') {
      // Said even with --quiet: the comparison lacks a trial.
      this.#io.stderr.write(`${err.red('failed')}: ${name}: ${end.message}\n`);
      return;
    }
    const last = end.kind === 'finished' ? this.#last : undefined;
    const count = last ? `${last.done + 1} of ${last.total}  ` : '';
    const what = end.kind === 'interrupted' ? err.yellow('stopped after a checkpoint') : 'done';
    this.#io.say(`${err.dim(count)}${name}  ${what} ${err.dim(clock(seconds))}`);
  }
}

function lineOf({ done, total, running, remaining }: SuiteProgress): string {
  const shares = running.reduce((sum, { progress }) => sum + progress.share, 0);
  const whole = bar((done + shares) / Math.max(1, total), 12);
  const left = remaining === undefined ? '' : `  ${clock(remaining)} left`;
  const now = running.map(({ trial, progress: { epoch, epochs, top1 } }) => {
    const at = epochs > 0 ? ` epoch ${Math.max(1, epoch)}/${epochs}` : ' starts';
    const accuracy = top1 === undefined ? '' : ` ${(100 * top1).toFixed(1)}%`;
    return `${trial.network.id}/${trial.seed}${at}${accuracy}`;
  });
  return `${whole} ${done}/${total}${left}  ${now.join(', ')}`;
}
