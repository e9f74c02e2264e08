/** A folder in which networks are trained by netlathe and by the projects it emits, and what is found there. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { exit, run } from '../../test/cli/run.ts';
import { interopPython, runPython } from '../interop/python.ts';

/** One thread, so that two workers have what one has; Ray as it must be on a machine that is busy. */
const environment = {
  OMP_NUM_THREADS: '1',
  RAY_worker_niceness: '0',
  RAY_USAGE_STATS_ENABLED: '0',
  RAY_AUTH_MODE: 'disabled',
};

/** Of metrics.jsonl, which netlathe and the project write alike. */
export interface Epoch {
  readonly train: { readonly loss: number };
  readonly validation: { readonly loss: number; readonly top1: number };
}

export class Workshop {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'netlathe-train-'));

  at(...names: readonly string[]): string {
    return path.join(this.#folder, ...names);
  }

  /** What it prints. */
  async netlathe(...argv: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run(argv);
    if (code !== exit.ok) throw new Error(`netlathe ${argv.join(' ')}: ${stderr}`);
    return stdout;
  }

  async python(project: string, ...args: readonly string[]): Promise<void> {
    const options = { cwd: this.at(project), env: environment };
    const { code } = await runPython(args, options);
    if (code !== 0) throw new Error(`python ${args.join(' ')} ends with exit code ${code}`);
  }

  /** For what is to be killed before it ends. */
  startPython(project: string, ...args: readonly string[]): ChildProcess {
    return spawn(interopPython(), args, {
      cwd: this.at(project),
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  epochs(...run: readonly string[]): readonly Epoch[] {
    const lines = readFileSync(this.at(...run, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n');
    return lines.map((line) => JSON.parse(line) as Epoch);
  }

  /** Of training and validation, epoch after epoch. */
  losses(...run: readonly string[]): readonly number[] {
    return this.epochs(...run).flatMap(({ train, validation }) => [train.loss, validation.loss]);
  }

  clear(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
