/** A page for docs/results/: what was measured, when, and on what. */

import { execFileSync } from 'node:child_process';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import path from 'node:path';

const root = path.join(import.meta.dirname, '../..');

function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') ? ' and changes' : ''}`;
  } catch {
    return 'unknown';
  }
}

export interface RecordHead {
  readonly title: string;
  readonly script: string;
  /** How to read the tables. */
  readonly note: string;
}

export function recordOf(
  { title, script, note }: RecordHead,
  texts: readonly string[],
  args: readonly string[],
): string {
  const [cpu] = cpus();
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  const facts = [
    `Date: ${new Date().toISOString().slice(0, 10)}`,
    `Commit: ${commit()}`,
    `Command: \`npm run ${[script, ...(args.length > 0 ? ['--', ...args] : [])].join(' ')}\``,
    `Machine: ${cpus().length} x ${cpu?.model ?? 'unknown processor'}, ${memory} GiB, ${platform()} ${release()}`,
    `Node ${process.versions.node}, V8 ${process.versions.v8}; load average ${loadavg()[0]?.toFixed(1)} at the end`,
  ];
  return [`# ${title}`, '', ...facts.map((fact) => `- ${fact}`), '', note, '', ...texts].join('\n');
}
