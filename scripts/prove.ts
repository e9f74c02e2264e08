/**
 * `npm run prove`: every promise of docs/trust.md tried, one proof after the other, each in a process of its own; the
 * result goes to docs/results/prove.md. `npm run prove:NAME` runs one. Options of all proofs:
 *
 *   --seconds N   stop after so long, whatever is left
 *   --seed S      other cases
 *   --count N     so many cases
 *   --only CASE   one case alone, as a failure names it
 *
 * and of the full run: `--minutes N` (60) shrinks or stretches all of them, `--out FILE` writes elsewhere.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { lineOf, type Proof, prove, type Result } from './proofs/harness.ts';
import { proofs } from './proofs/index.ts';
import { pageOf } from './proofs/page.ts';

const root = path.join(import.meta.dirname, '..');
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const common = {
  seconds: { type: 'string' },
  seed: { type: 'string', default: '1' },
  count: { type: 'string' },
  only: { type: 'string' },
  /** Where the full run wants the result of one proof. */
  result: { type: 'string' },
} as const;

async function one(name: string, argv: readonly string[]): Promise<number> {
  const load = proofs[name];
  if (!load) throw new Error(`no proof "${name}": there are ${Object.keys(proofs).join(', ')}`);
  const { proof } = await load();
  const { values } = parseArgs({
    args: [...argv],
    options: { ...proof.options, ...common },
  });
  const given = values as Readonly<Record<string, string | undefined>>;
  const result = await prove(proof, {
    seed: Number(given.seed),
    seconds: Number(given.seconds ?? (given.only === undefined ? proof.seconds : 'Infinity')),
    count: Number(given.count ?? proof.cases),
    only: given.only,
    values,
    say,
  });
  process.stdout.write(`${lineOf(result)}\n`);
  if (given.result !== undefined) writeFileSync(given.result, JSON.stringify(result));
  return result.failures.length === 0 ? 0 : 1;
}

/** A proof that ends without a result has failed, whatever ended it. */
function inProcess(proof: Proof, seed: string, seconds: number, folder: string): Result {
  const file = path.join(folder, `${proof.name}.json`);
  const limits = ['--seed', seed, '--seconds', seconds.toFixed(0), '--result', file];
  const script = path.join(root, 'scripts/prove.ts');
  const started = performance.now();
  const { status, signal } = spawnSync(
    process.execPath,
    ['--import', 'tsx', script, proof.name, ...limits],
    // Twice the time and more, since the last case may be a long one.
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: Math.round(2 * seconds + 120) * 1000,
    },
  );
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Result;
  } catch {
    const text = `the process ended with ${signal ?? status} and no result`;
    return {
      ...{ name: proof.name, promise: proof.promise, unit: proof.unit, seed: Number(seed) },
      ...{ count: 0, failures: [{ which: 'the proof itself', text }], notes: [] },
      seconds: (performance.now() - started) / 1000,
      command: `npm run prove:${proof.name} -- --seed ${seed}`,
    };
  }
}

async function all(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      minutes: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: path.join(root, 'docs/results/prove.md') },
    },
  });
  const list = await Promise.all(Object.values(proofs).map(async (load) => (await load()).proof));
  say(`${list.length} proofs, at most ${values.minutes} minutes`);
  const until = performance.now() + Number(values.minutes) * 60_000;
  const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-prove-all-'));
  const results: Result[] = [];
  for (const [i, proof] of list.entries()) {
    // What a proof did not need is for those behind it; a twentieth is for starts and last cases.
    const wanted = list.slice(i).reduce((sum, { seconds }) => sum + seconds, 0);
    const left = ((until - performance.now()) / 1000) * 0.95;
    const seconds = proof.seconds * Math.max(0.01, Math.min(1, left / wanted));
    results.push(inProcess(proof, values.seed, seconds, folder));
    // After each, so that a run that is cut off leaves what it has.
    writeFileSync(values.out, pageOf(results, list.length, values.minutes));
  }
  rmSync(folder, { recursive: true });
  const failed = results.filter(({ failures }) => failures.length > 0);
  say(`written to ${values.out}`);
  say(failed.length === 0 ? 'all hold' : `failed: ${failed.map(({ name }) => name).join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}

const [name, ...rest] = process.argv.slice(2);
const isFull = name === undefined || name.startsWith('-');
// Not left to the event loop: a worker that hangs must not keep a finished proof waiting.
process.exit(isFull ? await all(process.argv.slice(2)) : await one(name, rest));
