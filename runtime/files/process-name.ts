/** A process by its machine, its number and its start, since numbers are given out again. */

import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { systemCode } from '../runtime-error.ts';

export interface ProcessName {
  readonly pid: number;
  /** In ticks since the system started; 0 where the system does not say. */
  readonly started: number;
  /** The name of its machine or container. */
  readonly host: string;
}

let own: Promise<ProcessName> | undefined;

export function thisProcess(): Promise<ProcessName> {
  own ??= startOf(process.pid).then((started) => ({
    ...{ pid: process.pid, started: started ?? 0, host: hostname() || 'localhost' },
  }));
  return own;
}

/** For a process of this machine. Where starts are not known, a number in use counts as the process. */
export async function isAlive({ pid, started }: Omit<ProcessName, 'host'>): Promise<boolean> {
  if (!isRunning(pid)) return false;
  const now = await startOf(pid);
  return now === undefined || started === 0 || now === started;
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/** Linux alone tells. The name of the program, in brackets, may hold anything; the start is the 20th field behind it. */
async function startOf(pid: number): Promise<number | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const started = Number(fields[19]);
    return Number.isSafeInteger(started) ? started : undefined;
  } catch {
    return undefined;
  }
}
