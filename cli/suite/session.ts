/** One `netlathe compare`: what is there, what is missing, running that, and the page. */

import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { didYouMean } from '../../compiler/diagnostics/suggest.ts';
import type { SuitePlan } from '../../compiler/suite/plan.ts';
import { teacherOf } from '../../compiler/suite/teachers.ts';
import type { Language } from '../../runtime/compare/index.ts';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { makeFolder } from '../../runtime/files/make-folder.ts';
import type { RunRecord } from '../../runtime/report/index.ts';
import { runSuite } from '../../runtime/suite/run-suite.ts';
import type { TrialEnd } from '../../runtime/suite/runner.ts';
import { type Expected, readState, type TrialState } from '../../runtime/suite/state.ts';
import { SuiteError } from '../../runtime/suite/suite-error.ts';
import { type Trial, trialsOf } from '../../runtime/suite/trial.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import { runFiles } from '../../runtime/train/run-folder.ts';
import { type CommandIo, exit, UsageError } from '../io.ts';
import type { Place } from '../places/index.ts';
import { bar, ProgressLine } from '../progress.ts';
import { SuitePhotos } from './photos.ts';
import { checkTarget, publish } from './publish.ts';
import { compareTrials, printResults, writeResults } from './results.ts';
import { SuiteReporter } from './suite-reporter.ts';

export interface SuiteOptions {
  readonly out: string;
  readonly data: string | undefined;
  readonly only: ReadonlySet<string> | undefined;
  readonly place: Place;
  readonly numerics: RunRecord['numerics'];
  readonly engine: RunRecord['engine'];
  readonly cache: string | undefined;
  readonly checkpointEvery: string | undefined;
  readonly resume: boolean;
  readonly language: Language;
  /** Where results are also to go, without weights. */
  readonly publish: string | undefined;
  readonly json: boolean;
}

type States = Map<string, TrialState>;

interface Work {
  readonly todo: readonly Trial[];
  readonly states: States;
  /** Whether each needs photos that are held out. */
  readonly judged: boolean;
}

export interface Trained {
  readonly trials: readonly Trial[];
  readonly states: ReadonlyMap<string, TrialState>;
  /** That of the first trial which failed. */
  readonly code: number;
}

export class SuiteSession {
  readonly #io: CommandIo;
  readonly #plan: SuitePlan;
  readonly #options: SuiteOptions;
  readonly #trials: readonly Trial[];
  readonly #line: ProgressLine;
  /** Teachers that were published without the weights that a student needs now. */
  readonly #again = new Set<string>();

  constructor(io: CommandIo, plan: SuitePlan, options: SuiteOptions) {
    this.#io = io;
    this.#plan = plan;
    this.#options = options;
    this.#trials = trialsOf(plan, options.out);
    this.#line = new ProgressLine(io.stderr, io.quiet || options.json);
  }

