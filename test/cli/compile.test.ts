import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { zooNames } from '../../cli/source.ts';
import { exit, run } from './run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-compile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tiny = `version: 1
name: tiny
input: { height: 8, width: 8 }
classes: 4
layers:
  - { op: conv2d, kernel: 3, filters: 8 }
  - relu
  - globalAvgPool
  - { op: dense, units: classes }
`;

function file(name: string, text: string): string {
  const at = path.join(folder, name);
  writeFileSync(at, text);
  return at;
}

const budgeted = (limits: string) => tiny.replace('layers:', `budget: ${limits}\nlayers:`);

describe('the table', () => {
  test('ties every layer to its line', async () => {
    const { code, stdout, stderr } = await run(['compile', file('tiny.yaml', tiny)]);
    expect(code).toBe(exit.ok);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^ {3}6 {2}conv2d_1 +3x3 +6x6x8 +224 +86% .* 7\.78k$/m);
    expect(stdout).toContain('260 trainable');
  });

  test.each([80, 120])('fits into %i columns for the whole zoo', async (columns) => {
    for (const name of zooNames()) {
      const { stdout } = await run(['compile', name], { columns });
      const widest = Math.max(...stdout.split('\n').map((line) => [...line].length));
      expect(`${name} ${widest <= columns}`).toBe(`${name} true`);
    }
  });

  test('folds long networks, unless all is asked for', async () => {
    const lines = async (...argv: string[]) =>
      (await run(['compile', 'efficientnet-b0', ...argv])).stdout.split('\n').length;
    expect(await lines()).toBeLessThan(85);
    expect(await lines('--all')).toBeGreaterThan(200);
  });

  test('one line a file for several', async () => {
    const { stdout } = await run(['compile', 'student', 'mobilenet-v2']);
    expect(stdout).toMatch(/✓ student +256,779/);
    expect(stdout).toMatch(/✓ mobilenet-v2 +3,504,872/);
  });
});

describe('limits', () => {
  test('kept', async () => {
    const { code, stdout } = await run(['compile', 'student', '--check-params', '--quiet']);
    expect(code).toBe(exit.ok);
    expect(stdout).toBe('✓ params      exactly 256,779\n');
  });

  test('broken: the lines that cost most, exit 1', async () => {
    const at = file('over.yaml', budgeted('{ params: { atMost: 100 } }'));
    const { code, stderr, stdout } = await run(['compile', at, '--check-params']);
    expect(code).toBe(exit.fault);
    expect(stdout).toContain('✗ params');
    expect(stderr).toContain('error[E601]: params is 260');
    expect(stderr).toContain('224 come from this line (86%)');
  });

  test('without a check a broken limit is shown, not fatal', async () => {
    const at = file('over.yaml', budgeted('{ params: { atMost: 100 } }'));
    const { code, stdout } = await run(['compile', at]);
    expect(code).toBe(exit.ok);
    expect(stdout).toContain('✗ params');
  });

  test('--check-params looks at params only, --check at all', async () => {
    const at = file('macs.yaml', budgeted('{ params: { atMost: 300 }, macs: { atMost: 5 } }'));
    expect((await run(['compile', at, '--check-params'])).code).toBe(exit.ok);
    const all = await run(['compile', at, '--check']);
    expect(all.code).toBe(exit.fault);
    expect(all.stderr).toContain('error[E601]: macs is');
  });

  test('a check with nothing to check fails', async () => {
    const at = file('tiny.yaml', tiny);
    for (const flag of ['--check-params', '--check']) {
      const { code, stderr } = await run(['compile', at, flag]);
      expect(code).toBe(exit.fault);
      expect(stderr).toContain('error[E602]');
    }
  });
});

describe('forms', () => {
  test('--json has what scripts need', async () => {
    const { code, stdout } = await run(['compile', 'student', '--check-params', '--json']);
    expect(code).toBe(exit.ok);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      version: 1,
      name: 'student',
      params: { trainable: 256_779, nonTrainable: expect.any(Number) },
      macs: expect.any(Number),
      activationBytes: expect.any(Number),
      weightBytes: { fp32: expect.any(Number), fp16: expect.any(Number), int8: expect.any(Number) },
      budget: [{ metric: 'params', limit: 'exactly', actual: 256_779, ok: true }],
      diagnostics: [],
    });
    expect(found.layers[0]).toMatchObject({
      name: 'conv2d_1',
      op: 'conv2d',
      output: '128x128x16',
      params: 448,
      macs: expect.any(Number),
      line: expect.any(Number),
    });
  });

  const broken = tiny.replace('filters', 'filter');

  test('--json carries diagnostics', async () => {
    const { code, stdout } = await run(['compile', file('broken.yaml', broken), '--json']);
    expect(code).toBe(exit.fault);
    const [first] = JSON.parse(stdout).diagnostics;
    expect(first).toMatchObject({ code: 'E201', severity: 'error', docs: 'docs/errors.md#e201' });
    expect(first.place.range.start).toMatchObject({ line: 6, col: 30 });
  });

  test('github', async () => {
    const at = file('broken.yaml', broken);
    const { code, stdout, stderr } = await run(['compile', at, '--format', 'github']);
    expect(code).toBe(exit.fault);
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^::error file=.*broken\.yaml,line=6,col=30,endLine=6,endColumn=36,title=E201::conv2d has no key "filter"%0Ahelp: /,
    );
  });

  test('sarif', async () => {
    const at = file('broken.yaml', broken);
    const { code, stdout } = await run(['compile', at, '--format', 'sarif']);
    expect(code).toBe(exit.fault);
    const log = JSON.parse(stdout);
    expect(log.version).toBe('2.1.0');
    const [result] = log.runs[0].results;
    expect(log.runs[0].tool.driver.rules[result.ruleIndex].id).toBe('E201');
    expect(result.locations[0].physicalLocation.region).toMatchObject({
      startLine: 6,
      startColumn: 30,
    });
  });

  test.each(zooNames())('--print normalized of %s gives the same graph', async (name) => {
    const { stdout } = await run(['compile', name, '--print', 'normalized']);
    const again = await run(['compile', '-', '--print', 'graph'], { stdin: stdout });
    expect(again.stderr).toBe('');
    expect(again.stdout).toBe((await run(['compile', name, '--print', 'graph'])).stdout);
    expect(stdout).not.toMatch(/block:|blocks:|repeat:|branches:|bandwidth:/);
  });

  test('unknown forms are usage errors', async () => {
    expect((await run(['compile', 'student', '--format', 'xml'])).code).toBe(exit.usage);
    expect((await run(['compile', 'student', '--print', 'ir'])).code).toBe(exit.usage);
  });
});

describe('where architectures come from', () => {
  test('stdin', async () => {
    const { code, stdout } = await run(['compile', '-'], { stdin: tiny });
    expect(code).toBe(exit.ok);
    expect(stdout).toContain('<stdin>');
    const wrong = await run(['compile', '-'], { stdin: tiny.replace('relu', 'rleu') });
    expect(wrong.stderr).toContain('<stdin>:7:5');
    expect(wrong.stderr).toContain('did you mean "relu"');
  });

  test('variants', async () => {
    const at = file('variants.yaml', `${tiny}variants:\n  wide: { name: wider }\n`);
    for (const argv of [[`${at}#wide`], [at, '--variant', 'wide']]) {
      expect((await run(['compile', ...argv])).stdout).toContain('wider');
    }
    expect((await run(['compile', `${at}#wdie`])).stderr).toContain('did you mean "wide"?');
  });

  test('what cannot be read is said in words', async () => {
    const reason = async (reference: string) => (await run(['compile', reference])).stderr;
    mkdirSync(path.join(folder, 'nets'), { recursive: true });
    expect(await reason('studnet')).toContain('did you mean "student"');
    expect(await reason(path.join(folder, 'tniy.yaml'))).toContain('did you mean "tiny.yaml"');
    expect(await reason(path.join(folder, 'nets'))).toContain('it is a folder');
    expect(await reason(path.join(file('a.yaml', tiny), 'b.yaml'))).toContain('not a folder');
    expect(await reason(file('big.yaml', `# ${'x'.repeat(300_000)}`))).toContain('error[E102]');
    writeFileSync(path.join(folder, 'latin.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xe9, 0x0a]));
    expect(await reason(path.join(folder, 'latin.yaml'))).toContain('it is not UTF-8 text');
  });

  test('text in a file cannot drive the terminal', async () => {
    const at = file('escape.yaml', `${tiny}"\\e[31mred": 1\n`);
    const { stderr } = await run(['compile', at]);
    expect(stderr).toContain('error[E201]');
    expect(stderr).not.toContain('\u001b');
  });
});

