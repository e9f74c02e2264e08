/**
 * A lock file that names its process and its machine. Of any number of processes that want it at once, one has it, also
 * where a killed one has left it behind: who takes it over from the dead must first make a file of the dead one's name,
 * which only one can, and then find the lock as it was. Nobody can see whether a process of another machine lives: it counts as alive,
 * unless somebody who knows gives turns.
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

export interface LockOwner extends ProcessName {
  /** What it holds. Whoever knows that the process is gone may remove this file. */
  readonly file: string;
}

/** One of several that come one after the other: the next has its turn only once the one before is over. */
export type Turn = string | undefined;

/** Those of this process: one that is not among them was left by a run that broke off. */
const held = new Set<string>();

/** Far more than any number of processes that come at once. */
const mostAttempts = 200;
/** Where a lock says nothing, its process may be about to write it; after so many attempts it is taken for dead. */
const patience = 20;

/** The lock, or the process that has it. */
export async function takeLock(file: string, turn?: Turn): Promise<Lock | LockOwner> {
  try {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const outcome = await attemptLock({ file, turn }, attempt);
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
export async function lockOwner(file: string): Promise<LockOwner | undefined> {
  const owner = await parse((await textOf(file)) ?? '');
  return owner && (await isHolding(owner, { file, turn: undefined }))
    ? { ...owner, file }
    : undefined;
}

type Outcome = 'taken' | 'again' | LockOwner;

interface Wanted {
  readonly file: string;
  readonly turn: Turn;
}

/** What a lock file says. */
interface Written extends ProcessName {
  readonly turn: Turn;
}

async function attemptLock(wanted: Wanted, attempt: number): Promise<Outcome> {
  const { file, turn } = wanted;
  if (await create(wanted)) {
    held.add(file);
    return 'taken';
  }
  const text = await textOf(file);
  if (text === undefined) return 'again';
  const owner = await parse(text);
  if (!owner && attempt < patience) return 'again';
  if (owner && (await isHolding(owner, wanted))) return { ...owner, file };
  return takeOver({ file, turn }, text, owner, attempt);
}

/** The claim is a lock like any other: whoever died over it is followed by one process, again. */
async function takeOver(
  { file, turn }: Wanted,
  text: string,
  owner: ProcessName | undefined,
  attempt: number,
): Promise<Outcome> {
  const claim = claimOn(file, owner);
  const claimed = await attemptLock({ file: claim, turn }, attempt);
  if (claimed !== 'taken') return claimed;
  try {
    // Only who has the claim changes a lock of the dead; it may have been done, and the claim given up, since.
    if ((await textOf(file)) !== text) return 'again';
    await rename(await writeTemporary({ file, turn }), file);
    held.add(file);
    return 'taken';
  } finally {
    await release(claim);
  }
}

async function isHolding(owner: Written, { file, turn }: Wanted): Promise<boolean> {
  const own = await thisProcess();
  if (owner.host !== own.host) {
    const isOver = turn !== undefined && owner.turn !== undefined && owner.turn !== turn;
    return !isOver;
  }
  if (owner.pid === own.pid && owner.started === own.started) return held.has(file);
  return isAlive(owner);
}

/** Looks like a temporary file of the dead process, so that whoever sweeps those takes it along. */
function claimOn(file: string, owner: ProcessName | undefined): string {
  const { pid = 0, started = 0 } = owner ?? {};
  return path.join(path.dirname(file), `.${path.basename(file)}.${pid}-${started}.tmp`);
}

/** With its contents from the first instant: a link to a file that is complete. False where there is one already. */
async function create(wanted: Wanted): Promise<boolean> {
  const { file } = wanted;
  const temporary = await writeTemporary(wanted);
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    // Gone: whoever has the lock has swept its folder, and cannot see that this process lives on another machine.
    if (systemCode(error) === 'EEXIST' || systemCode(error) === 'ENOENT') return false;
    if (!noLinks.has(systemCode(error))) throw error;
    return await createPlain(wanted);
  } finally {
    await remove(temporary);
  }
}

/** What file systems without hard links answer. */
const noLinks: ReadonlySet<string | null> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** For an instant such a lock is empty. */
async function createPlain({ file, turn }: Wanted): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(await ownText(turn)).finally(() => handle.close());
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function writeTemporary({ file, turn }: Wanted): Promise<string> {
  const temporary = temporaryFor(file);
  await remove(temporary);
  const handle = await open(temporary, 'wx');
  await handle.writeFile(await ownText(turn)).finally(() => handle.close());
  return temporary;
}

async function ownText(turn: Turn): Promise<string> {
  const { pid, started, host } = await thisProcess();
  const words = [pid, started, host, ...(turn === undefined ? [] : [turn])];
  return `${words.map(encodeURIComponent).join(' ')}\n`;
}

/** Without a machine it is of this one. */
async function parse(text: string): Promise<Written | undefined> {
  const words = /^(\d+)(?: (\d+)(?: ([\w.!~*'()%-]+)(?: ([\w.!~*'()%-]+))?)?)?\n$/.exec(text);
  if (!words) return undefined;
  const [, pid, started = '0', host, turn] = words;
  return {
    pid: Number(pid),
    started: Number(started),
    host: host === undefined ? (await thisProcess()).host : decoded(host),
    turn: turn === undefined ? undefined : decoded(turn),
  };
}

/** What is not well encoded is no less a name. */
function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
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
