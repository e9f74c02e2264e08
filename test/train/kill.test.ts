/** A small sample of `npm run prove:kill` and `prove:interrupt`: real processes, killed and resumed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { programOf } from '../../scripts/proofs/job.ts';
import { interruptedRun, killedRun, straightRun } from '../../scripts/proofs/processes.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-kill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a training process', () => {
  it('goes on bit for bit after SIGKILL and after SIGINT', { timeout: 300_000 }, async () => {
    const straight = await straightRun(folder, programOf(true));
    for (const seed of [1, 2, 3]) {
      const { failure } = await killedRun(straight, seed, 1);
      expect(failure, `seed ${seed}`).toBeUndefined();
    }
    // How long it takes to stop is for the script: tests run beside each other.
    for (const [seed, signal] of [
      [1, 'SIGINT'],
      [2, 'SIGTERM'],
    ] as const) {
      const how = { limit: Number.POSITIVE_INFINITY, signal, twice: false };
      const { failure } = await interruptedRun(straight, seed, how);
      expect(failure, signal).toBeUndefined();
    }
  });
});
