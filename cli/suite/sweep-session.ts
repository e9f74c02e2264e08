/** One `netlathe sweep`: rung after rung of trials, who goes on, and what was found. */

import path from 'node:path';
import { padEnd, padStart } from '../../compiler/diagnostics/text.ts';
import type { SuitePlan } from '../../compiler/suite/plan.ts';
import type { Candidate, SweepPlan } from '../../compiler/suite/sweep/plan.ts';
import { costOf, type Rung } from '../../compiler/suite/sweep/rungs.ts';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { type Trial, trialsOf } from '../../runtime/suite/trial.ts';
import { sweepPage } from '../../runtime/sweep/page.ts';
import {
  type CandidateRecord,
  figureOf,
  inOrder,
  type KeyRecord,
  type RungResult,
  ranked,
  type SweepRecord,
  shown,
} from '../../runtime/sweep/records.ts';
import { type CommandIo, exit } from '../io.ts';
import { packageVersion } from '../package.ts';
import { noFigure, type SuiteOptions, SuiteSession, type Trained } from './session.ts';

/** Rows of the table on the terminal. */
const mostRows = 12;

export class SweepSession {
  readonly #io: CommandIo;
  readonly #plan: SweepPlan;
  readonly #options: SuiteOptions;

  constructor(io: CommandIo, plan: SweepPlan, options: SuiteOptions) {
    this.#io = io;
    this.#plan = plan;
    this.#options = options;
  }

  /** `--dry-run`. */
  describe(): number {
    const { rungs, candidates, dimensions, leftOut } = this.#plan;
    const { epochs, full } = costOf(rungs);
    const ladder = rungs.map(({ count, epochs: e }) => `${count} for ${e} epochs`).join(', ');
    this.#io.stdout.write(`${ladder}: ${epochs} epochs in all, ${full} without halving\n`);
    for (const { id, values, network } of candidates) {
      const params = network.compiled.counts.params.trainable.toLocaleString('en-US');
      const pairs = dimensions.map(({ key }, i) => `${key} ${shown(values[i])}`).join('  ');
      this.#io.stdout.write(`${id}  ${params} params  ${pairs}\n`);
    }
    if (leftOut > 0) this.#io.say(`${leftOut} combinations are over the budget or do not compile`);
    return exit.ok;
  }

