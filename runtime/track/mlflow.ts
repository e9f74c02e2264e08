/**
 * A run in MLflow. Nothing here makes training wait: figures are put in line and sent while it goes on. What could not be
 * sent is kept and sent with the next epoch, at the end, or by --resume; how far that got stands in mlflow.json.
 */

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { writeFileAtomic } from '../files/atomic-write.ts';
import type { EpochMetrics, RunRecord } from '../report/records.ts';
import { reasonOf, systemCode } from '../runtime-error.ts';
import type { RunResult } from '../train/run.ts';
import {
  MlflowClient,
  MlflowError,
  type MlflowMetric,
  type MlflowRun,
  type MlflowServer,
  mlflowLimits,
} from './mlflow-client.ts';
import { metricsOf, paramsOf, statuses, tagsOf } from './mlflow-fields.ts';
import type { RunReporter } from './reporter.ts';

export interface MlflowOptions {
  readonly server: MlflowServer;
  readonly experiment: string;
  /** Of the run; what it is called in MLflow is the folder's name. */
  readonly folder: string;
  readonly resumed: boolean;
  /** Files of the folder that are sent at the end, where the server takes files. */
  readonly artifacts: readonly string[];
  readonly notices: Notices;
  /** Seconds that the end of a run waits for the server at most, and after Ctrl-C; 20 and 5 if left out. */
  readonly patience?: { readonly end: number; readonly interrupted: number };
}

export interface Notices {
  warning(text: string): void;
  note(text: string): void;
}

/** mlflow.json */
interface State {
  readonly version: 1;
  readonly server: string;
  readonly experiment: string;
  /** A tag of the run, by which it is found where the answer to its creation was lost. */
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly startTime: number;
  readonly run?: MlflowRun;
  readonly experimentId?: string;
  readonly paramsSent: boolean;
  /** Epochs that MLflow has. */
  readonly sent: number;
}

const tokenTag = 'netlathe.token';

export class MlflowReporter implements RunReporter {
  readonly #options: MlflowOptions;
  readonly #client: MlflowClient;
  readonly #abort = new AbortController();
  readonly #file: string;
  #state: State | undefined;
  #record: RunRecord | undefined;
  /** All of the run, sent or not. */
  #epochs: EpochMetrics[] = [];
  #sending: Promise<void> | undefined;
  /** Why the last attempt failed. */
  #trouble: MlflowError | undefined;
  #warned = false;
  /** Whether this process has made or taken up the run. */
  #opened = false;

  constructor(options: MlflowOptions) {
    this.#options = options;
    this.#client = new MlflowClient(options.server, this.#abort.signal);
    this.#file = path.join(options.folder, 'mlflow.json');
  }

  async onBegin(record: RunRecord, epochs: readonly EpochMetrics[]): Promise<void> {
    this.#record = record;
    this.#epochs = [...epochs];
    this.#state = (await this.#stateBefore()) ?? {
      ...{ version: 1, server: this.#options.server.url, experiment: this.#options.experiment },
      ...{
        token: randomUUID(),
        startTime: Date.parse(record.startedAt),
        paramsSent: false,
        sent: 0,
      },
    };
    await this.#save({});
    this.#send();
  }

  onEpoch(metrics: EpochMetrics): void {
    this.#epochs.push(metrics);
    this.#send();
  }