test('--out writes a tfjs model', async () => {
  const out = path.join(folder, 'model');
  const { code } = await run(['compile', file('tiny.yaml', tiny), '--out', out, '-q']);
  expect(code).toBe(exit.ok);
  expect(JSON.parse(readFileSync(path.join(out, 'model.json'), 'utf8')).format).toBe(
    'layers-model',
  );
});

test('--watch compiles again when the file changes, and ends with stdin', async () => {
  const at = file('watched.yaml', tiny.replace('relu', 'rleu'));
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let saved = false;
  const ran = run(['compile', at, '--watch'], {
    ended,
    onWrite: (text) => {
      if (text.includes('watching') && !saved) {
        saved = true;
        setTimeout(() => writeFileSync(at, tiny), 100);
      } else if (text.includes('watching')) end();
    },
  });
  const { code, stdout, stderr } = await ran;
  expect(code).toBe(exit.ok);
  expect(stderr).toContain('error[E307]');
  expect(stderr).toContain('the standard input has ended');
  expect(stdout).toContain('260 trainable');
});

test('--out refuses two networks of one name before it writes any', async () => {
  const out = path.join(folder, 'twice');
  const other = file('other.yaml', tiny.replace('filters: 8', 'filters: 16'));
  const { code, stderr } = await run(['compile', file('tiny.yaml', tiny), other, '--out', out]);
  expect(code).toBe(exit.usage);
  expect(stderr).toContain('other.yaml would both be written to');
  expect(existsSync(out)).toBe(false);
});
