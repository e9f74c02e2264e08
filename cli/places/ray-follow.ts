/** Follows a job to its end by asking again and again, patient with a dashboard that is busy or away for a while. */

import { setTimeout as wait } from 'node:timers/promises';
import { type JobInfo, RayError, type RayJobs } from '../../runtime/ray/jobs.ts';

export interface FollowOptions {
  /** The log from its beginning, each time there is more of it. */
  readonly onLog?: ((log: string) => void) | undefined;
  readonly onStatus?: ((info: JobInfo) => void) | undefined;
  readonly signal: AbortSignal;
  /** How many jobs are followed at this time: the more, the less often each is asked for. */
  readonly company?: () => number;
  /** Milliseconds after which it is given up where it is. */
  readonly limit?: number;
}

/** Milliseconds without any answer after which the cluster counts as gone. */
const patience = 5 * 60_000;
/** Milliseconds between two questions about one job, at most; a hundred jobs are 50 questions a second. */
const [shortest, longest, each] = [150, 10_000, 20];

/** `undefined`: the cluster does not know the job. `aborted`: the signal, or the limit, came first. */
export async function follow(
  jobs: RayJobs,
  id: string,
  { onLog, onStatus, signal, company = () => 1, limit = Number.POSITIVE_INFINITY }: FollowOptions,
): Promise<JobInfo | undefined | 'aborted'> {
  const until = performance.now() + limit;
  let pause = shortest;
  let status: JobInfo['status'] | undefined;
  while (!signal.aborted && performance.now() < until) {
    const info = await patiently(() => jobs.info(id), signal);
    if (info === 'aborted' || info === undefined) return info;
    if (info.status !== status) pause = shortest;
    status = info.status;
    onStatus?.(info);
    if (status !== 'PENDING' && onLog) {
      const log = await patiently(() => jobs.log(id), signal);
      // A node that was lost has taken its log along; the run's own files are on the shared folder.
      if (log !== undefined && log !== 'aborted') onLog(log);
    }
    if (isOver(info)) return info;
    await pausing(pause, signal);
    pause = Math.min(pause * 1.3, Math.min(longest, Math.max(1000, each * company())));
  }
  return 'aborted';
}

export const isOver = ({ status }: JobInfo): boolean =>
  status !== 'PENDING' && status !== 'RUNNING';

/** Asks again where nobody answered; what is refused for good is thrown at once. */
export async function patiently<T>(
  ask: () => Promise<T>,
  signal: AbortSignal,
): Promise<T | 'aborted'> {
  const since = performance.now();
  for (let pause = 250; ; pause = Math.min(2 * pause, longest)) {
    try {
      return await ask();
    } catch (error) {
      const lasting = performance.now() - since > patience;
      if (!(error instanceof RayError) || error.permanent || lasting) throw error;
      if (signal.aborted) return 'aborted';
      await pausing(pause, signal);
    }
  }
}

/** Ends early where the signal is aborted. */
export async function pausing(milliseconds: number, signal: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal }).catch(() => undefined);
}
