/** `init` and `completion` as a user meets them. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schemaPath, starterText, styles } from '../cli/init/starter.ts';
import { exit, type Io } from '../cli/io.ts';
import { main } from '../cli/main.ts';
import { compiled } from './budget/support.ts';

async function netlathe(args: readonly string[], cwd: string, answers?: readonly string[]) {
  const said = { stdout: '', stderr: '' };
  const left = [...(answers ?? [])];
  const output = (stream: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      said[stream] += text;
    },
    isTTY: false,
    columns: 80,
  });
  const io: Io = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    stdin: {
      text: async () => '',
      ended: async () => {},
      isTTY: answers !== undefined,
      ask: async () => left.shift() ?? '',
    },
    cwd,
    env: {},
    takeInterrupts: () => new AbortController().signal,
  };
  return { code: await main(args, io), ...said };
}

const folder = () => mkdtempSync(path.join(os.tmpdir(), 'netlathe-'));

describe('init', () => {
  it('keeps the budget in every style and size', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...styles),
        fc.integer({ min: 16, max: 256 }),
        fc.integer({ min: 5_000, max: 500_000 }),
        fc.integer({ min: 2, max: 20 }),
        (style, size, params, classes) => {
          const arch = compiled(
            starterText({ name: 'x', size, classes, params, style, schema: 's' }),
          );
          expect(arch.budget.violations).toEqual([]);
          expect(arch.counts.params.trainable).toBeGreaterThan(0.7 * params);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('writes from flags, and overwrites only when forced', async () => {
    const cwd = folder();
    const args = ['init', 'a.yaml', '--classes', '3', '--size', '32', '--params', '9000'];
    expect((await netlathe(args, cwd)).code).toBe(exit.ok);
    expect(readFileSync(path.join(cwd, 'a.yaml'), 'utf8')).toMatch(
      /^# yaml-language-server: \$schema=/,
    );
    expect((await netlathe(args, cwd)).code).toBe(exit.usage);
    expect((await netlathe([...args, '--force'], cwd)).code).toBe(exit.ok);
    expect((await netlathe(['init', 'b.yaml'], cwd)).stderr).toContain('--classes');
  });

  it('asks on a terminal, and takes class names from a folder', async () => {
    const cwd = folder();
    for (const name of ['bread', 'dairy "product"']) {
      mkdirSync(path.join(cwd, 'photos', name), { recursive: true });
      writeFileSync(path.join(cwd, 'photos', name, '1.jpg'), '');
    }
    const { code } = await netlathe(['init', 'c.yaml'], cwd, ['64', 'photos', '20000', 'residual']);
    expect(code).toBe(exit.ok);
    const arch = compiled(readFileSync(path.join(cwd, 'c.yaml'), 'utf8'));
    expect(arch.graph.classes).toEqual(['bread', 'dairy "product"']);
    expect(arch.graph.input.height).toBe(64);
    expect(arch.graph.nodes.some((n) => n.op === 'add')).toBe(true);
  });

  it('finds the schema from where the file is', () => {
    expect(schemaPath('/p/netlathe/mine/a.yaml', '/p/netlathe')).toBe(
      '../schema/architecture.schema.json',
    );
    const installed = 'node_modules/netlathe/schema/architecture.schema.json';
    expect(schemaPath('/p/a.yaml', '/p/node_modules/netlathe')).toBe(installed);
    expect(schemaPath('/p/x/a.yaml', '/p/node_modules/netlathe')).toBe(`../${installed}`);
    expect(schemaPath('/q/a.yaml', '/usr/lib/node_modules/netlathe')).toBe(installed);
  });
});

describe('completion', () => {
  it('completes in a real bash', async () => {
    const cwd = folder();
    writeFileSync(path.join(cwd, 'my net.yaml'), '');
    const { stdout: script } = await netlathe(['completion', 'bash'], cwd);
    const complete = (...words: readonly string[]) =>
      execFileSync(
        'bash',
        [
          '--norc',
          '-c',
          `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _netlathe; printf '%s\\n' "\${COMPREPLY[@]}"`,
          'bash',
          ...words,
        ],
        { cwd, encoding: 'utf8' },
      ).split('\n');
    expect(complete('netlathe', 'fi')).toContain('fit');
    expect(complete('netlathe', 'fit', '--mul')).toContain('--multiple-of');
    expect(complete('netlathe', 'compile', 'stude')).toContain('student');
    expect(complete('netlathe', 'compile', 'my')).toContain('my net.yaml');
    expect(complete('netlathe', 'completion', 'f')).toContain('fish');
  });

  it('makes scripts for the others, and refuses what it does not know', async () => {
    const cwd = folder();
    expect((await netlathe(['completion', 'zsh'], cwd)).stdout).toMatch(/^#compdef netlathe/);
    expect((await netlathe(['completion', 'fish'], cwd)).stdout).toContain('-l multiple-of -r');
    expect((await netlathe(['completion', 'tcsh'], cwd)).code).toBe(exit.usage);
  });
});
