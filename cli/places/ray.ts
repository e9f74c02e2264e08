/**
 * Trials as jobs of a Ray cluster: each is `netlathe train` on a node, into its run folder on a disk that all share.
 *
 * What a trial has done is in its folder, so a job may be lost with its node: the next goes on from the checkpoint.
 * `seed-0.job` beside the folder names the one job that may train into it. A job that finds another name there does
 * nothing: jobs that wait for CPUs cannot be cancelled in Ray, and a suite that was killed leaves its jobs running.
 */

import { randomBytes } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { type JobInfo, quoted, RayError, type RayJobs } from '../../runtime/ray/jobs.ts';
import { systemCode } from '../../runtime/runtime-error.ts';
import type { Runner, TrialEnd, TrialRequest } from '../../runtime/suite/runner.ts';
import type { Trial } from '../../runtime/suite/trial.ts';
import { claimantOf, claimOn } from '../../runtime/train/job-claim.ts';
import { runFiles } from '../../runtime/train/run-folder.ts';
import { exit } from '../io.ts';
import { checkNodes } from './ray-check.ts';
import { follow, isOver, patiently, pausing } from './ray-follow.ts';
import { type TrialOptions, trainArguments } from './trial-command.ts';
import { EventReader, reasonIn } from './trial-events.ts';
import { withLog } from './trial-log.ts';

export interface RayPlaceOptions extends TrialOptions {
  readonly slots: number;
  readonly jobs: RayJobs;
  /** Of the suite: it leads the names of its jobs. */
  readonly name: string;
  readonly out: string;
  /** How a node calls netlathe: words for its shell. */
  readonly program: string;
  readonly cwd: string;
  /** A line for people. */
  readonly note: (text: string) => void;
}

/** What a job ends with that found another job's name in the trial's place. */
const superseded = 75;
/** Jobs in a row that may be lost without an epoch of progress. */
const mostLosses = 5;
/** Times in a row that Ray may find no CPUs (after 15 minutes each) while no other trial of ours has any. */
const mostQueues = 3;
/** Milliseconds that a job gets to save and stop. */
const grace = 20_000;

export class RayRunner implements Runner {
  readonly slots: number;
  readonly #options: RayPlaceOptions;
  #followed = 0;
  #running = 0;
  #checked = false;

  constructor(options: RayPlaceOptions) {
    this.slots = options.slots;
    this.#options = options;
  }

