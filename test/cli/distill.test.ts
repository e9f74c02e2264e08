/** From the command line: a teacher is trained, a student learns from it, is killed, and goes on bit for bit. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Job, makeJob, sha256, trainArguments } from '../../scripts/proofs/job.ts';
import { exit, run } from './run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'netlathe-cli-distill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const yaml = (width: number, train: string, size = 8, classes = '3') => `
version: 1
name: small
input: { height: ${size}, width: ${size} }
classes: ${classes}
layers:
  - { op: conv2d, kernel: 3, filters: ${width}, padding: same }
  - batchNorm
  - relu
  - globalAvgPool
  - { op: dense, units: classes }
train:
  epochs: 2
  batch: 8
  augment: { flip: true }
  ${train}
`;

let job: Job;
const at = (name: string) => path.join(folder, name);

beforeAll(async () => {
  job = await makeJob(folder, yaml(12, 'seed: 1', 12), { training: 8, validation: 4, side: 14 });
  const trained = await run(trainArguments(job, at('teacher')));
  expect(trained.code).toBe(exit.ok);
}, 60_000);

function student(train: string, file = 'student.yaml', classes = '3'): Job {
  const architecture = at(file);
  writeFileSync(architecture, yaml(4, train, 8, classes));
  return { ...job, architecture };
}

const json = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;

describe('netlathe train with a teacher', () => {
  it('learns from a run, says so, and records whose weights they were', async () => {
    const learner = student(`distill: { teacher: "${at('teacher')}", method: dkd }`);
    const args = trainArguments(learner, at('run')).filter((a) => a !== '--json');
    const { code, stderr } = await run(args);
    expect(code).toBe(exit.ok);
    expect(stderr).toMatch(/taught by small, [\d,]+ parameters \(dkd, temperature 4, alpha 0.5\)/);
    expect(stderr).toContain('the teacher takes 12x12x3');
    const record = json(path.join(at('run'), 'run.json'));
    expect(record.teacher).toMatchObject({
      name: 'small',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      input: { height: 12, width: 12, channels: 3 },
      cached: false,
    });
    const [line] = readFileSync(path.join(at('run'), 'metrics.jsonl'), 'utf8').split('\n');
    const { train } = JSON.parse(line as string) as { train: Record<string, unknown> };
    expect(train.distillation).toMatchObject({ teacherTop1: expect.any(Number) });
    const page = readFileSync(path.join(at('run'), 'report.html'), 'utf8');
    expect(page).toContain('From the teacher');
  });

  it('goes on bit for bit after an end, and not with another teacher', async () => {
    const learner = student('distill: { teacher: nowhere }');
    const flags = ['--teacher', at('teacher')];
    const whole = await run(trainArguments(learner, at('whole'), flags));
    expect(whole.code).toBe(exit.ok);
    const controller = new AbortController();
    const first = await run(trainArguments(learner, at('cut'), flags), {
      signal: controller.signal,
      onWrite: (text) => {
        if (text.includes('"event":"epoch"')) controller.abort();
      },
    });
    expect(first.code).toBe(exit.interrupted);
    const other = ['--teacher', at('run'), '--resume'];
    const refused = await run(trainArguments(learner, at('cut'), other));
    expect(refused).toMatchObject({ code: exit.usage });
    expect(refused.stderr + refused.stdout).toContain('E541');
    const second = await run(trainArguments(learner, at('cut'), [...flags, '--resume']));
    expect(second.code).toBe(exit.ok);
    expect(sha256(path.join(at('cut'), 'last.safetensors'))).toBe(
      sha256(path.join(at('whole'), 'last.safetensors')),
    );
  });

  it('takes an architecture with weights for a teacher', async () => {
    const weights = path.join(at('teacher'), 'weights.safetensors');
    const arch = path.join(at('teacher'), 'architecture.yaml');
    const learner = student(`distill: { teacher: { arch: "${arch}", weights: "${weights}" } }`);
    const { code } = await run(trainArguments(learner, at('other')));
    expect(code).toBe(exit.ok);
    // Nothing but the way to it differs from the teacher of a run.
    const byRun = json(path.join(at('whole'), 'run.json')).teacher as { fingerprint: string };
    const byFile = json(path.join(at('other'), 'run.json')).teacher as { fingerprint: string };
    expect(byFile.fingerprint).toBe(byRun.fingerprint);
  });

  it('refuses a teacher that is not there or knows other classes', async () => {
    const missing = await run(
      trainArguments(student('distill: { teacher: runs/nobody }'), at('no')),
    );
    expect(missing.code).toBe(exit.usage);
    expect(missing.stderr + missing.stdout).toContain('E546');
    const wrong = readFileSync(path.join(at('teacher'), 'architecture.yaml'), 'utf8');
    writeFileSync(at('wrong.yaml'), wrong.replaceAll('beryl', 'basil'));
    const weights = path.join(at('teacher'), 'weights.safetensors');
    const learner = student(
      `distill: { teacher: { arch: "${at('wrong.yaml')}", weights: "${weights}" } }`,
    );
    const other = await run(trainArguments(learner, at('no')));
    expect(other.code).toBe(exit.usage);
    expect(other.stdout).toBe('');
    expect(other.stderr).toContain('only the photos have: "beryl"');
  });
});

describe('netlathe teacher-check', () => {
  const check = (...more: string[]) =>
    run([
      ...['teacher-check', '--teacher', at('teacher'), '--data', job.photos],
      ...['--cache', path.join(folder, 'cache'), ...more],
    ]);

  it('measures the teacher on what the student sees', async () => {
    const { architecture } = student('distill: { teacher: nowhere, temperature: 100 }');
    const { code, stdout } = await check('--arch', architecture, '--json', '--student', at('run'));
    expect(code).toBe(exit.ok);
    const result = JSON.parse(stdout);
    expect(result.measured.map((m: { split: string }) => m.split)).toEqual(['validation', 'train']);
    expect(result.measured[0]).toMatchObject({ count: 12, loss: expect.any(Number) });
    expect(result.student.name).toBe('small');
    const entropies = result.temperatures.map((t: { entropy: number }) => t.entropy);
    expect(result.temperatures.map((t: { temperature: number }) => t.temperature)).toEqual([
      1, 2, 4, 8, 20, 100,
    ]);
    expect(entropies).toEqual(entropies.toSorted((a: number, b: number) => a - b));
    expect(result.notes[0]).toContain('12x12x3');
    expect(result.warnings.join()).toContain('at temperature 100 its targets are nearly uniform');
  });

  it('warns of a teacher that is no better than the student', async () => {
    // The same network on the same view: as good, and no better.
    const { stdout } = await check('--arch', job.architecture, '--student', at('teacher'));
    expect(stdout).toContain('warning: the teacher is no better than the student');
    expect(stdout).toMatch(/validation +[\d.]+% of 12 right/);
    expect(stdout).toMatch(/^ +4 +[\d.]+% +[\d.]+% .* the default$/m);
  });

  it('names classes that differ', async () => {
    const { architecture } = student('seed: 0');
    writeFileSync(
      at('wrong.yaml'),
      readFileSync(path.join(at('teacher'), 'architecture.yaml'), 'utf8').replace('coral', 'corn'),
    );
    const { code, stderr } = await run([
      ...['teacher-check', '--teacher', at('wrong.yaml'), '--data', job.photos],
      ...['--weights', path.join(at('teacher'), 'weights.safetensors'), '--arch', architecture],
      ...['--cache', path.join(folder, 'cache')],
    ]);
    expect(code).toBe(exit.usage);
    expect(stderr).toContain('only the teacher has: "corn"');
  });
});
