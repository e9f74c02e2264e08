/** Where trials run is chosen here and nowhere else: processes of this machine, or jobs of a Ray cluster (`--on`). */

import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseAddress } from '../../runtime/ray/address.ts';
import { RayJobs } from '../../runtime/ray/jobs.ts';
import type { Runner } from '../../runtime/suite/runner.ts';
import { type CommandIo, UsageError } from '../io.ts';
import { positiveInteger } from '../options.ts';
import { LocalRunner } from './local.ts';
import { RayRunner } from './ray.ts';
import type { TrialOptions } from './trial-command.ts';

/** As the command line has them. */
export interface PlaceFlags {
  readonly on?: string;
  readonly nodeCommand?: string;
  readonly jobs?: string;
  readonly threads?: string;
}

export interface PlaceOptions extends Omit<TrialOptions, 'threads' | 'data'> {
  readonly name: string;
  readonly out: string;
}

export interface Place {
  /** Paths as the trials need them: absolute where other machines read them. */
  readonly pathOf: (path: string) => string;
  readonly runner: (options: PlaceOptions, data: string, note: (text: string) => void) => Runner;
}

/** CPUs a trial asks a cluster for: small networks gain little from more, and more trials run side by side. */
const threadsOnCluster = 2;

export function placeOf(io: CommandIo, flags: PlaceFlags): Place {
  const jobs = positiveInteger('--jobs', flags.jobs);
  const threads = positiveInteger('--threads', flags.threads);
  if (flags.on !== undefined) return cluster(io, flags.on, { ...flags, jobs, threads });
  if (flags.nodeCommand !== undefined) {
    throw new UsageError('--node-command goes with --on', 'here netlathe calls itself');
  }
  const slots = jobs ?? 1;
  const each = Math.floor((threads ?? availableParallelism()) / slots);
  return {
    pathOf: (given) => given,
    runner: (options, data) =>
      new LocalRunner({ ...options, data, slots, threads: Math.max(1, Math.min(8, each)) }),
  };
}

function cluster(
  io: CommandIo,
  on: string,
  flags: {
    readonly jobs: number | undefined;
    readonly threads: number | undefined;
    readonly nodeCommand?: string;
  },
): Place {
  const address = parseAddress(on);
  if (!address.ok) throw new UsageError(`--on: ${address.message}`, address.hint);
  const jobs = new RayJobs(address.url, { token: io.env.RAY_AUTH_TOKEN });
  // One for the whole command: the nodes of a search are looked at once, not at every rung.
  let runner: RayRunner | undefined;
  return {
    pathOf: (given) => path.resolve(io.cwd, given),
    runner: (options, data, note) => {
      runner ??= new RayRunner({
        ...options,
        data,
        jobs,
        note,
        slots: flags.jobs ?? Number.POSITIVE_INFINITY,
        threads: flags.threads ?? threadsOnCluster,
        program: flags.nodeCommand ?? 'netlathe',
        cwd: io.cwd,
      });
      return runner;
    },
  };
}
