/** Trials as processes of this machine: each is `netlathe train` with its own run folder. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { firstFew, plural } from '../../runtime/data/data-error.ts';
import type { Runner, TrialEnd, TrialProgress, TrialRequest } from '../../runtime/suite/runner.ts';
import { isTrainedHere } from '../../runtime/suite/state.ts';
import { SuiteError } from '../../runtime/suite/suite-error.ts';
import type { Trial } from '../../runtime/suite/trial.ts';
import { claimantOf, claimOn } from '../../runtime/train/job-claim.ts';
import { exit } from '../io.ts';
import { packageRoot } from '../package.ts';
import { type TrialOptions, trainArguments } from './trial-command.ts';
import { EventReader, reasonIn } from './trial-events.ts';
import { withLog } from './trial-log.ts';

export interface LocalOptions extends TrialOptions {
  readonly slots: number;
}

/** Seconds to wait for a process that is saving what a killed suite left behind. */
const patience = 30;

export class LocalRunner implements Runner {
  readonly slots: number;
  readonly #options: LocalOptions;

  constructor(options: LocalOptions) {
    this.slots = options.slots;
    this.#options = options;
  }

  /** This machine needs no asking. But jobs of a cluster may go on, or begin when it has CPUs again. */
  async ready(trials: readonly Trial[]): Promise<void> {
    const jobs = await Promise.all(
      trials.map(async ({ folder }) => ({ file: claimOn(folder), job: await claimantOf(folder) })),
    );
    const claims = jobs.flatMap(({ file, job }) => (job === undefined ? [] : [`${file}: ${job}`]));
    if (claims.length === 0) return;
    throw new SuiteError({
      code: 'E957',
      message: `${plural(claims.length, 'trial')} ${claims.length === 1 ? 'belongs' : 'belong'} to a Ray cluster`,
      notes: firstFew(claims, 5),
      hint: 'go on there: --on ADDRESS --resume; if the cluster is gone, or the jobs are over, remove these files',
    });
  }

  async run({ trial, resume, onProgress, signal }: TrialRequest): Promise<TrialEnd> {
    await released(trial, signal);
    if (signal.aborted) return { kind: 'interrupted' };
    const child = spawn(
      process.execPath,
      [...program(), ...trainArguments(trial, this.#options, resume)],
      {
        // The channel's end tells the trial that its suite is gone: it saves and stops.
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        // Ctrl-C is for the suite, which passes it on once.
        detached: process.platform !== 'win32',
        windowsHide: true,
      },
    );
    const stop = () => child.connected && child.disconnect();
    signal.addEventListener('abort', stop);
    try {
      return await ended(child, trial, onProgress);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}

/** The command line itself, built or from the sources. */
function program(): readonly string[] {
  if (!import.meta.url.endsWith('.ts')) return [path.join(packageRoot(), 'dist/cli/bin.js')];
  const tsx = createRequire(import.meta.url).resolve('tsx');
  return ['--import', tsx, path.join(packageRoot(), 'cli/bin.ts')];
}

/** A trial of a suite that was killed a moment ago may still be saving. */
async function released(trial: Trial, signal: AbortSignal): Promise<void> {
  const until = performance.now() + patience * 1000;
  while ((await isTrainedHere(trial)) && performance.now() < until && !signal.aborted) {
    await wait(50);
  }
}

async function ended(
  child: ChildProcess,
  trial: Trial,
  onProgress: (progress: TrialProgress) => void,
): Promise<TrialEnd> {
  const reader = new EventReader(onProgress);
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', (line) => reader.read(line));
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await codeOf(child);
  return withLog(endOf(code, stderr), trial, stderr);
}

function endOf(code: number | string, stderr: string): TrialEnd {
  if (code === exit.ok) return { kind: 'finished' };
  if (code === exit.interrupted || code === 'SIGINT') return { kind: 'interrupted' };
  const exitCode = typeof code === 'number' ? code : exit.bug;
  const message = reasonIn(stderr) ?? `the process ended with ${code}`;
  return { kind: 'failed', message, exitCode };
}

/** Not by the event `close`, which Node 20 leaves out where the channel was closed from this side. */
async function codeOf(child: ChildProcess): Promise<number | string> {
  const exited = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, killedBy) => resolve(status ?? killedBy ?? 'unknown'));
  });
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  const [code] = await Promise.all([exited, ...streams.map((stream) => finished(stream))]);
  return code;
}
