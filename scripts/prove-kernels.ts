/**
 * `npm run prove:kernels -- --shapes 2000`: the tests of test/kernels with so many random shapes for each property, and
 * how many calls each kernel was compared on. A kernel with fewer than asked for is a failure.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { KERNELS } from '../runtime/kernels/registry.ts';

const { values, positionals } = parseArgs({
  options: { shapes: { type: 'string', default: '2000' } },
  allowPositionals: true,
});
const shapes = Number(values.shapes);
const root = path.join(import.meta.dirname, '..');

/** The exit code of vitest over the files named, or all of test/kernels. */
function runTests(counts: string): Promise<number> {
  const files = positionals.length > 0 ? positionals : ['test/kernels'];
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', ...files, '--reporter=dot'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, NETLATHE_SHAPES: String(shapes), NETLATHE_COUNTS: counts },
  });
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
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

const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-prove-'));
try {
  const started = performance.now();
  const code = await runTests(folder);
  const counts = readCounts(folder);
  const names = positionals.length > 0 ? [...counts.keys()] : [...KERNELS.keys()];
  const few = names.filter((name) => (counts.get(name) ?? 0) < shapes);
  for (const name of names) {
    process.stdout.write(`${name.padEnd(26)} ${String(counts.get(name) ?? 0).padStart(8)}\n`);
  }
  const sum = [...counts.values()].reduce((total, count) => total + count, 0);
  process.stdout.write(
    `${names.length} kernels, ${shapes} shapes a property, ${sum} comparisons, ` +
      `${few.length} kernels with fewer than ${shapes}${few.length > 0 ? ` (${few.join(', ')})` : ''}, ` +
      `tests ${code === 0 ? 'passed' : 'FAILED'}, ${((performance.now() - started) / 1000).toFixed(0)} s\n`,
  );
  process.exitCode = code === 0 && few.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
