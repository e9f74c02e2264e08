import { describe, expect, test } from 'vitest';
import { commands } from '../../cli/commands/index.ts';
import { exit, run } from './run.ts';

const ansi = '\u001b[';

describe('the command line', () => {
  test('without arguments shows help that leads with examples, and fails', async () => {
    const { code, stdout, stderr } = await run([]);
    expect(code).toBe(exit.usage);
    expect(stdout).toBe('');
    expect(stderr.split('\n')[0]).toContain('netlathe compile student --check-params');
  });

  test('-h is a result', async () => {
    const { code, stdout, stderr } = await run(['-h']);
    expect(code).toBe(exit.ok);
    expect(stderr).toBe('');
    for (const { name } of commands) expect(stdout).toContain(`  ${name}`);
  });

  test.each(commands.map((c) => c.name))('%s -h leads with two examples', async (name) => {
    for (const argv of [
      [name, '-h'],
      ['help', name],
    ]) {
      const { code, stdout } = await run(argv);
      expect(code).toBe(exit.ok);
      const [first, second] = stdout.split('\n');
      expect(first).toContain('netlathe ');
      expect(second).toContain('netlathe ');
    }
  });

  test('mistyped commands and options are recognised', async () => {
    const command = await run(['complie', 'student']);
    expect(command.code).toBe(exit.usage);
    expect(command.stderr).toContain('did you mean compile?');
    const option = await run(['compile', 'student', '--chek-params']);
    expect(option.code).toBe(exit.usage);
    expect(option.stderr).toContain('did you mean --check-params?');
  });

  test('--version', async () => {
    const { code, stdout } = await run(['--version']);
    expect(code).toBe(exit.ok);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe('colour', () => {
  const colourOf = async (argv: readonly string[], env: Record<string, string>, isTTY: boolean) =>
    (await run(['compile', 'student', ...argv], { env, isTTY })).stdout.includes(ansi);

  test('is for terminals, and can be asked for or refused', async () => {
    expect(await colourOf([], {}, true)).toBe(true);
    expect(await colourOf([], {}, false)).toBe(false);
    expect(await colourOf([], { FORCE_COLOR: '1' }, false)).toBe(true);
    expect(await colourOf([], { NO_COLOR: '1' }, true)).toBe(false);
    expect(await colourOf([], { TERM: 'dumb' }, true)).toBe(false);
    expect(await colourOf(['--no-color'], { FORCE_COLOR: '1' }, true)).toBe(false);
    const before = await run(['--no-color', 'compile', 'student'], { isTTY: true });
    expect(before.code).toBe(exit.ok);
    expect(before.stdout).not.toContain(ansi);
  });
});

describe('explain', () => {
  test('one code, in any case', async () => {
    const { code, stdout } = await run(['explain', 'e401']);
    expect(code).toBe(exit.ok);
    expect(stdout).toContain('E401: groups do not divide the channels');
  });
  test('all codes', async () => {
    const codes = (await run(['explain'])).stdout.match(/^E\d+/gm) ?? [];
    expect(codes[0]).toBe('E101');
    expect(codes).toEqual([...codes].sort());
  });
  test('an unknown code', async () => {
    const { code, stderr } = await run(['explain', 'E4O1']);
    expect(code).toBe(exit.usage);
    expect(stderr).toContain('did you mean "E401"');
  });
});

test('zoo lists names, params and MACs', async () => {
  const { code, stdout } = await run(['zoo', '--json']);
  expect(code).toBe(exit.ok);
  const { version, architectures } = JSON.parse(stdout);
  expect(version).toBe(1);
  const student = architectures.find((a: { readonly name: string }) => a.name === 'student');
  expect(student.params.trainable).toBe(256_779);
  const list = (await run(['zoo'])).stdout;
  expect(list).toMatch(/student +256,779/);
  // The first sentence goes on after "et al.".
  expect(list).not.toMatch(/al\.$/m);
});
