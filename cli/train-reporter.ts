/** What training shows: a living line on a terminal, a table of epochs, or events as lines of JSON. */

import path from 'node:path';
import type { Progress } from '../runtime/data/index.ts';
import type { EpochMetrics, RunRecord } from '../runtime/report/index.ts';
import type { RunReporter } from '../runtime/track/reporter.ts';
import type { RunListener, RunResult, StepEvent } from '../runtime/train/run.ts';
import type { CommandIo } from './io.ts';
import { bar, clock, type ProgressLine } from './progress.ts';
import type { Prepared } from './train-session.ts';

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
const count = (n: number) => n.toLocaleString('en-US');

export class TrainReporter implements RunReporter, RunListener {
  readonly #io: CommandIo;
  readonly #line: ProgressLine;
  readonly #json: boolean;
  #folder = '';
  #headed = false;
  #told = performance.now();

  constructor(io: CommandIo, line: ProgressLine, json: boolean) {
    this.#io = io;
    this.#line = line;
    this.#json = json;
  }

  decoding({ done, total }: Progress): void {
    this.#line.show(
      () => `decoding photos ${bar(done / total, 20)} ${count(done)} of ${count(total)}`,
    );
  }

  /** What was found before the run begins, which goes into `folder`. */
  prepared({ data, notes }: Pick<Prepared, 'data' | 'notes'>, folder: string): void {
    this.#folder = folder;
    this.#line.clear();
    if (this.#json) return;
    for (const { code, message, hint } of data.warnings) {
      this.#io.say(`${this.#io.err.yellow(`warning[${code}]`)}: ${message}`);
      if (hint) this.#io.say(`  = help: ${hint}`);
    }
    for (const note of notes) this.note(note);
  }

  note(text: string): void {
    this.#line.clear();
    if (this.#json) this.#event('note', { text });
    else this.#io.say(`${this.#io.err.cyan('note')}: ${text}`);
  }

  warning(text: string): void {
    this.#line.clear();
    if (this.#json) this.#event('warning', { text });
    else this.#io.say(`${this.#io.err.yellow('warning')}: ${text}`);
  }

  onBegin(record: RunRecord): void {
    this.#line.clear();
    const { data, recipe, architecture } = record;
    if (this.#json) {
      this.#event('start', { record });
      return;
    }
    const { err } = this.#io;
    const validation = data.validation
      ? `${count(data.validation.count)} to validate`
      : 'none to validate';
    this.#io.say(
      `${err.bold(record.name)}  ${count(architecture.counts.params.trainable)} parameters, ${count(data.train.count)} photos to train, ${validation}, ${record.classes.length} classes`,
    );
    if (record.teacher && recipe.distill) {
      const { name, parameters } = record.teacher;
      const { method, temperature, alpha } = recipe.distill;
      this.#io.say(
        `taught by ${err.bold(name)}, ${count(parameters)} parameters (${method}, temperature ${temperature}, alpha ${alpha})`,
      );
    }
    const engine =
      record.engine === 'wasm'
        ? `${record.numerics} numerics, ${record.threads} thread${record.threads === 1 ? '' : 's'}`
        : `TensorFlow.js${record.gpu === undefined ? '' : ` on ${record.gpu}`}`;
    this.#io.say(
      err.dim(
        `${recipe.steps === undefined ? `${recipe.epochs} epochs` : `${recipe.steps} steps`}, batch ${recipe.batch}, ${recipe.optimizer.name} ${recipe.optimizer.learningRate}, ${engine}, seed ${record.seed}`,
      ),
    );
  }

  onStep(event: StepEvent): void {
    if (this.#json) {
      // Once a second is enough for whoever draws it; logs that are kept are better without.
      if (this.#io.quiet || performance.now() - this.#told < 1000) return;
      this.#told = performance.now();
      this.#event('step', event);
      return;
    }
    const { epoch, epochs, step, steps, loss, top1, imagesPerSecond, remaining } = event;
    this.#line.show(
      () =>
        `epoch ${epoch}/${epochs} ${bar(step / steps, 16)} loss ${loss.toFixed(3)}  acc ${percent(top1)}  ${Math.round(imagesPerSecond)} img/s  ${clock(remaining)} left`,
    );
  }

  onEpoch(metrics: EpochMetrics, best: boolean): void {
    this.#line.clear();
    if (this.#json) {
      this.#event('epoch', { ...metrics, best });
      return;
    }
    if (!this.#headed) {
      this.#headed = true;
      this.#io.say(
        this.#io.err.dim('epoch   train loss    acc   valid loss    acc   img/s    time'),
      );
    }
    const { train, validation } = metrics;
    const judged = validation
      ? `${validation.loss.toFixed(3).padStart(10)} ${percent(validation.top1).padStart(6)}`
      : ''.padStart(17);
    const mark = best && validation ? ` ${this.#io.err.green('best')}` : '';
    this.#io.say(
      `${String(metrics.epoch).padStart(5)} ${train.loss.toFixed(3).padStart(12)} ${percent(train.top1).padStart(6)}   ${judged} ${String(Math.round(metrics.imagesPerSecond)).padStart(7)} ${clock(metrics.seconds).padStart(7)}${mark}`,
    );
  }

  /** Where it failed, whoever reports the error says so. */
  onEnd(record: RunRecord, result: RunResult | undefined): void {
    this.#line.clear();
    if (!result) return;
    if (this.#json) {
      this.#event('end', {
        status: record.status,
        folder: this.#folder,
        best: result.best,
        seconds: result.seconds,
      });
      return;
    }
    const shown = path.relative(this.#io.cwd, this.#folder) || '.';
    if (result.status === 'interrupted') {
      this.#io.say(
        `stopped after a checkpoint; go on with the same command and ${this.#io.err.bold('--resume')}`,
      );
      return;
    }
    const { evaluation } = result;
    if (evaluation) {
      const { low, high } = evaluation.interval;
      const chosen = result.best ? `, chosen on them at epoch ${result.best.epoch}` : '';
      const what =
        evaluation.split === 'validation'
          ? `validation photos${chosen}`
          : 'the training photos: nothing was held out';
      this.#io.stdout.write(
        `${percent(evaluation.top1)} of ${count(evaluation.count)} right (95% interval ${percent(low)} to ${percent(high)}), ${what}\n`,
      );
    }
    this.#io.say(`report   ${path.join(shown, 'report.html')}`);
    this.#io.say(`predict  netlathe predict --model ${shown} photo.jpg`);
  }

  #event(event: string, value: object): void {
    this.#io.stdout.write(`${JSON.stringify({ version: 1, event, ...value })}\n`);
  }
}
