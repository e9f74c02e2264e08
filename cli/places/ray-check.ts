/** Whether the nodes of a cluster can run trials at all: one small job finds out before the first trial. */

import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomic } from '../../runtime/files/atomic-write.ts';
import { type JobInfo, quoted, type RayJobs } from '../../runtime/ray/jobs.ts';
import { SuiteError } from '../../runtime/suite/suite-error.ts';
import { packageVersion } from '../package.ts';
import { follow, patiently } from './ray-follow.ts';

export interface CheckOptions {
  readonly jobs: RayJobs;
  /** How a node calls netlathe: words for its shell. */
  readonly program: string;
  readonly out: string;
  readonly data: string;
  readonly cpus: number;
  readonly note: (text: string) => void;
}

/** Codes of the check's own, out of the way of those of shells and of netlathe. */
const codes = { program: 81, sees: 82, writes: 83, data: 84 } as const;

/** Milliseconds after which the wait for a free node is worth a word. */
const worthTelling = 20_000;

/** Throws where trials could not run; gives the version of Ray, or `undefined` where the signal came first. */
export async function checkNodes(
  options: CheckOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { jobs, out } = options;
  const version = await jobs.version();
  const token = randomBytes(12).toString('hex');
  const file = path.join(out, `.on-ray-${token}`);
  await writeFileAtomic(file, `${token}\n`);
  try {
    const id = `netlathe-check-${token}`;
    const request = { id, entrypoint: script(options, file, token), cpus: options.cpus };
    await patiently(() => jobs.submit({ ...request, metadata: {} }), signal);
    const info = await ended(options, id, signal);
    if (info === 'aborted') return undefined;
    judge(options, info.info, info.log);
    return version;
  } finally {
    await rm(file, { force: true });
    await rm(`${file}.seen`, { force: true });
  }
}

function script({ program, out, data }: CheckOptions, file: string, token: string): string {
  return [
    `v=$(${program} --version) || exit ${codes.program}`,
    'echo "netlathe version: $v"',
    `[ "$(cat ${quoted(file)})" = ${token} ] || exit ${codes.sees}`,
    `( : > ${quoted(`${file}.seen`)} ) || { ls -ld ${quoted(out)}; exit ${codes.writes}; }`,
    `[ -r ${quoted(data)} ] || exit ${codes.data}`,
  ].join('; ');
}

async function ended(
  { jobs, cpus, note }: CheckOptions,
  id: string,
  signal: AbortSignal,
): Promise<{ readonly info: JobInfo | undefined; readonly log: string } | 'aborted'> {
  let log = '';
  const since = performance.now();
  let told = false;
  const info = await follow(jobs, id, {
    signal,
    onLog: (text) => {
      log = text;
    },
    onStatus: ({ status }) => {
      if (told || status !== 'PENDING' || performance.now() - since < worthTelling) return;
      told = true;
      note(`waiting for a node with ${cpus} free CPUs (--threads)`);
    },
  });
  if (info !== 'aborted') return { info, log };
  await jobs.stop(id);
  return 'aborted';
}

interface Complaint {
  readonly message: string;
  readonly hint: string;
  readonly path?: string;
}

function judge(options: CheckOptions, info: JobInfo | undefined, log: string): void {
  const complaint = complaintOf(options, info, log);
  if (!complaint) return;
  const said = log.split('\n').filter((line) => line !== '' && !/^\d{4}-|^Running /.test(line));
  throw new SuiteError({ code: 'E955', ...complaint, notes: said.slice(-4) });
}

function complaintOf(
  { jobs, cpus, ...options }: CheckOptions,
  info: JobInfo | undefined,
  log: string,
): Complaint | undefined {
  if (!info) {
    return { message: 'the cluster lost the job that looks at its nodes', hint: 'try again' };
  }
  if (info.errorType === 'JOB_SUPERVISOR_ACTOR_START_TIMEOUT') {
    return {
      message: `no node of the cluster has had ${cpus} free CPUs`,
      hint: `lower --threads, or look at 'ray status' on ${jobs.address}`,
    };
  }
  if (info.exitCode !== 0) return failure(options, info);
  const own = packageVersion();
  const there = /^netlathe version: .*?(\d+\.\d+\S*)/m.exec(log)?.[1];
  // A node that was lost right after has taken the log along: it did all that was asked.
  if (there === own || log === '') return undefined;
  return {
    message: `a node of the cluster has netlathe ${there ?? 'of an unknown version'}, this machine ${own}`,
    hint: 'numbers would not be comparable: install the same version on all',
  };
}

function failure(
  { program, out, data }: Pick<CheckOptions, 'program' | 'out' | 'data'>,
  { exitCode, message }: JobInfo,
): Complaint {
  switch (exitCode) {
    case codes.program:
      return {
        message: `a node of the cluster cannot run "${program}"`,
        hint: "install netlathe on the nodes, or say how they call it: --node-command 'node /shared/netlathe/dist/cli/bin.js'",
      };
    case codes.sees:
      return {
        message: 'a node of the cluster does not see the folder of the runs',
        hint: 'name an --out on a folder that this machine and all nodes share, at the same path',
        path: out,
      };
    case codes.writes:
      return {
        message: 'a node of the cluster cannot write to the folder of the runs',
        hint: 'let the user that Ray runs as write to it',
        path: out,
      };
    case codes.data:
      return {
        message: 'a node of the cluster does not see the photos',
        hint: 'put them on a folder that all nodes share, and name it with --data',
        path: data,
      };
    default:
      return {
        message: `the check of the nodes failed: ${message.split('\n')[0]}`,
        hint: 'try again; the dashboard shows its log',
      };
  }
}
