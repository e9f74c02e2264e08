/**
 * A training run from its first step to its report: owns the folder, decides when to evaluate, what is best, when to
 * save and when to stop.
 */

import type { Graph } from '../../compiler/graph/graph.ts';
import {
  initialize,
  type WeightStore,
  weightsToSafetensors,
} from '../../compiler/weights/index.ts';
import type { Dataset, ImageSet } from '../data/index.ts';
import type { EpochMetrics, EvaluationRecord, RunStatus } from '../report/records.ts';
import type { Backend, BackendEvaluator, BackendTrainer } from './backend.ts';
import {
  loadCheckpoint,
  type Progress,
  type RunIdentity,
  saveCheckpoint,
  startOfRun,
} from './checkpoint.ts';
import { evaluationRecord, predictionsText } from './evaluation-record.ts';
import { type Figures, figuresOf } from './figures.ts';
import { firstNonFinite } from './finite.ts';
import { addLessons, type Lesson } from './lesson.ts';
import { readWeights } from './read-weights.ts';
import type { Recipe } from './recipe.ts';
import type { RunFolder } from './run-folder.ts';
import type { Teacher } from './teacher.ts';
import { TrainError } from './train-error.ts';

export interface StepEvent {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  /** Means over the epoch so far. */
  readonly loss: number;
  readonly top1: number;
  readonly imagesPerSecond: number;
  /** Seconds until the last step, at the rate so far. */
  readonly remaining: number;
}

export interface RunListener {
  onStep(event: StepEvent): void;
  onEpoch(metrics: EpochMetrics, best: boolean): void | Promise<void>;
}

export interface RunOptions {
  readonly graph: Graph;
  readonly recipe: Recipe;
  readonly data: Dataset;
  readonly folder: RunFolder;
  readonly backend: Backend;
  readonly resume: boolean;
  /** Between checkpoints at most, in seconds, where epochs are long; 60 if left out, at every step if 0. */
  readonly checkpointEvery?: number;
  readonly identity: RunIdentity;
  /** Where the weights start, instead of at random. */
  readonly initial?: WeightStore;
  /** Who teaches, where the recipe distils. */
  readonly teacher?: Teacher | undefined;
  readonly listener: RunListener;
  /** Before the first step, once nothing refuses it: until then the folder is as the last run left it. `epochs` are those before a resumption. */
  readonly onStart?: (epochs: readonly EpochMetrics[]) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface RunResult {
  readonly status: RunStatus;
  readonly seconds: number;
  readonly best: Progress['best'];
  readonly epochs: readonly EpochMetrics[];
  readonly evaluation: EvaluationRecord | undefined;
  /** The weights that `weights.safetensors` holds. */
  readonly weights: WeightStore;
}

export async function runTraining(options: RunOptions): Promise<RunResult> {
  const { graph, recipe, data, backend, teacher } = options;
  const trainer = await backend.trainer(graph, data.train, recipe, teacher);
  const judged = data.validation ?? data.train;
  const evaluator = await backend.evaluator(graph, judged);
  try {
    return await new Run(options, trainer, evaluator, judged).execute();
  } finally {
    await Promise.all([trainer.close(), evaluator.close()]);
  }
}

class Run {
  readonly #options: RunOptions;
  readonly #trainer: BackendTrainer;
  readonly #evaluator: BackendEvaluator;
  readonly #judged: ImageSet;
  readonly #epochs: EpochMetrics[] = [];
  #progress: Progress = startOfRun;
  #best: WeightStore | undefined;
  /** Of this process: for the rate. */
  #seen = 0;
  #started = performance.now();
  #saved = performance.now();

  constructor(
    options: RunOptions,
    trainer: BackendTrainer,
    evaluator: BackendEvaluator,
    judged: ImageSet,
  ) {
    this.#options = options;
    this.#trainer = trainer;
    this.#evaluator = evaluator;
    this.#judged = judged;
  }