  /** Once: what holds for the first trials holds for later ones. */
  async ready(trials: readonly Trial[], signal: AbortSignal): Promise<void> {
    if (this.#checked) return;
    const { jobs, note, threads } = this.#options;
    // The check would wait for CPUs behind jobs of ours, which show already that the nodes can do it.
    const alive = await this.#alive(trials, signal);
    if (alive > 0) note(`jobs of an earlier command that go on at ${jobs.address}: ${alive}`);
    else {
      const version = await checkNodes({ ...this.#options, cpus: threads }, signal);
      if (version === undefined) return;
      note(`Ray ${version} at ${jobs.address}, ${threads} CPUs a trial`);
    }
    this.#checked = true;
  }

  /** How many trials have a job that an earlier suite left running, or waiting. */
  async #alive(trials: readonly Trial[], signal: AbortSignal): Promise<number> {
    let count = 0;
    for (const trial of trials) {
      const id = await claimantOf(trial.folder);
      if (id === undefined) continue;
      const info = await patiently(() => this.#options.jobs.info(id), signal);
      if (info === 'aborted') return count;
      if (info && !isOver(info) && this.#isOurs(trial, id, info)) count++;
    }
    return count;
  }

  async run(request: TrialRequest): Promise<TrialEnd> {
    this.#followed++;
    try {
      return await this.#whole(request);
    } catch (error) {
      if (!(error instanceof RayError)) throw error;
      // The job may well live on: with --resume it is found again.
      return { kind: 'failed', message: error.message, exitCode: exit.usage };
    } finally {
      this.#followed--;
    }
  }

  /** Job after job, until one comes to an end of its own. */
  async #whole(request: TrialRequest): Promise<TrialEnd> {
    const { trial, signal } = request;
    let losses = { count: 0, queued: 0, epoch: 0 };
    let id = await this.#left(trial, signal);
    // The job of an earlier suite may have begun, and been lost, since the folder was looked at.
    let resume = request.resume || (await hasCheckpoint(trial));
    for (;;) {
      if (signal.aborted) return this.#cancelled(trial, id, false);
      id ??= await this.#submit(trial, resume, signal);
      const outcome = await this.#one(request, id);
      if (outcome.kind !== 'lost') return outcome;
      if (outcome.epoch > losses.epoch) losses = { count: 0, queued: 0, epoch: outcome.epoch };
      losses[outcome.queued ? 'queued' : 'count']++;
      if (losses.count >= mostLosses || (losses.queued >= mostQueues && this.#running === 0)) {
        await rm(claimOf(trial), { force: true });
        const times = outcome.queued ? '' : `lost ${losses.count} times in a row: `;
        return { kind: 'failed', message: times + outcome.reason, exitCode: exit.usage };
      }
      resume = await hasCheckpoint(trial);
      const how = resume ? 'goes on from its checkpoint' : 'starts again';
      this.#options.note(`${trial.network.id} seed ${trial.seed}: ${outcome.reason}; ${how}`);
      id = undefined;
      await pausing(500 * 2 ** Math.max(0, losses.count - 1), signal);
    }
  }

  /** A job that an earlier suite left, if it does what this one would, or has just done it. */
  async #left(trial: Trial, signal: AbortSignal): Promise<string | undefined> {
    const id = await claimantOf(trial.folder);
    if (id === undefined) return undefined;
    const { jobs } = this.#options;
    const info = await patiently(() => jobs.info(id), signal);
    if (info === 'aborted' || !info) return undefined;
    const same = this.#isOurs(trial, id, info);
    if (isOver(info)) {
      const done = same && info.status === 'SUCCEEDED' && (await hasModel(trial));
      return done ? id : undefined;
    }
    if (same) return id;
    await rm(claimOf(trial), { force: true });
    await this.#stop(id);
    if (info.status === 'RUNNING') await follow(jobs, id, { signal, limit: grace });
    return undefined;
  }

  #isOurs(trial: Trial, id: string, { entrypoint }: JobInfo): boolean {
    return [true, false].some((resume) => this.#entrypoint(trial, id, resume) === entrypoint);
  }

  /** For a dashboard that is busy just now, more than once. */
  async #stop(id: string): Promise<void> {
    await patiently(() => this.#options.jobs.stop(id), AbortSignal.timeout(grace));
  }

  async #submit(trial: Trial, resume: boolean, signal: AbortSignal): Promise<string> {
    const { jobs, name, threads } = this.#options;
    const called = `netlathe-${name}-${trial.id}`.replace(/[^\w.-]+/g, '-').slice(0, 120);
    const id = `${called}-${randomBytes(4).toString('hex')}`;
    await writeFileAtomic(claimOf(trial), `${id}\n`);
    const entrypoint = this.#entrypoint(trial, id, resume);
    const metadata = { job_name: `${name} ${trial.id}`, netlathe: trial.folder };
    await patiently(() => jobs.submit({ id, entrypoint, cpus: threads, metadata }), signal);
    return id;
  }

  /** For the shell of a node. Paths that are not absolute count from where the suite was started, if the node has that. */
  #entrypoint(trial: Trial, id: string, resume: boolean): string {
    const { program, cwd } = this.#options;
    const words = trainArguments(trial, this.#options, resume).map(quoted).join(' ');
    return [
      `cd ${quoted(cwd)} 2>/dev/null`,
      `[ "$(cat ${quoted(claimOf(trial))})" = ${quoted(id)} ] || exit ${superseded}`,
      `${program} ${words} --quiet`,
    ].join('; ');
  }

  async #one({ trial, onProgress, signal }: TrialRequest, id: string): Promise<TrialEnd | Lost> {
    const reader = new EventReader(onProgress);
    const log = new Log((line) => reader.read(line));
    let begun = false;
    const onStatus = ({ status }: JobInfo) => {
      if (begun || status !== 'RUNNING') return;
      begun = true;
      this.#running++;
    };
    try {
      const info = await follow(this.#options.jobs, id, {
        signal,
        onStatus,
        onLog: (text) => log.take(text),
        company: () => this.#followed,
      });
      if (info === 'aborted') return await this.#cancelled(trial, id, begun);
      const end = await withLog(endOf(info, log, reader.epoch), trial, log.rest);
      if (end.kind !== 'lost') await rm(claimOf(trial), { force: true });
      return end;
    } finally {
      if (begun) this.#running--;
    }
  }

