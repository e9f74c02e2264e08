/** The real tools, from PyPI, in virtual environments of the repository, which git ignores. */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;

/** `runtimes`: without PyTorch and Ray a twentieth of the size, and there in half a minute. */
export type Environment = 'all' | 'runtimes';

const folders: Readonly<Record<Environment, string>> = {
  all: '.venv-interop',
  runtimes: '.venv-runtimes',
};
const requirements: Readonly<Record<Environment, string>> = {
  all: path.join(here, 'requirements.txt'),
  runtimes: path.join(here, 'runtimes.txt'),
};

const pinsOf = (environment: Environment): string =>
  readFileSync(requirements[environment], 'utf8').replace(
    '-r runtimes.txt',
    readFileSync(requirements.runtimes, 'utf8').trim(),
  );

const at = (environment: Environment, ...names: readonly string[]): string =>
  path.join(here, '../..', folders[environment], ...names);

/** The interpreter, where the environment is there in the versions that are wanted. */
export function foundPython(environment: Environment): string | undefined {
  const stamp = at(environment, 'requirements.txt');
  const isThere = existsSync(stamp) && readFileSync(stamp, 'utf8') === pinsOf(environment);
  return isThere ? at(environment, 'bin/python') : undefined;
}

/** The interpreter; makes the environment where it is missing or of other versions. */
export function interopPython(environment: Environment = 'all'): string {
  const found = foundPython(environment);
  if (found !== undefined) return found;
  const pins = pinsOf(environment);
  const python = at(environment, 'bin/python');
  process.stderr.write(`installing ${pins.trim().replaceAll('\n', ', ')}\n`);
  if (!existsSync(python)) must('python3', ['-m', 'venv', at(environment)]);
  must(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements[environment]]);
  writeFileSync(at(environment, 'requirements.txt'), pins);
  return python;
}

/** Of these packages, as the requirements pin them: `torch 2.15.0, ray 2.60.0`. */
export function versionsOf(names: readonly string[]): string {
  const pins = pinsOf('all').trim().split('\n');
  const found = names.map((name) => pins.find((pin) => pin.split(/[[=]/)[0] === name));
  if (found.includes(undefined)) throw new Error(`not all of ${names.join(', ')} are pinned`);
  return found.map((pin) => pin?.replace(/(\[\w+\])?==/, ' ')).join(', ');
}

function must(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}`);
}

/** Runs a script, and reads what it prints as JSON. */
export async function askPython<T>(
  script: string,
  args: readonly string[],
  environment: Environment = 'all',
): Promise<T> {
  const { stdout, code } = await runPython([path.join(here, script), ...args], { environment });
  if (code !== 0) throw new Error(`${script} ends with exit code ${code}`);
  return JSON.parse(stdout) as T;
}

export interface PythonOptions {
  readonly environment?: Environment;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function runPython(
  args: readonly string[],
  { environment = 'all', cwd, env = {} }: PythonOptions = {},
): Promise<{ readonly stdout: string; readonly code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(interopPython(environment), args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env },
    });
    let stdout = '';
    child.stdout.on('data', (text) => {
      stdout += String(text);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ stdout, code }));
  });
}