  async execute(): Promise<RunResult> {
    await this.#begin();
    const { signal } = this.#options;
    for (;;) {
      // Signals and timers get their turn between steps.
      await new Promise<void>((resolve) => setImmediate(resolve));
      try {
        if (this.#isEpochOver()) await this.#endEpoch();
        if (this.#isStale()) return await this.#finish('stopped');
        if (this.#isAtEnd()) return await this.#finish('finished');
        signal.throwIfAborted();
      } catch (error) {
        if (!signal.aborted || error !== signal.reason) throw error;
        // Where that was while an epoch was judged, who goes on from its last step judges it again.
        await this.#save();
        return this.#finish('interrupted');
      }
      await this.#step();
      if (!this.#isEpochOver() && this.#isSaveDue()) await this.#save();
    }
  }

  #isAtEnd(): boolean {
    return this.#progress.step === this.#trainer.pace.totalSteps;
  }

  /** Whether all steps of an epoch are done and its line is not written yet. */
  #isEpochOver(): boolean {
    const { step, epochsLogged } = this.#progress;
    const { stepsPerEpoch } = this.#trainer.pace;
    const whole = step % stepsPerEpoch === 0 || this.#isAtEnd();
    return whole && epochsLogged < Math.ceil(step / stepsPerEpoch);
  }

  async #begin(): Promise<void> {
    const { graph, recipe, folder, resume, identity, initial } = this.#options;
    this.#trainer.start(initial ?? initialize(graph, recipe.seed));
    if (resume) {
      const progress = await loadCheckpoint(folder.file('checkpoint'), this.#trainer, identity);
      if (!progress) {
        throw new TrainError({
          code: 'E544',
          message: 'there is no checkpoint to resume from',
          path: folder.file('checkpoint'),
          hint: 'leave --resume out to start the run',
        });
      }
      this.#progress = progress;
      this.#epochs.push(...(await folder.metrics(progress.epochsLogged)));
    } else await folder.clear();
    await this.#options.onStart?.(this.#epochs);
    await folder.rewriteMetrics(this.#epochs);
    this.#started = performance.now();
    this.#saved = this.#started;
  }

  async #step(): Promise<void> {
    const before = this.#progress;
    const from = performance.now();
    const result = await this.#trainer.step(before.step);
    const fresh = before.step % this.#trainer.pace.stepsPerEpoch === 0;
    const carried = fresh ? { loss: 0, correct: 0, seen: 0, lesson: undefined } : before;
    this.#seen += result.seen;
    this.#progress = {
      ...before,
      step: before.step + 1,
      loss: carried.loss + result.loss,
      correct: carried.correct + result.correct,
      seen: carried.seen + result.seen,
      lesson: addLessons(carried.lesson, result.lesson),
      seconds: before.seconds + (performance.now() - from) / 1000,
    };
    this.#tell();
  }

  #tell(): void {
    const { step, loss, correct, seen } = this.#progress;
    const { stepsPerEpoch, totalSteps, imagesPerStep } = this.#trainer.pace;
    const elapsed = (performance.now() - this.#started) / 1000;
    const perStep = elapsed / (this.#seen / imagesPerStep);
    this.#options.listener.onStep({
      epoch: Math.ceil(step / stepsPerEpoch),
      epochs: Math.ceil(totalSteps / stepsPerEpoch),
      step,
      steps: totalSteps,
      loss: loss / seen,
      top1: correct / seen,
      imagesPerSecond: this.#seen / elapsed,
      remaining: perStep * (totalSteps - step),
    });
  }

