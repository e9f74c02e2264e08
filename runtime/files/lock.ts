/**
 * A lock file that names its process. Of any number of processes that want it at once, one has it, also where a killed
 * one has left it behind: who takes it over from the dead must first make a file of the dead one's name, which only one
 * can, and then find the lock as it was.
 */

import { link, open, readFile, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { systemCode } from '../runtime-error.ts';
import { temporaryFor } from './atomic-write.ts';
import { isAlive, type ProcessName, thisProcess } from './process-name.ts';
import { writeError } from './write-error.ts';

export interface Lock {
  release(): Promise<void>;
}

/** Those of this process: one that is not among them was left by a run that broke off. */
const held = new Set<string>();

/** Far more than any number of processes that come at once. */
const mostAttempts = 200;
/** Where a lock says nothing, its process may be about to write it; after so many attempts it is taken for dead. */
const patience = 20;

/** The lock, or the process that has it. */
export async function takeLock(file: string): Promise<Lock | ProcessName> {
  try {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const outcome = await attemptLock(file, attempt);
      if (outcome === 'taken') return { release: () => release(file) };
      if (outcome !== 'again') return outcome;
      await wait(1 + Math.random() * 10);
    }
  } catch (error) {
    throw writeError(file, error);
  }
  throw writeError(file, new Error('the lock changes hands all the time'));
}

/** Whoever has the lock at this moment, without wanting it. */
export async function lockOwner(file: string): Promise<ProcessName | undefined> {
  const owner = parse((await textOf(file)) ?? '');
  return owner && (await isHolding(owner, file)) ? owner : undefined;
}

type Outcome = 'taken' | 'again' | ProcessName;

async function attemptLock(file: string, attempt: number): Promise<Outcome> {
  if (await create(file)) {
    held.add(file);
    return 'taken';
  }
  const text = await textOf(file);
  if (text === undefined) return 'again';
  const owner = parse(text);
  if (!owner && attempt < patience) return 'again';
  if (owner && (await isHolding(owner, file))) return owner;
  return takeOver(file, text, owner, attempt);
}

/** The claim is a lock like any other: whoever died over it is followed by one process, again. */
async function takeOver(
  file: string,
  text: string,
  owner: ProcessName | undefined,
  attempt: number,
): Promise<Outcome> {
  const claim = claimOn(file, owner);
  const claimed = await attemptLock(claim, attempt);
  if (claimed !== 'taken') return claimed;
  try {
    // Only who has the claim changes a lock of the dead; it may have been done, and the claim given up, since.
    if ((await textOf(file)) !== text) return 'again';
    await rename(await writeTemporary(file), file);
    held.add(file);
    return 'taken';
  } finally {
    await release(claim);
  }
}

async function isHolding(owner: ProcessName, file: string): Promise<boolean> {
  const own = await thisProcess();
  if (owner.pid === own.pid && owner.started === own.started) return held.has(file);
  return isAlive(owner);
}

/** Looks like a temporary file of the dead process, so that whoever sweeps those takes it along. */
function claimOn(file: string, owner: ProcessName | undefined): string {
  const { pid = 0, started = 0 } = owner ?? {};
  return path.join(path.dirname(file), `.${path.basename(file)}.${pid}-${started}.tmp`);
}

/** With its contents from the first instant: a link to a file that is complete. False where there is one already. */
async function create(file: string): Promise<boolean> {
  const temporary = await writeTemporary(file);
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    if (!noLinks.has(systemCode(error))) throw error;
    return await createPlain(file);
  } finally {
    await remove(temporary);
  }
}

/** What file systems without hard links answer. */
const noLinks: ReadonlySet<string | null> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** For an instant such a lock is empty. */
async function createPlain(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(await ownText()).finally(() => handle.close());
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function writeTemporary(file: string): Promise<string> {
  const temporary = temporaryFor(file);
  await remove(temporary);
  const handle = await open(temporary, 'wx');
  await handle.writeFile(await ownText()).finally(() => handle.close());
  return temporary;
}

async function ownText(): Promise<string> {
  const { pid, started } = await thisProcess();
  return `${pid} ${started}\n`;
}

function parse(text: string): ProcessName | undefined {
  const [, pid, started] = /^(\d+)(?: (\d+))?\n$/.exec(text) ?? [];
  return pid === undefined ? undefined : { pid: Number(pid), started: Number(started ?? 0) };
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function release(file: string): Promise<void> {
  if (!held.delete(file)) return;
  await remove(file);
}

async function remove(file: string): Promise<void> {
  await unlink(file).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}