  /** Without its name in place a job that waits does nothing; one that runs is told to save and stop. */
  async #cancelled(trial: Trial, id: string | undefined, begun: boolean): Promise<TrialEnd> {
    if (id === undefined) return { kind: 'interrupted', begun };
    await rm(claimOf(trial), { force: true });
    await this.#stop(id);
    if (begun) {
      const never = new AbortController().signal;
      await follow(this.#options.jobs, id, {
        signal: never,
        limit: grace,
        company: () => this.#followed,
      });
    }
    return { kind: 'interrupted', begun };
  }
}

interface Lost {
  readonly kind: 'lost';
  readonly reason: string;
  /** It never began, since no node had CPUs for it. */
  readonly queued: boolean;
  readonly epoch: number;
}

/** What the end of a job says about its trial. Whatever was not netlathe's own decision counts as lost. */
function endOf(info: JobInfo | undefined, log: Log, epoch: number): TrialEnd | Lost {
  const lost = (reason: string, queued = false): Lost => ({ kind: 'lost', reason, queued, epoch });
  if (!info) return lost('the cluster does not know its job any more');
  if (info.status === 'SUCCEEDED') return { kind: 'finished' };
  if (info.status === 'STOPPED') return { kind: 'interrupted' };
  const { exitCode: code, errorType, message } = info;
  if (errorType === 'JOB_SUPERVISOR_ACTOR_START_TIMEOUT') {
    return lost('no node had enough free CPUs (--threads) until Ray gave up waiting', true);
  }
  if (code === undefined) {
    const node = /node has died|node was terminated|node_died/i.test(message);
    return lost(node ? 'its node was lost' : (message.split('\n')[0] ?? 'its job was lost'));
  }
  if (code === superseded) return lost('its job did not find its name in the shared folder');
  if (code === exit.interrupted || code === exit.terminated) return lost('its job was interrupted');
  if (code < 0 || code > 128) return lost(`its process was killed (exit code ${code})`);
  const reason = reasonIn(log.rest);
  // The process of the job before may not be gone yet.
  if (reason?.endsWith('(E543)')) return lost(reason);
  return { kind: 'failed', message: reason ?? `its job ended with ${code}`, exitCode: code };
}

/** A log that is read again and again from its beginning. */
class Log {
  /** Whatever is not an event: complaints, and what Ray says itself. */
  rest = '';
  #taken = 0;
  readonly #onEvent: (line: string) => void;

  constructor(onEvent: (line: string) => void) {
    this.#onEvent = onEvent;
  }

  take(text: string): void {
    const end = text.lastIndexOf('\n') + 1;
    const lines = text.slice(this.#taken, end).split('\n').slice(0, -1);
    this.#taken = Math.max(this.#taken, end);
    for (const line of lines) {
      if (line.startsWith('{')) this.#onEvent(line);
      else this.rest += `${line}\n`;
    }
  }
}

const claimOf = ({ folder }: Trial): string => claimOn(folder);

const hasCheckpoint = (trial: Trial) => exists(path.join(trial.folder, runFiles.checkpoint));

/** What a run writes last. */
const hasModel = (trial: Trial) => exists(path.join(trial.folder, runFiles.model, 'model.json'));

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