  async onEnd(record: RunRecord, result: RunResult | undefined): Promise<void> {
    // Another reporter failed before this one was told of the run.
    if (!this.#state) return;
    const { patience = { end: 20, interrupted: 5 } } = this.#options;
    const seconds = record.status === 'interrupted' ? patience.interrupted : patience.end;
    const over = new AbortController();
    const late = wait(seconds * 1000, 'late', { signal: over.signal }).catch(() => 'ended');
    const ending = this.#end(record, result);
    const how = await Promise.race([ending, late]);
    over.abort();
    if (how === 'late') {
      this.#trouble ??= new MlflowError(`no answer within ${seconds} s`, false);
      this.#abort.abort();
      await ending;
    }
    if (this.#trouble) this.#sayWhatIsMissing(this.#trouble);
    else this.#options.notices.note(this.#address());
  }

  async #stateBefore(): Promise<State | undefined> {
    if (!this.#options.resumed) return undefined;
    const state = await readState(this.#file);
    const { server, experiment } = this.#options;
    const same = state?.server === server.url && state.experiment === experiment;
    return same ? state : undefined;
  }

  async #save(change: Partial<State>): Promise<void> {
    this.#state = { ...(this.#state as State), ...change };
    await writeFileAtomic(this.#file, `${JSON.stringify(this.#state, null, 2)}\n`);
  }

  /** At most once at a time; whoever comes meanwhile is served by the one that runs. */
  #send(): void {
    // What the server has refused it will refuse again.
    if (this.#sending || this.#trouble?.refused) return;
    this.#sending = this.#attempt(() => this.#sendAll()).finally(() => {
      this.#sending = undefined;
    });
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      if (this.#trouble) this.#options.notices.note('MLflow answers again: nothing is missing');
      this.#trouble = undefined;
    } catch (error) {
      // That its end was not waited for says less than why.
      if (this.#abort.signal.aborted) return;
      this.#trouble = error instanceof MlflowError ? error : new MlflowError(reasonOf(error), true);
      if (this.#warned) return;
      this.#warned = true;
      const { message, refused } = this.#trouble;
      const then = refused
        ? 'nothing more is sent'
        : 'what is not sent is kept until it answers again';
      this.#options.notices.warning(
        `MLflow at ${this.#options.server.url}: ${message}. The training goes on; ${then}`,
      );
    }
  }

  async #sendAll(): Promise<void> {
    const { runId } = await this.#run();
    await this.#sendParams(runId);
    // What comes in while this waits for the server is sent as well.
    for (;;) {
      const { sent, startTime } = this.#state as State;
      if (sent >= this.#epochs.length) return;
      const metrics: MlflowMetric[] = [];
      let next = sent;
      for (; next < this.#epochs.length; next++) {
        const more = metricsOf(this.#epochs[next] as EpochMetrics, startTime);
        if (metrics.length + more.length > mlflowLimits.metrics) break;
        metrics.push(...more);
      }
      await this.#client.log(runId, { metrics });
      await this.#save({ sent: next });
    }
  }

  /** Made once, and taken up again by whoever goes on with it. */
  async #run(): Promise<MlflowRun> {
    const { run, token, startTime } = this.#state as State;
    if (run) {
      if (this.#opened) return run;
      await this.#client.setStatus(run.runId, 'RUNNING');
      this.#opened = true;
      return run;
    }
    const experiment = await this.#client.experiment(this.#options.experiment);
    const tag = { key: tokenTag, value: token };
    const made =
      (await this.#client.findRun(experiment, tag)) ??
      (await this.#client.createRun({
        experiment,
        name: path.basename(this.#options.folder),
        startTime,
        tags: [...tagsOf(this.#record as RunRecord), tag],
      }));
    this.#opened = true;
    await this.#save({ run: made, experimentId: experiment });
    return made;
  }

  /** Once a run: MLflow refuses to change them. */
  async #sendParams(runId: string): Promise<void> {
    if (this.#state?.paramsSent) return;
    const params = paramsOf(this.#record as RunRecord);
    for (let first = 0; first < params.length; first += mlflowLimits.params) {
      await this.#client.log(runId, { params: params.slice(first, first + mlflowLimits.params) });
    }
    await this.#save({ paramsSent: true });
  }

  async #end(record: RunRecord, result: RunResult | undefined): Promise<void> {
    await this.#sending;
    if (this.#trouble?.refused) return;
    await this.#attempt(async () => {
      await this.#sendAll();
      const run = this.#state?.run as MlflowRun;
      const now = Date.now();
      if (result?.best) {
        const { epoch, top1 } = result.best;
        const best = { key: 'accuracy/best', value: top1, timestamp: now, step: epoch };
        if (record.status !== 'interrupted') await this.#client.log(run.runId, { metrics: [best] });
      }
      // Before the files, which may take longer than there is time.
      await this.#client.setStatus(run.runId, statuses[record.status], now);
      if (record.status !== 'interrupted') await this.#upload(run);
    });
  }

  async #upload(run: MlflowRun): Promise<void> {
    for (const name of this.#options.artifacts) {
      const bytes = await readOptional(path.join(this.#options.folder, name));
      if (bytes && !(await this.#client.upload(run, name, bytes))) {
        this.#options.notices.note(
          `MLflow keeps files at ${run.artifactUri}, out of reach: they stay in ${this.#options.folder}`,
        );
        return;
      }
    }
  }

  #address(): string {
    const { run, experimentId, server } = this.#state as State;
    return `this run in MLflow: ${server}/#/experiments/${experimentId}/runs/${run?.runId}`;
  }

  #sayWhatIsMissing({ message, refused }: MlflowError): void {
    const { sent } = this.#state as State;
    const epochs = this.#epochs.length;
    const what =
      sent < epochs
        ? `${sent + 1 === epochs ? `epoch ${epochs}` : `epochs ${sent + 1} to ${epochs}`} and the end of the run`
        : 'the end of the run or its files';
    const then = refused
      ? 'all figures are in metrics.jsonl'
      : 'the same command with --resume sends it';
    this.#options.notices.warning(
      `MLflow at ${this.#options.server.url} does not have ${what} (${message}); ${then}`,
    );
  }
}

async function readState(file: string): Promise<State | undefined> {
  const text = await readOptional(file);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(text));
    return isState(value) ? value : undefined;
  } catch {
    // Not ours, or damaged: the run begins anew in MLflow, and loses nothing.
    return undefined;
  }
}

function isState(value: unknown): value is State {
  if (typeof value !== 'object' || value === null) return false;
  const { version, server, experiment, token, startTime, paramsSent, sent, run } =
    value as Readonly<Record<string, unknown>>;
  const known = run as Partial<MlflowRun> | undefined;
  return (
    version === 1 &&
    [server, experiment, token].every((text) => typeof text === 'string') &&
    Number.isFinite(startTime) &&
    typeof paramsSent === 'boolean' &&
    Number.isSafeInteger(sent) &&
    (known === undefined ||
      (typeof known?.runId === 'string' && typeof known.artifactUri === 'string'))
  );
}

async function readOptional(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
