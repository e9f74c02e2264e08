/**
 * Full disks of three kinds: a small tmpfs (where the system lets us mount one), the limit of a process on the size of
 * files, and /dev/full behind the output. A command says E521 and ends with 2; what was there is whole, no temporary file
 * is left, and with space again the run goes on to the same bytes.
 */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Proof, Trial } from './harness.ts';
import { programOf, root, temporaries, trainArguments, weightHashes } from './job.ts';
import { type Straight, straightRun } from './processes.ts';

export const proof: Proof = {
  name: 'disk-full',
  promise:
    'Where the disk is full, a typed error is said, what was there is whole, and a run can go on',
  unit: 'full disks',
  seconds: 150,
  cases: 40,
  options: { sources: { type: 'boolean', default: false } },
  run: async (trial) => {
    const program = programOf(trial.values.sources === true);
    const straight = await straightRun(trial.folder, program);
    const cases: readonly Case[] = [
      ...outputs(straight),
      ...Array.from({ length: 8 }, (_, i) => limited(trial, straight, 2 ** (i + 0.5))),
      ...Array.from({ length: 8 }, (_, i) => mounted(trial, straight, 12 + i * 20)),
    ];
    let skipped = 0;
    for (const { name, work } of trial.named(cases)) {
      await trial.check(name, async () => {
        const outcome = await work();
        if (outcome !== 'no mount') return outcome;
        skipped++;
        return undefined;
      });
    }
    if (skipped > 0) trial.note(`${skipped} need a tmpfs, which this user may not mount`);
  },
};

interface Case {
  readonly name: string;
  readonly work: () => Promise<string | undefined>;
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

/** By way of a shell, which can set limits and send the output anywhere. */
function shell(script: string, args: readonly string[]): Promise<Ended> {
  const child = spawn('bash', ['-c', script, 'bash', ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stderr }));
  });
}

function wrong({ code, signal, stderr }: Ended, expected: RegExp): string | undefined {
  if (code !== 2) return `exit ${code ?? signal}: ${stderr.slice(0, 300)}`;
  if (!expected.test(stderr)) return `it said: ${stderr.slice(0, 300)}`;
  return /\n\s+at /.test(stderr) ? `a stack trace: ${stderr.slice(0, 300)}` : undefined;
}

/** `/dev/full` takes no byte. */
function outputs({ program, job }: Straight): readonly Case[] {
  const commands: Readonly<Record<string, readonly string[]>> = {
    compile: ['compile', job.architecture],
    json: ['compile', job.architecture, '--json'],
    draw: ['draw', job.architecture],
    train: trainArguments(job, path.join(job.folder, 'full-output')),
  };
  return Object.entries(commands).map(([name, args]) => ({
    name: `${name} > /dev/full`,
    work: async () => {
      if (!existsSync('/dev/full')) return undefined;
      const command = [process.execPath, ...program, ...args];
      return wrong(await shell('"$@" > /dev/full', command), /no space left/);
    },
  }));
}

/** `ulimit -f` counts blocks of 1024 bytes in bash. */
function limited(trial: Trial, straight: Straight, kilobytes: number): Case {
  const limit = Math.max(1, Math.round(kilobytes));
  const name = `files of at most ${limit} KiB`;
  return {
    name,
    work: () => {
      const run = path.join(trial.folder, `limited-${limit}`);
      return fillsUp(straight, run, `ulimit -f ${limit}; exec "$@"`);
    },
  };
}

function mounted(trial: Trial, straight: Straight, kilobytes: number): Case {
  return {
    name: `a disk of ${kilobytes} KiB`,
    work: async () => {
      const disk = path.join(trial.folder, `disk-${kilobytes}`);
      mkdirSync(disk);
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', disk], {
          stdio: 'ignore',
        });
      } catch {
        return 'no mount';
      }
      try {
        const grow = () => execFileSync('mount', ['-o', 'remount,size=8m', disk]);
        return await fillsUp(straight, path.join(disk, 'run'), 'exec "$@"', grow);
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  };
}

/** One run that may find no space, then the same with space. */
async function fillsUp(
  straight: Straight,
  run: string,
  script: string,
  grow: () => void = () => undefined,
): Promise<string | undefined> {
  const { job, program } = straight;
  const args = trainArguments(job, run, ['--threads', '1']);
  const ended = await shell(script, [process.execPath, ...program, ...args]);
  // Where there was space enough after all, it has trained.
  if (ended.code !== 0) {
    const problem = wrong(ended, /error\[E521\]/);
    if (problem !== undefined) return problem;
    if (temporaries(run).length > 0) return `left behind: ${temporaries(run).join(', ')}`;
    if (existsSync(path.join(run, 'run.lock'))) return 'the lock was left behind';
  }
  grow();
  const checkpoint = path.join(run, 'checkpoint.safetensors');
  const resume = existsSync(checkpoint) ? ['--resume'] : [];
  const again = await shell('exec "$@"', [process.execPath, ...program, ...args, ...resume]);
  if (again.code !== 0) return `with space, exit ${again.code}: ${again.stderr.slice(0, 300)}`;
  if (weightHashes(run) !== straight.hashes) return 'with space, other weights';
  rmSync(run, { recursive: true });
  return undefined;
}