  async #endEpoch(): Promise<void> {
    const { data, recipe, folder, listener } = this.#options;
    const { step, loss, correct, seen, seconds, lesson } = this.#progress;
    const weights = await this.#soundWeights();
    const figures = data.validation ? await this.#evaluate(weights) : undefined;
    const epoch = this.#epochs.length + 1;
    const metrics: EpochMetrics = {
      epoch,
      step,
      learningRate: this.#trainer.pace.rateAt(step - 1),
      seconds,
      imagesPerSecond: (step * this.#trainer.pace.imagesPerStep) / Math.max(seconds, 1e-9),
      train: {
        loss: loss / seen,
        top1: correct / seen,
        ...(lesson ? { distillation: distillationOf(lesson, seen) } : {}),
      },
      validation: figures ? { loss: figures.loss, top1: figures.top1, top5: figures.top5 } : null,
      ema: recipe.ema !== undefined,
    };
    const better = !figures || figures.top1 > (this.#progress.best?.top1 ?? -1);
    if (better) {
      this.#best = weights;
      await folder.write('best', weightsToSafetensors(weights));
    }
    this.#epochs.push(metrics);
    // Whole, not at its end: a line torn in two would keep the run from going on.
    await folder.rewriteMetrics(this.#epochs);
    this.#progress = {
      ...this.#progress,
      best: figures && better ? { epoch, top1: figures.top1 } : this.#progress.best,
      stale: better ? 0 : this.#progress.stale + 1,
      epochsLogged: this.#epochs.length,
    };
    await this.#save(weights);
    await listener.onEpoch(metrics, better);
  }

  /** A step may be the one that went too far: what is written must be numbers. */
  async #soundWeights(): Promise<WeightStore> {
    const weights = await this.#trainer.weights();
    const bad = firstNonFinite(weights) ?? firstNonFinite(await this.#trainer.state());
    if (bad === undefined) return weights;
    throw new TrainError({
      code: 'E540',
      message: `after step ${this.#progress.step}: ${bad} is no longer a number`,
      hint: 'lower the learning rate, or add warmupEpochs or clipNorm. The last checkpoint is as it was',
    });
  }

  async #save(sound?: WeightStore): Promise<void> {
    const { folder, identity } = this.#options;
    const weights = sound ?? (await this.#soundWeights());
    await folder.write('last', weightsToSafetensors(weights));
    const file = folder.file('checkpoint');
    await saveCheckpoint(file, await this.#trainer.state(), this.#progress, identity);
    this.#saved = performance.now();
  }

  #isSaveDue(): boolean {
    return performance.now() - this.#saved >= (this.#options.checkpointEvery ?? 60) * 1000;
  }

  #isStale(): boolean {
    const { earlyStopping } = this.#options.recipe;
    return earlyStopping !== undefined && this.#progress.stale >= earlyStopping.patience;
  }

  async #evaluate(weights: WeightStore): Promise<Figures> {
    const logits = await this.#evaluator.run(weights, this.#options.signal);
    return figuresOf(logits, this.#judged.labels, this.#options.graph.classes.length);
  }

  async #finish(status: RunStatus): Promise<RunResult> {
    const { graph, data, folder } = this.#options;
    const { seconds, best } = this.#progress;
    // Interrupted before the first epoch ended, or resumed after the best one: then this process does not have it.
    const weights = this.#best ?? (await this.#bestOnDisk());
    let evaluation: EvaluationRecord | undefined;
    if (status !== 'interrupted') {
      const split = data.validation ? 'validation' : 'train';
      const figures = await this.#evaluate(weights);
      evaluation = await evaluationRecord(figures, this.#judged, graph.classes, split);
      await folder.writeJson('evaluation', evaluation);
      await folder.write('predictions', predictionsText(split, figures));
    }
    return { status, seconds, best, epochs: this.#epochs, evaluation, weights };
  }

  async #bestOnDisk(): Promise<WeightStore> {
    if (this.#progress.epochsLogged === 0) return this.#trainer.weights();
    return readWeights(this.#options.folder.file('best'), this.#options.graph);
  }
}

function distillationOf({ loss, hints, teacherCorrect, agreed }: Lesson, seen: number) {
  return {
    loss: loss / seen,
    hints: hints / seen,
    teacherTop1: teacherCorrect / seen,
    agreement: agreed / seen,
  };
}
