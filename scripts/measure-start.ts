/**
 * `npm run measure`: how long a user waits, in fresh processes of the built program: to check an architecture, for the
 * first step of a training, to decode photos once, to evaluate. Medians of 5. `--record` writes docs/results/start.md;
 * `--photos DIR` decodes other photos than examples/'s; `--runs N` repeats otherwise.
 */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { packageVersion } from '../cli/package.ts';
import { programOf, root } from './proofs/job.ts';

const { values } = parseArgs({
  options: {
    photos: { type: 'string' },
    record: { type: 'boolean', default: false },
    runs: { type: 'string', default: '5' },
  },
});
const examples = path.join(root, 'examples');
const photos = values.photos ?? path.join(examples, 'cifar10-mini.tar.gz');

/** Milliseconds of a process of netlathe; with `isReached`, only until that holds of its output, and it is ended then. */
function run(args: readonly string[], isReached?: (text: string) => boolean): Promise<number> {
  const from = performance.now();
  const child = spawn(process.execPath, [...programOf(false), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [text, reached] = ['', 0];
  const look = () => {
    if (reached > 0 || !isReached?.(text)) return;
    reached = performance.now() - from;
    child.kill('SIGKILL');
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      look();
    });
  }
  const timer = setInterval(look, 4);
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      clearInterval(timer);
      if (code !== 0 && reached === 0) reject(new Error(`${args.join(' ')}: ${text}`));
      else resolve(reached || performance.now() - from);
    });
  });
}

interface Row {
  readonly what: string;
  readonly median: number;
  readonly all: readonly number[];
}

async function measure(
  what: string,
  once: () => Promise<number>,
  times = Number(values.runs),
): Promise<Row> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) all.push(await once());
  const sorted = [...all].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] as number;
  const row = { what, median, all: sorted };
  process.stdout.write(`${line(row)}\n`);
  return row;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
const line = ({ what, median, all }: Row) =>
  `| ${what} | ${seconds(median)} | ${seconds(all[0] as number)} to ${seconds(all.at(-1) as number)} |`;

/** With photos in a cache, or decoding them into a new one. */
async function measureTraining(folder: string): Promise<Row[]> {
  const empty = (name: string) => mkdtempSync(path.join(folder, name));
  const cache = ['--cache', path.join(folder, 'cache')];
  const train = (into: string, ...more: string[]) => {
    // Other photos have other classes, which the student takes from their folders.
    const arch = values.photos === undefined ? path.join(examples, 'cifar10.yaml') : 'student';
    return ['train', '--arch', arch, '--data', photos, '--out', into, '--json', ...more];
  };
  const hasBegun = (text: string) => text.includes('"event":"start"');
  const finished = empty('run-');
  await run(train(finished, '--steps', '1', ...cache));
  const decoding = await measure('from `train` to its photos, decoded', () =>
    run(train(empty('run-'), '--cache', empty('cold-')), hasBegun),
  );
  const cached = await measure('from `train` to its photos, from the cache', () =>
    run(train(empty('run-'), ...cache), hasBegun),
  );
  const first = await measure('from `train` to the checkpoint after its first step, cached', () => {
    const into = empty('run-');
    const file = path.join(into, 'checkpoint.safetensors');
    return run(train(into, '--checkpoint-every', '0', ...cache), () => existsSync(file));
  });
  const judge = ['eval', '--model', finished, '--data', photos, '--split', 'training', ...cache];
  await run(judge);
  const evaluation = await measure('`eval` of the training photos, cached', () => run(judge));
  return [decoding, cached, first, evaluation];
}

function page(rows: readonly Row[]): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root });
  const facts = [
    `Date: ${new Date().toISOString().slice(0, 10)}; netlathe ${packageVersion()}, commit ${commit.toString().trim()}`,
    `Command: \`npm run measure -- ${process.argv.slice(2).join(' ')}\``,
    `Machine: ${cpus().length} x ${cpus()[0]?.model}; Node ${process.versions.node}; load average ${loadavg()[0]?.toFixed(1)} at the end`,
    `Photos: ${path.relative(root, photos)}`,
  ];
  return [
    '# How long a user waits',
    '',
    ...facts.map((fact) => `- ${fact}`),
    '',
    'Wall time of fresh processes, from the command to what is named.',
    '',
    '| what | median | range |',
    '| --- | --- | --- |',
    ...rows.map(line),
    '',
  ].join('\n');
}

const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-measure-'));
try {
  const rows: Row[] = [];
  for (const name of ['student', 'efficientnet-b0']) {
    const args = ['compile', name, '--check-params'];
    rows.push(await measure(`\`compile ${name} --check-params\``, () => run(args)));
  }
  rows.push(...(await measureTraining(folder)));
  if (values.record) writeFileSync(path.join(root, 'docs/results/start.md'), page(rows));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
