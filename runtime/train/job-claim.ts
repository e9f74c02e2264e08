/**
 * Who may train into a run folder that a suite has given to a cluster: `seed-0.job` beside `seed-0` names one job at a time,
 * and is changed only once the job before is over (cli/places/ray.ts).
 */

import { readFile } from 'node:fs/promises';
import { systemCode } from '../runtime-error.ts';

export const claimOn = (folder: string): string => `${folder}.job`;

/** The name of that job, if there is one. */
export async function claimantOf(folder: string): Promise<string | undefined> {
  try {
    const text = await readFile(claimOn(folder), 'utf8');
    return text.trim() || undefined;
  } catch (error) {
    // A folder of that name has nothing to do with jobs.
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'EISDIR') return undefined;
    throw error;
  }
}