  /** `--dry-run`. */
  async describe(): Promise<number> {
    const states = await this.#before();
    const networks = this.#plan.networks.map(({ id, compiled, fitted, recipe, seeds }) => ({
      id,
      params: compiled.counts.params.trainable,
      widths: fitted?.after ?? null,
      epochs: resolveRecipe(recipe).epochs,
      trials: seeds.map((seed) => {
        const trial = this.#trials.find((t) => t.network.id === id && t.seed === seed);
        return { seed, state: (trial && states.get(trial.id)?.kind) ?? 'missing' };
      }),
    }));
    const { json, out } = this.#options;
    if (json) this.#io.printJson({ out, networks });
    for (const { id, params, widths, epochs, trials } of json ? [] : networks) {
      const fitted = widths ? `  widths ${widths.join(' ')}` : '';
      const seeds = trials.map(({ seed, state }) => `${seed} ${words[state]}`).join(', ');
      this.#io.stdout.write(
        `${id}  ${params.toLocaleString('en-US')} params${fitted}  ${epochs} epoch${epochs === 1 ? '' : 's'}  seeds: ${seeds}\n`,
      );
    }
    await this.#check(states, true);
    return exit.ok;
  }

  async run(signal: AbortSignal): Promise<number> {
    const before = await this.#before();
    await this.#check(before, false);
    const todo = this.#trials.filter((trial) => this.#isToRun(trial, before));
    const ends = await this.#train({ todo, states: before, judged: false }, signal);
    this.#line.clear();
    if (!ends) {
      this.#io.say('stopped before anything was trained');
      return exit.interrupted;
    }
    // Ctrl-C is not to wait for a page.
    if (!signal.aborted) await this.#results(ends, signal);
    return codeOf(ends, signal);
  }

  /** The trials alone, without a page, to choose among them; `undefined` where it was interrupted. */
  async trainOnly(signal: AbortSignal): Promise<Trained | undefined> {
    const before = await this.#before();
    await this.#check(before, false);
    const todo = this.#trials.filter((trial) => this.#isToRun(trial, before));
    const ends = await this.#train({ todo, states: before, judged: true }, signal);
    this.#line.clear();
    if (!ends || codeOf(ends, signal) === exit.interrupted) return undefined;
    return { trials: this.#trials, states: await this.#states(), code: codeOf(ends, signal) };
  }

  async #results(ends: ReadonlyMap<string, TrialEnd>, signal: AbortSignal): Promise<void> {
    const { out, language, json, publish: published } = this.#options;
    const states = await this.#states();
    const request = { plan: this.#plan, trials: this.#trials, states, ends, out, language, signal };
    const results = await compareTrials(request);
    // What was there before stays as it was.
    if (signal.aborted) return;
    const page = await writeResults(results, request);
    if (published !== undefined) {
      const target = { folder: published, expected: this.#expected };
      const withdrawn = await publish(results, request, target);
      for (const id of withdrawn) this.#io.say(`withdrew ${id}, which another recipe had made`);
      this.#io.say(this.#io.err.dim(`published to ${published}`));
    }
    const { comparison } = results;
    if (json) this.#io.printJson(comparison);
    else printResults(this.#io, comparison, page);
  }

  get #expected(): Expected {
    const { numerics, engine } = this.#options;
    return { numerics, engine };
  }

  async #states(): Promise<States> {
    const found = await Promise.all(
      this.#trials.map(
        async (trial) => [trial.id, await readState(trial, this.#expected)] as const,
      ),
    );
    return new Map(found);
  }

  /** What there is before anything is trained. A student has nothing of a teacher published without its weights. */
  async #before(): Promise<States> {
    const states = await this.#states();
    const lacking = () =>
      this.#trials
        .filter((trial) => this.#isToRun(trial, states))
        .map(({ after }) => this.#trials.find(({ id }) => id === after))
        .find((teacher) => teacher && isWeightless(states.get(teacher.id)));
    for (let teacher = lacking(); teacher; teacher = lacking()) {
      states.set(teacher.id, { kind: 'missing' });
      this.#again.add(teacher.id);
    }
    return states;
  }

  /** Before hours are spent. `lenient`: nothing is to be trained now. */
  async #check(states: States, lenient: boolean): Promise<void> {
    this.#refuse(states, lenient);
    const { publish: folder } = this.#options;
    if (folder !== undefined) {
      await checkTarget(this.#plan, { folder, expected: this.#expected });
    }
    this.#findTeachers();
  }

  /** A teacher that has finished would not be trained again; it is only now known that nothing else has begun there. */
  async #prepare(trial: Trial): Promise<void> {
    await makeFolder(path.dirname(trial.file));
    await writeFileAtomic(trial.file, trial.text);
    if (this.#again.has(trial.id) && isWeightless(await readState(trial, this.#expected))) {
      await rm(path.join(trial.folder, runFiles.record), { force: true });
    }
  }

  #isToRun({ id, network }: Trial, states: States): boolean {
    const { only, resume } = this.#options;
    if (only && !only.has(network.id)) return false;
    const kind = states.get(id)?.kind ?? 'missing';
    return kind === 'missing' || (resume && (kind === 'cutOff' || kind === 'failed'));
  }

  /** What must not be mixed or lost by accident. */
  #refuse(states: States, lenient: boolean): void {
    const { out, resume, only } = this.#options;
    const others = this.#trials.flatMap((trial) => {
      const state = states.get(trial.id);
      return state?.kind === 'other' ? [`${trial.id}: another ${state.what}`] : [];
    });
    this.#refuseOthers(others);
    const wanted = this.#trials.filter(({ network }) => !only || only.has(network.id));
    const cut = wanted.filter(({ id }) => states.get(id)?.kind === 'cutOff');
    if (cut.length > 0 && !resume && !lenient) {
      throw new SuiteError({
        code: 'E952',
        message: `${cut.length} of ${this.#trials.length} trials were cut off`,
        path: out,
        hint: 'go on with the same command and --resume',
      });
    }
  }

  #refuseOthers(others: readonly string[]): void {
    if (others.length === 0) return;
    throw new SuiteError({
      code: 'E951',
      message: `${others.length} trial${others.length === 1 ? ' was' : 's were'} made with something else than the suite says now`,
      path: this.#options.out,
      notes: others.slice(0, 8),
      hint: 'name another --out, or remove the folders of these runs',
    });
  }

  /** Not after the hours that come before a student's turn. */
  #findTeachers(): void {
    const { networks } = this.#plan;
    for (const { id, recipe, teacher } of networks) {
      const named = teacher === undefined ? teacherOf(recipe) : undefined;
      if (named === undefined || existsSync(named)) continue;
      const ids = networks.map((network) => network.id).filter((other) => other !== id);
      throw new SuiteError({
        code: 'E953',
        message: `"${id}" is to learn from "${named}", which is neither a network of the suite nor a folder`,
        path: named,
        hint: didYouMean(named, ids) ?? `the networks are ${ids.join(', ')}`,
      });
    }
  }

  /** `undefined`: it was interrupted before anything began. */
  async #train(
    work: Work,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, TrialEnd> | undefined> {
    const { todo, states } = work;
    const data = this.#options.data;
    if (todo.length === 0 && (data === undefined || !existsSync(data))) return new Map();
    if (data === undefined) {
      throw new UsageError('no photos are named', 'give --data, or data: in the suite');
    }
    if (!(await this.#checkPhotos(work, data, signal))) return undefined;
    if (todo.length === 0) return new Map();
    const { place, out } = this.#options;
    const options = { ...this.#options, name: this.#plan.name, out: path.resolve(out) };
    const runner = place.runner(options, data, (text) => {
      this.#line.clear();
      this.#io.say(this.#io.err.dim(text));
    });
    await runner.ready(todo, signal);
    if (signal.aborted) return undefined;
    const done = this.#trials.filter(({ id }) => states.get(id)?.kind === 'done').length;
    const skipped = this.#trials.length - todo.length - done;
    const note = `${done === 0 ? '' : `, ${done} done already`}${skipped === 0 ? '' : `, ${skipped} not to be run now`}`;
    this.#io.say(
      `${this.#plan.name}: ${todo.length} of ${this.#trials.length} trials to train${note}`,
    );
    return runSuite({
      trials: this.#trials.filter(
        ({ id }) => states.get(id)?.kind === 'done' || todo.some((t) => t.id === id),
      ),
      states,
      runner,
      listener: new SuiteReporter(this.#io, this.#line),
      signal,
      prepare: (trial) => this.#prepare(trial),
    });
  }

  #photos(data: string, signal: AbortSignal): SuitePhotos {
    return new SuitePhotos(data, {
      cacheDir: this.#options.cache,
      signal,
      onProgress: ({ network }, done, total) =>
        this.#line.show(
          () =>
            `decoding photos for ${network.reference} ${bar(done / total, 20)} ${done} of ${total}`,
        ),
    });
  }

  /** Before hours are spent: classes that do not match, and trials of other photos. `false`: interrupted. */
  async #checkPhotos(
    { todo, states, judged }: Work,
    data: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const photos = this.#photos(data, signal);
    try {
      for (const trial of todo) {
        const seen = await photos.of(trial);
        if (judged && !seen.judged) throw noFigure(data);
      }
      // Where nothing is trained and they lie where they lay, what there is may be shown without them.
      const doubtful = this.#trials.filter(({ id }) => {
        const state = states.get(id);
        return todo.length > 0 || (state?.kind === 'done' && state.record.data.root !== data);
      });
      const strangers = await photos.strangers(doubtful, states);
      this.#refuseOthers(strangers.map(({ id }) => `${id}: other photos`));
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    } finally {
      this.#line.clear();
    }
  }
}

function isWeightless(state: TrialState | undefined): boolean {
  return state?.kind === 'done' && state.weightless;
}

/** A search has nothing to choose by. */
export function noFigure(data: string | undefined): SuiteError {
  return new SuiteError({
    code: 'E956',
    message: 'no photos are held out, so that no combination can be told from another',
    ...(data === undefined ? {} : { path: data }),
    hint: 'hold some out with train: { data: { holdOut: 0.1 } }, or add a folder "validation"',
  });
}

const words: Readonly<Record<TrialState['kind'], string>> = {
  missing: 'to train',
  cutOff: 'cut off',
  failed: 'failed',
  done: 'done',
  other: 'something else',
};

function codeOf(ends: ReadonlyMap<string, TrialEnd>, signal: AbortSignal): number {
  const all = [...ends.values()];
  if (signal.aborted || all.some(({ kind }) => kind === 'interrupted')) return exit.interrupted;
  const failed = all.filter((end) => end.kind === 'failed');
  if (failed.length === 0) return exit.ok;
  return failed.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? exit.usage;
}