  async run(signal: AbortSignal): Promise<number> {
    const { rungs, candidates } = this.#plan;
    let records: readonly CandidateRecord[] = candidates.map(({ id, values, network }) => ({
      ...{ id, values, params: network.compiled.counts.params.trainable, rungs: [] },
    }));
    let code: number = exit.ok;
    for (const [i, rung] of rungs.entries()) {
      const chosen = i === 0 ? records : ranked(records, i - 1).slice(0, rung.count);
      // Who failed is not trained for longer, even where that leaves a place free.
      const going = chosen.filter(({ rungs: r }) => i === 0 || r[i - 1]?.top1 !== null);
      const ids = new Set(going.map(({ id }) => id));
      if (rungs.length > 1) {
        this.#io.say(`rung ${i + 1} of ${rungs.length}: ${ids.size} for ${rung.epochs} epochs`);
      }
      const trained = await this.#train(rung, ids, signal);
      if (!trained) return exit.interrupted;
      code ||= trained.code;
      records = records.map((record) =>
        ids.has(record.id)
          ? { ...record, rungs: [...record.rungs, resultOf(record.id, rung, trained)] }
          : record,
      );
    }
    await this.#results(records);
    // Runs of an earlier command, which photos were not asked for now.
    const unjudged = records.every(({ rungs: [first] }) => first?.top1 === null);
    if (unjudged && code === exit.ok) throw noFigure(this.#options.data);
    return code;
  }

  /** A rung is a suite: each combination a network of its own, trained from the start with its own number of epochs. */
  async #train(
    rung: Rung,
    ids: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<Trained | undefined> {
    const networks = this.#plan.candidates.filter(({ id }) => ids.has(id));
    const session = new SuiteSession(this.#io, this.#suiteOf(rung, networks), this.#options);
    return session.trainOnly(signal);
  }

  #suiteOf(rung: Rung, candidates: readonly Candidate[]): SuitePlan {
    const networks = candidates.map(({ id, network }) => {
      // One rung alone trains as the recipe says, also where the epochs are searched.
      const epochs = this.#plan.rungs.length > 1 ? { epochs: rung.epochs } : {};
      return { ...network, id: rungId(id, rung), recipe: { ...network.recipe, ...epochs } };
    });
    return { ...this.#plan.suite, networks, questions: [] };
  }

  async #results(records: readonly CandidateRecord[]): Promise<void> {
    const { out, json } = this.#options;
    const record = await this.#record(records);
    await writeFileAtomic(path.join(out, 'sweep.json'), `${JSON.stringify(record, null, 2)}\n`);
    const page = path.join(out, 'sweep.html');
    await writeFileAtomic(page, await sweepPage(record));
    if (json) this.#io.printJson(record);
    else this.#print(record, page);
  }

  async #record(candidates: readonly CandidateRecord[]): Promise<SweepRecord> {
    const { suite, base, dimensions, method, seed, eta, rungs, leftOut } = this.#plan;
    const keys = dimensions.map(({ key, space }) => ({ key, scale: scaleOf(space.kind) }));
    const found = ranked(candidates, rungs.length - 1)[0];
    const top1 = found?.rungs.at(-1)?.top1 ?? null;
    const best =
      found && top1 !== null ? { id: found.id, top1, file: await this.#best(found.id) } : null;
    return {
      ...{ version: 1, netlathe: packageVersion(), name: suite.name, network: base.id },
      ...{ method, seed, eta, rungs, keys, candidates, leftOut, best },
    };
  }

  /** The very file that the best was trained from, first seed: `netlathe train` makes the same weights of it. */
  async #best(id: string): Promise<string> {
    const { out } = this.#options;
    const rung = this.#plan.rungs.at(-1) as Rung;
    const best = this.#plan.candidates.filter((candidate) => candidate.id === id);
    const trial = trialsOf(this.#suiteOf(rung, best), out)[0] as Trial;
    const file = path.join(out, 'best.yaml');
    await writeFileAtomic(file, trial.text);
    return path.relative(this.#io.cwd, path.resolve(file)) || file;
  }

  #print(record: SweepRecord, page: string): void {
    const { keys, rungs, best, candidates } = record;
    const heads = [
      'trial',
      ...keys.map(({ key }) => key),
      'params',
      ...rungs.map((r) => `${r.epochs} ep.`),
    ];
    const order = inOrder(record);
    const rows = order
      .slice(0, mostRows)
      .map(({ id, values, params, rungs: results }) => [
        id,
        ...values.map(shown),
        params.toLocaleString('en-US'),
        ...results.map(figureOf),
        ...rungs.slice(results.length).map(() => ''),
      ]);
    const widths = heads.map((head, i) =>
      Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)),
    );
    const line = (cells: readonly string[]) =>
      cells.map((cell, i) => (i === 0 ? padEnd : padStart)(cell, widths[i] ?? 0)).join('  ');
    const { dim, bold } = this.#io.out;
    this.#io.stdout.write(`${[dim(line(heads)), ...rows.map(line)].join('\n')}\n`);
    if (order.length > mostRows) this.#io.say(`${candidates.length - mostRows} more in sweep.json`);
    this.#io.say(`\npage     ${path.relative(this.#io.cwd, path.resolve(page))}`);
    if (!best) return;
    const data = this.#options.data ?? 'PHOTOS';
    this.#io.say(`again    ${bold(`netlathe train --arch ${best.file} --data ${data}`)}`);
  }
}

const rungId = (id: string, { epochs }: Rung): string => `${id}-e${epochs}`;

function resultOf(id: string, rung: Rung, { trials, states }: Trained): RungResult {
  const seeds = trials
    .filter(({ network }) => network.id === rungId(id, rung))
    .map((trial) => {
      const state = states.get(trial.id);
      const top1 = state?.kind === 'done' ? (state.record.best?.top1 ?? null) : null;
      return { seed: trial.seed, finished: state?.kind === 'done', top1 };
    });
  const known = seeds.flatMap(({ top1 }) => (top1 === null ? [] : [top1]));
  const mean = known.reduce((sum, top1) => sum + top1, 0) / known.length;
  return { epochs: rung.epochs, top1: known.length === seeds.length ? mean : null, seeds };
}

function scaleOf(kind: 'choice' | 'uniform' | 'logUniform' | 'integer'): KeyRecord['scale'] {
  if (kind === 'choice') return 'choice';
  return kind === 'logUniform' ? 'log' : 'linear';
}
