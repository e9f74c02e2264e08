/**
 * What all proofs have in common. A proof tries one promise of docs/trust.md until its cases or its time are used up,
 * counts, and names each failure in a way that runs again: a case is a number, or a name, from which all else follows.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ParseArgsConfig } from 'node:util';

export interface Proof {
  /** As in `npm run prove:NAME`. */
  readonly name: string;
  /** One sentence that is true if nothing fails. */
  readonly promise: string;
  /** What is counted, in the plural. */
  readonly unit: string;
  /** Its part of a full `npm run prove`, in seconds on two cores; it ends earlier once all cases are done. */
  readonly seconds: number;
  /** Cases that are tried where there is time; `--count` says otherwise. */
  readonly cases: number;
  readonly options?: NonNullable<ParseArgsConfig['options']>;
  run(trial: Trial): Promise<void>;
}

export interface Failure {
  readonly which: string;
  readonly text: string;
}

export interface Result {
  readonly name: string;
  readonly promise: string;
  readonly unit: string;
  readonly seed: number;
  readonly count: number;
  readonly failures: readonly Failure[];
  /** Figures worth keeping, such as the slowest case. */
  readonly notes: readonly string[];
  readonly seconds: number;
  /** The command that does it again. */
  readonly command: string;
}

export interface Limits {
  readonly seed: number;
  readonly seconds: number;
  readonly count: number;
  /** One case alone, to look at it. */
  readonly only?: string | undefined;
  /** Of the proof's own options. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly say?: (line: string) => void;
}

const shownFailures = 20;

export class Trial {
  readonly seed: number;
  /** Empty, and gone after a proof without failures. */
  readonly folder: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly wanted: number;
  readonly only: string | undefined;
  readonly deadline: number;
  readonly failures: Failure[] = [];
  readonly notes: string[] = [];
  readonly #name: string;
  readonly #say: (line: string) => void;
  #count = 0;
  #told = performance.now();

  constructor(proof: Proof, limits: Limits) {
    this.#name = proof.name;
    this.seed = limits.seed;
    this.values = limits.values ?? {};
    this.wanted = limits.count;
    this.only = limits.only;
    this.deadline = performance.now() + limits.seconds * 1000;
    this.#say = limits.say ?? (() => undefined);
    this.folder = mkdtempSync(path.join(tmpdir(), `netlathe-prove-${proof.name}-`));
  }

  get count(): number {
    return this.#count;
  }

  get isOver(): boolean {
    return performance.now() >= this.deadline;
  }

  /** Of an option of the proof's own. */
  text(name: string): string {
    return String(this.values[name]);
  }

  /** Numbers of cases, from the seed on, while there are any wanted and there is time. */
  *cases(most = this.wanted): Generator<number> {
    if (this.only !== undefined) {
      yield Number(this.only);
      return;
    }
    for (let i = 0; i < most && !this.isOver; i++) yield this.seed * 1_000_000 + i;
  }

  /** Named cases, all of them unless one is asked for or the time is up. */
  *named<T extends { readonly name: string }>(all: readonly T[]): Generator<T> {
    const wanted = all.slice(0, this.wanted);
    for (const [i, one] of wanted.entries()) {
      if (this.only !== undefined && this.only !== one.name) continue;
      if (this.isOver) {
        this.note(`${wanted.length - i} of ${wanted.length} not tried: the time was up`);
        return;
      }
      yield one;
    }
  }

  done(n = 1): void {
    this.#count += n;
    if (performance.now() - this.#told < 10_000) return;
    this.#told = performance.now();
    this.#say(`${this.#count} done, ${this.failures.length} failures`);
  }

  fail(which: string | number, text: string): void {
    this.failures.push({ which: String(which), text });
    if (this.failures.length > shownFailures) return;
    this.#say(`FAILED ${which}: ${text}`);
    this.#say(`  again: npm run prove:${this.#name} -- --only ${JSON.stringify(String(which))}`);
  }

  /** Counts a case; what it throws, or says, is its failure. */
  async check(
    which: string | number,
    work: () => Promise<string | undefined> | string | undefined,
  ): Promise<void> {
    try {
      const problem = await work();
      if (problem !== undefined) this.fail(which, problem);
    } catch (error) {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.fail(which, stack.split('\n').slice(0, 5).join(' | '));
    }
    this.done();
  }

  note(text: string): void {
    this.notes.push(text);
  }
}

/** Runs one proof in this process. A proof that tries nothing has failed. */
export async function prove(proof: Proof, limits: Limits): Promise<Result> {
  const trial = new Trial(proof, limits);
  const started = performance.now();
  try {
    await proof.run(trial);
  } catch (error) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    trial.fail('the proof itself', stack);
  }
  if (trial.count === 0) trial.fail('the proof itself', 'nothing was tried');
  // What a failure has left is there to be looked at.
  if (trial.failures.length === 0) rmSync(trial.folder, { recursive: true, force: true });
  else limits.say?.(`kept: ${trial.folder}`);
  return {
    name: proof.name,
    promise: proof.promise,
    unit: proof.unit,
    seed: limits.seed,
    count: trial.count,
    failures: trial.failures,
    notes: trial.notes,
    seconds: (performance.now() - started) / 1000,
    command: `npm run prove:${proof.name} -- --seed ${limits.seed}`,
  };
}

export function lineOf(result: Result): string {
  const { name, count, unit, failures, notes, seconds, seed } = result;
  const extra = notes.length > 0 ? `; ${notes.join('; ')}` : '';
  return `prove:${name}: ${count} ${unit}, ${failures.length} failures, ${seconds.toFixed(0)} s, seed ${seed}${extra}`;
}
