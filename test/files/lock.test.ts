/** Who has a lock, by what its file says. Races for it: `npm run prove:concurrency`. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockOwner, takeLock } from '../../runtime/files/lock.ts';
import { RunFolder } from '../../runtime/train/run-folder.ts';
import { TrainError } from '../../runtime/train/train-error.ts';

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'netlathe-lock-'));
  lock = path.join(folder, 'run.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Of a process that has ended. */
const dead = spawnSync(process.execPath, ['-e', '']).pid;

async function taken(turn?: string): Promise<boolean> {
  const outcome = await takeLock(lock, turn);
  if (!('release' in outcome)) return false;
  await outcome.release();
  return true;
}

describe('a lock', () => {
  it('names process, start, machine and turn while it is held', async () => {
    const held = await takeLock(lock, 'job 1');
    expect(readFileSync(lock, 'utf8')).toMatch(
      new RegExp(`^${process.pid} \\d+ ${encodeURIComponent(hostname())} job%201\\n$`),
    );
    expect(await lockOwner(lock)).toMatchObject({ pid: process.pid, host: hostname(), file: lock });
    if ('release' in held) await held.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['of this machine', `${dead} 77 ${encodeURIComponent(hostname())}\n`],
    ['without a machine', `${dead} 77\n`],
    ['of this machine, whatever its turn', `${dead} 77 ${encodeURIComponent(hostname())} job\n`],
  ])('of the dead %s is taken over', async (_, text) => {
    writeFileSync(lock, text);
    expect(await lockOwner(lock)).toBeUndefined();
    expect(await taken()).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['without turns', 'elsewhere', undefined],
    ['that was not given in turns', 'elsewhere', 'job-2'],
    ['in the same turn', 'elsewhere job-2', 'job-2'],
    ['where nobody gives turns now', 'elsewhere job-1', undefined],
  ])('of another machine is let alone: %s', async (_, owner, turn) => {
    writeFileSync(lock, `${dead} 77 ${owner}\n`);
    expect(await takeLock(lock, turn)).toMatchObject({ pid: dead, host: 'elsewhere', file: lock });
    expect(readFileSync(lock, 'utf8')).toBe(`${dead} 77 ${owner}\n`);
    expect(readdirSync(folder)).toEqual(['run.lock']);
  });

  it('of another machine goes to whose turn it is now', async () => {
    writeFileSync(lock, `${dead} 77 elsewhere job-1\n`);
    expect(await taken('job-2')).toBe(true);
  });

  it('that another machine is taking over names the file that stands in the way', async () => {
    const claim = path.join(folder, `.run.lock.${dead}-77.tmp`);
    writeFileSync(lock, `${dead} 77\n`);
    writeFileSync(claim, '5 6 else%20where\n');
    expect(await takeLock(lock)).toMatchObject({ pid: 5, host: 'else where', file: claim });
  });
});

describe('a run folder', () => {
  async function refusal(): Promise<TrainError> {
    const error: unknown = await new RunFolder(folder).lock().then(
      () => new Error('it was not refused'),
      (reason: unknown) => reason,
    );
    if (error instanceof TrainError) return error;
    throw error;
  }

  it('in use on another machine says where, by whom, and how to go on', async () => {
    writeFileSync(lock, '12 77 3f2a9c\n');
    const { code, message, path: file, hint } = await refusal();
    expect([code, file]).toEqual(['E543', lock]);
    expect(message).toContain('process 12 on the machine or container 3f2a9c is training');
    expect(hint).toContain(`if it is gone for good, remove ${lock} and --resume`);
  });

  it('goes to the job that a suite has named since', async () => {
    writeFileSync(lock, '12 77 node-1 job-1\n');
    writeFileSync(`${folder}.job`, 'job-1\n');
    expect((await refusal()).message).toContain('node-1');
    writeFileSync(`${folder}.job`, 'job-2\n');
    const run = new RunFolder(folder);
    await run.lock();
    expect(readFileSync(lock, 'utf8')).toMatch(/ job-2\n$/);
    await run.unlock();
    rmSync(`${folder}.job`);
  });
});
