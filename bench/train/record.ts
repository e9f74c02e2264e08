/** A page for docs/results/: what was measured, when, and on what. */

import { execFileSync } from 'node:child_process';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import { root } from './networks.ts';

function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') ? ' and changes' : ''}`;
  } catch {
    return 'unknown';
  }
}

export function recordOf(texts: readonly string[], args: readonly string[]): string {
  const [cpu] = cpus();
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  const facts = [
    `Date: ${new Date().toISOString().slice(0, 10)}`,
    `Commit: ${commit()}`,
    `Command: \`npm run bench:train -- ${args.join(' ')}\``,
    `Machine: ${cpus().length} x ${cpu?.model ?? 'unknown processor'}, ${memory} GiB, ${platform()} ${release()}`,
    `Node ${process.versions.node}, V8 ${process.versions.v8}; load average ${loadavg()[0]?.toFixed(1)} at the end`,
  ];
  return [
    '# Training speed',
    '',
    ...facts.map((fact) => `- ${fact}`),
    '',
    'Medians of repeated steps; the programs work in turn, round by round, with their data in memory. A ratio above 1x',
    'is in favour of the row. The share of the GEMM peak counts the multiplications that the layers ask for, whatever',
    'way they are computed.',
    '',
    ...texts,
  ].join('\n');
}
