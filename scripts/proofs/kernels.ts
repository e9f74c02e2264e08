/**
 * The tests of test/kernels with many random shapes for each property (`--count`), and how many calls each kernel was
 * compared on. A kernel with fewer than asked for is a failure. `--only test/kernels/FILE` runs one file.
 */

import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { KERNELS } from '../../runtime/kernels/registry.ts';
import type { Proof } from './harness.ts';
import { root } from './job.ts';

export const proof: Proof = {
  name: 'kernels',
  promise:
    'Every kernel computes what its plain twin says, for shapes of all kinds, and writes nowhere else',
  unit: 'comparisons',
  seconds: 420,
  cases: 300,
  run: async (trial) => {
    const folder = path.join(trial.folder, 'counts');
    mkdirSync(folder);
    const files = trial.only === undefined ? ['test/kernels'] : [trial.only];
    const { code, output } = await runTests(files, trial.wanted, folder, trial.deadline);
    if (code !== 0) trial.fail('vitest', output.trim().split('\n').slice(-30).join(' | '));
    const counts = readCounts(folder);
    const names = trial.only === undefined ? [...KERNELS.keys()] : [...counts.keys()];
    for (const name of names) {
      const count = counts.get(name) ?? 0;
      trial.done(count);
      if (count < trial.wanted) trial.fail(name, `only ${count} calls were compared`);
    }
    trial.note(`${names.length} kernels, ${trial.wanted} shapes a property`);
  },
};

/** Ended where it takes longer than it may, which is a failure. */
function runTests(files: readonly string[], shapes: number, counts: string, deadline: number) {
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', ...files, '--reporter=dot'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NETLATHE_SHAPES: String(shapes), NETLATHE_COUNTS: counts },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const left = deadline - performance.now();
  const timer = Number.isFinite(left) ? setTimeout(() => child.kill(), left * 1.5) : undefined;
  return new Promise<{ readonly code: number; readonly output: string }>((resolve) => {
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      resolve({
        code: code ?? 1,
        output: signal ? `${output}\nended by ${signal}: too slow` : output,
      });
    });
  });
}

/** Calls of each kernel, added over the test files. */
function readCounts(folder: string): Map<string, number> {
  const total = new Map<string, number>();
  for (const file of readdirSync(folder)) {
    const counts = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as object;
    for (const [name, count] of Object.entries(counts)) {
      total.set(name, (total.get(name) ?? 0) + Number(count));
    }
  }
  return total;
}
