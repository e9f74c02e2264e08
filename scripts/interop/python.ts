/** The real tools, from PyPI, in a virtual environment of the repository (.venv-interop, which git ignores). */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;
const venv = path.resolve(here, '../../.venv-interop');
const requirements = path.join(here, 'requirements.txt');
const stamp = path.join(venv, 'requirements.txt');

/** The interpreter; makes the environment where it is missing or of other versions. */
export function interopPython(): string {
  const python = path.join(venv, 'bin/python');
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  process.stderr.write(`installing ${wanted.trim().replaceAll('\n', ', ')}\n`);
  if (!existsSync(python)) must('python3', ['-m', 'venv', venv]);
  must(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
  writeFileSync(stamp, wanted);
  return python;
}

function must(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}`);
}

/** Runs a script, and reads what it prints as JSON. */
export async function askPython<T>(script: string, args: readonly string[]): Promise<T> {
  const { stdout, code } = await runPython([path.join(here, script), ...args]);
  if (code !== 0) throw new Error(`${script} ends with exit code ${code}`);
  return JSON.parse(stdout) as T;
}

export function runPython(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly stdout: string; readonly code: number | null }> {
  const { cwd, env = {} } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(interopPython(), args, {
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
