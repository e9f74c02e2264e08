/**
 * The disk stops at every single call of a run, or the power fails and takes with it what was not synced; what is left
 * then must go on to the bytes of a straight run. Beside it, `prove:kill` ends real processes.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryOwner } from '../../runtime/files/atomic-write.ts';
import { randomFrom } from '../fuzz/mutate.ts';
import { afterPowerFailure, type Operation, record, Stopped } from './disk.ts';
import type { Proof, Trial } from './harness.ts';
import { temporaries } from './job.ts';
import { hasCheckpoint, remains, type TinyRun, tinyRun } from './tiny.ts';

/** Saving after every step makes for many calls; saving after epochs alone, for others. */
const kinds: readonly TinyRun[] = [{ checkpointEvery: 0 }, {}];

export const proof: Proof = {
  name: 'crash',
  promise: 'Where the disk stops at any call, or the power fails, a run goes on to the same bytes',
  unit: 'crashes',
  seconds: 240,
  cases: 1000,
  run: async (trial) => {
    const logs = await Promise.all([straight(trial, 0)]);
    logs.push(await straight(trial, 1));
    if (trial.only === undefined) await stopAtEachCall(trial, logs);
    let replays = 0;
    for (const seed of trial.cases()) {
      const which = seed % kinds.length;
      await trial.check(seed, () =>
        replay(trial, logs[which] as Log, kinds[which] as TinyRun, seed),
      );
      replays++;
    }
    trial.note(`${replays} power failures that dropped writes that were not synced`);
  },
};

interface Log {
  readonly operations: readonly Operation[];
  readonly root: string;
  readonly remains: string;
}

async function straight(trial: Trial, which: number): Promise<Log> {
  const root = path.join(trial.folder, `straight-${which}`);
  mkdirSync(root);
  const recorder = record(root);
  try {
    await tinyRun(root, kinds[which]);
  } finally {
    recorder.restore();
  }
  return { operations: [...recorder.operations], root, remains: remains(root) };
}

/** Every call of both kinds of run; of a few cases, a few calls. */
async function stopAtEachCall(trial: Trial, logs: readonly Log[]): Promise<void> {
  const names = logs.flatMap((log, which) =>
    log.operations.map((operation, at) => ({
      name: `call ${which}-${at}: ${operation.kind} ${path.basename(operation.path)}`,
      which,
      at,
    })),
  );
  for (const { name, which, at } of trial.named(names)) {
    await trial.check(name, () => stop(trial, logs[which] as Log, kinds[which] as TinyRun, at));
  }
  trial.note(`each of ${names.length} calls to the file system`);
}

async function stop(trial: Trial, log: Log, kind: TinyRun, at: number) {
  const folder = mkdtempSync(path.join(trial.folder, 'stopped-'));
  const recorder = record(folder);
  recorder.stopAt = at;
  try {
    await tinyRun(folder, kind);
    return 'the run did not notice that the disk had stopped';
  } catch (error) {
    if (!isStop(error)) throw error;
  } finally {
    recorder.restore();
  }
  return goOn(folder, log, kind);
}

function isStop(error: unknown): boolean {
  return error instanceof Stopped || (error instanceof Error && isStop(error.cause));
}

async function replay(trial: Trial, log: Log, kind: TinyRun, seed: number) {
  const random = randomFrom(seed);
  const count = 1 + Math.floor(random() * log.operations.length);
  // From all lost to nearly all kept.
  const [share, cut] = [random(), random() * 0.5];
  const keeps = () => (random() < share ? 'all' : random() < cut ? 'part' : 'none');
  const folder = mkdtempSync(path.join(trial.folder, 'replayed-'));
  for (const [file, bytes] of afterPowerFailure(log.operations, count, keeps)) {
    writeFileSync(path.join(folder, path.relative(log.root, file)), bytes);
  }
  return goOn(folder, log, kind);
}

/** Nothing but what anybody would do: the same command with --resume, or without where there is no checkpoint. */
async function goOn(folder: string, log: Log, kind: TinyRun): Promise<string | undefined> {
  const resume = hasCheckpoint(folder);
  await tinyRun(folder, { ...kind, resume });
  if (remains(folder) !== log.remains)
    return `other weights or metrics${resume ? ', resumed' : ''}`;
  const left = temporaries(folder).filter((name) => temporaryOwner(name) !== null);
  if (left.length > 0) return `left behind: ${left.join(', ')}`;
  rmSync(folder, { recursive: true });
  return undefined;
}
