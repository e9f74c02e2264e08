/** docs/results/prove.md: what a full run found. */

import { execFileSync } from 'node:child_process';
import { cpus, release } from 'node:os';
import { packageVersion } from '../../cli/package.ts';
import type { Result } from './harness.ts';
import { root } from './job.ts';

export function pageOf(results: readonly Result[], of: number, minutes: string): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  // Of its own page a run changes the file as it goes.
  const changes = git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!docs/results');
  const dirty = changes.trim() === '' ? '' : ', changed';
  const commit = `${git('rev-parse', '--short', 'HEAD').trim()}${dirty}`;
  const seconds = results.reduce((sum, r) => sum + r.seconds, 0);
  const failures = results.reduce((sum, r) => sum + r.failures.length, 0);
  const facts = [
    `Date: ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC; netlathe ${packageVersion()}, commit ${commit}`,
    `Command: \`npm run prove -- --minutes ${minutes}\`; ${results.length} of ${of} proofs in ${(seconds / 60).toFixed(0)} minutes`,
    `Machine: ${cpus().length} x ${cpus()[0]?.model?.trim()}, ${process.platform} ${release()}, ${process.arch}; Node ${process.versions.node}`,
    `Failures: **${failures}**`,
  ];
  const rows = results.map(
    (r) =>
      `| \`${r.command}\` | ${r.promise} | ${r.count.toLocaleString('en-US')} ${r.unit} | ${r.failures.length} | ${r.seconds.toFixed(0)} s |`,
  );
  const notes = results.flatMap((r) => r.notes.map((note) => `- \`${r.name}\`: ${note}`));
  const failed = results.flatMap((r) =>
    r.failures.map(
      ({ which, text }) => `- \`prove:${r.name} --only ${which}\`: ${text.replaceAll(root, '.')}`,
    ),
  );
  return [
    '# A full run of the proofs',
    '',
    'Made by `npm run prove`. What is promised, and what it means: [trust.md](../trust.md).',
    '',
    ...facts.map((fact) => `- ${fact}`),
    '',
    '| command | promise | tried | failures | time |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    ...(notes.length > 0 ? ['Figures on the way:', '', ...notes, ''] : []),
    ...(failed.length > 0 ? ['## Failures', '', ...failed, ''] : []),
  ].join('\n');
}
