/** `netlathe compare`: checks first, trains what is missing, goes on where it was cut off, mixes nothing. */

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeJob, weightHashes } from '../../scripts/proofs/job.ts';
import { exit, run } from './run.ts';

const network = `version: 1
name: tiny
input: { height: 16, width: 16 }
classes: 3
bandwidth: [4, 8]
constants: { act: relu }
layers:
  - { op: conv2d, kernel: 3, filters: "bandwidth[0]", padding: same }
  - act
  - { op: conv2d, kernel: 3, filters: "bandwidth[1]", padding: same }
  - act
  - globalAvgPool
  - { op: dense, units: classes }
variants:
  hard: { constants: { act: hardSwish } }
`;

const suite = (recipe: string, more = '') => `version: 1
name: tiny-suite
data: photos
budget: { params: { atMost: 500 } }
train: { ${recipe}, batch: 8 }
networks:
  first: { arch: net.yaml, fit: true }
  second: { arch: "net.yaml#hard", fit: true }
${more}`;

let folder: string;
let job: Awaited<ReturnType<typeof makeJob>>;
const at = (name: string) => path.join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'netlathe-compare-'));
  job = await makeJob(folder, network, { training: 6, validation: 4, side: 18 });
  writeFileSync(at('net.yaml'), network);
  writeFileSync(at('suite.yaml'), suite('epochs: 2'));
}, 30_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const compare = (name: string, ...more: string[]) =>
  run(['compare', at(name), '--out', at('out'), '--cache', at('cache'), ...more]);

describe('before anything is trained', () => {
  it('says what would run, with the fitted counts', async () => {
    const { code, stdout } = await compare('suite.yaml', '--dry-run');
    expect(code).toBe(exit.ok);
    const counts = [...stdout.matchAll(/^(\w+) {2}([\d,]+) params/gm)].map((m) => [m[1], m[2]]);
    expect(counts.map(([name]) => name)).toEqual(['first', 'second']);
    for (const [, count] of counts) {
      expect(Number(count)).toBeLessThanOrEqual(500);
      expect(Number(count)).toBeGreaterThan(450);
    }
  });

  it('points at a mistake in the suite', async () => {
    writeFileSync(at('wrong.yaml'), suite('epochs: 2, labelSmooting: 0.1'));
    const { code, stderr } = await compare('wrong.yaml');
    expect(code).toBe(exit.fault);
    expect(stderr).toContain('error[E201]');
    expect(stderr).toContain('did you mean "labelSmoothing"?');
  });

  it('points at a mistake in --ablate', async () => {
    const { code, stderr } = await compare('suite.yaml', '--ablate', 'augment.flop=true');
    expect(code).toBe(exit.fault);
    expect(stderr).toContain('did you mean "flip"?');
    expect(stderr).toContain('augment.flop: [true]');
  });

  it.each([
    [['--only', 'frist'], 'did you mean "first"?'],
    [['--ablate', 'labelSmoothing'], 'has no value'],
    [['--jobs', '0'], '--jobs must be at least 1'],
    [['--seeds', '1,2'], '--seeds goes with --arch'],
    [['--numerics', 'fast'], '--numerics cannot be "fast"'],
  ])('refuses %j', async (flags, text) => {
    const { code, stderr } = await compare('suite.yaml', ...flags);
    expect(code).toBe(exit.usage);
    expect(stderr).toContain(text);
  });

  it('refuses photos with other classes', async () => {
    writeFileSync(at('named.yaml'), network.replace('classes: 3', 'classes: [amber, beryl, jade]'));
    writeFileSync(at('named-suite.yaml'), suite('epochs: 1').replaceAll('net.yaml', 'named.yaml'));
    const { code, stderr } = await compare('named-suite.yaml', '--out', at('other'));
    expect(code).toBe(exit.usage);
    expect(stderr).toContain('error[E503]');
  });

  it('varies the recipe of one architecture without a suite', async () => {
    const { code, stdout, stderr } = await run(
      [
        'compare',
        '--arch',
        at('net.yaml'),
        '--seeds',
        '3,4',
        '--dry-run',
        '--data',
        job.photos,
      ].concat([
        '--ablate',
        'labelSmoothing=0,0.1',
        '--ablate',
        'optimizer={ name: sgd, learningRate: 0.1 }',
      ]),
    );
    expect(code).toBe(exit.ok);
    const names = [...stdout.matchAll(/^(\S+) {2}/gm)].map((m) => m[1]);
    expect(names).toEqual([
      'net',
      'net--labelSmoothing-0.1',
      'net--optimizer-sgd-learningRate-0.1',
    ]);
    // 0 is what it is without being said.
    expect(stderr).toContain('warning[W902]');
    expect(stdout).toContain('seeds: 3 to train, 4 to train');
  });
});

describe('training', () => {
  const runOf = (name: string) => at(`out/runs/${name}/seed-0`);

  it('trains what is missing, and nothing twice', async () => {
    const some = await compare('suite.yaml', '--only', 'first');
    expect([some.code, some.stderr]).toEqual([exit.ok, expect.stringContaining('first seed 0')]);
    expect(some.stderr).not.toContain('second seed 0');
    const before = statSync(path.join(runOf('first'), 'weights.safetensors')).mtimeMs;
    const rest = await compare('suite.yaml', '--jobs', '2');
    expect([rest.code, rest.stderr]).toEqual([exit.ok, expect.stringContaining('second seed 0')]);
    expect(statSync(path.join(runOf('first'), 'weights.safetensors')).mtimeMs).toBe(before);
    expect(rest.stderr).not.toContain('\u001b[2K');
  }, 60_000);

  it('goes on with a trial that was cut off, to the same weights, only when asked', async () => {
    const before = weightHashes(runOf('second'));
    const file = path.join(runOf('second'), 'run.json');
    const record = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...record, status: 'running' }));
    const refused = await compare('suite.yaml');
    expect(refused.code).toBe(exit.usage);
    expect(refused.stderr).toContain('error[E952]');
    expect(refused.stderr).toContain('--resume');
    const { code } = await compare('suite.yaml', '--resume');
    expect(code).toBe(exit.ok);
    expect(weightHashes(runOf('second'))).toBe(before);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ status: 'finished' });
  }, 60_000);

  it('refuses to mix with trials of another recipe', async () => {
    writeFileSync(at('longer.yaml'), suite('epochs: 3'));
    const { code, stderr } = await compare('longer.yaml');
    expect(code).toBe(exit.usage);
    expect(stderr).toContain('error[E951]');
    expect(stderr).toContain('first/seed-0: another recipe (epochs)');
  });

  it('takes the same photos at another place as the same, and mixes no others in', async () => {
    cpSync(job.photos, at('copy'), { recursive: true });
    const same = await compare('suite.yaml', '--data', at('copy'));
    expect([same.code, same.stderr]).toEqual([exit.ok, expect.not.stringContaining('to train')]);
    cpSync(at('copy/training/amber/0.png'), at('copy/training/amber/1.png'));
    writeFileSync(at('seeds.yaml'), suite('epochs: 2', 'seeds: [0, 1]\n'));
    for (const name of ['suite.yaml', 'seeds.yaml']) {
      const { code, stderr } = await compare(name, '--data', at('copy'));
      expect([code, stderr]).toEqual([exit.usage, expect.stringContaining('error[E951]')]);
      expect(stderr).toContain('first/seed-0: other photos');
    }
    expect(existsSync(at('out/runs/first/seed-1'))).toBe(false);
  }, 60_000);

  it('takes the same suite in other words as the same', async () => {
    writeFileSync(
      at('reworded.yaml'),
      suite('batch: 8, epochs: 2, labelSmoothing: 0').replace(', batch: 8 }', ' }'),
    );
    const { code, stderr } = await compare('reworded.yaml', '--dry-run');
    expect([code, stderr]).toEqual([exit.ok, '']);
  });

  it('saves and stops on Ctrl-C, and goes on from there', async () => {
    writeFileSync(at('long.yaml'), suite('epochs: 40'));
    const controller = new AbortController();
    const args = ['compare', at('long.yaml'), '--out', at('stopped'), '--cache', at('cache')];
    const running = run([...args, '--only', 'first'], { signal: controller.signal });
    const metrics = at('stopped/runs/first/seed-0/metrics.jsonl');
    const lines = () =>
      existsSync(metrics) ? readFileSync(metrics, 'utf8').split('\n').length : 0;
    while (lines() < 2) await wait(20);
    controller.abort();
    const { code, stderr } = await running;
    expect([code, stderr]).toEqual([
      exit.interrupted,
      expect.stringContaining('stopped after a checkpoint'),
    ]);
    const record = () =>
      JSON.parse(readFileSync(at('stopped/runs/first/seed-0/run.json'), 'utf8')) as unknown;
    expect(record()).toMatchObject({ status: 'interrupted' });
    expect(existsSync(at('stopped/runs/first/seed-0/run.lock'))).toBe(false);
    const again = await run([...args, '--only', 'first', '--resume']);
    expect(again.code).toBe(exit.ok);
    expect(record()).toMatchObject({ status: 'finished' });
  }, 120_000);

  it('leaves what a cluster may still train to the cluster', async () => {
    const claim = at('claimed/runs/second/seed-0.job');
    mkdirSync(path.dirname(claim), { recursive: true });
    writeFileSync(claim, 'netlathe-tiny-second-1a2b\n');
    const { code, stderr } = await compare('suite.yaml', '--out', at('claimed'));
    expect([code, stderr]).toEqual([exit.usage, expect.stringContaining('error[E957]')]);
    expect(stderr).toContain('1 trial belongs to a Ray cluster');
    expect(stderr).toContain(`${claim}: netlathe-tiny-second-1a2b`);
    expect(existsSync(at('claimed/runs/first/seed-0'))).toBe(false);
  }, 120_000);

  it('trains a teacher before its students, and tells them where it is', async () => {
    const teaching = `version: 1
name: taught
data: photos
seeds: [3]
train: { epochs: 1, batch: 8 }
networks:
  student: { arch: net.yaml, train: { distill: { teacher: master, temperature: 4 } } }
  master: { arch: "net.yaml#hard", role: teacher, seeds: [7], train: { epochs: 2 } }
`;
    writeFileSync(at('taught.yaml'), teaching);
    const { code, stderr } = await compare('taught.yaml', '--out', at('taught'), '--jobs', '2');
    expect([code, stderr]).toEqual([
      exit.ok,
      expect.stringMatching(/master seed 7[\s\S]*student seed 3/),
    ]);
    const record = readFileSync(at('taught/runs/student/seed-3/run.json'), 'utf8');
    expect(JSON.parse(record)).toMatchObject({
      status: 'finished',
      recipe: { distill: { alpha: 0.5 } },
    });
    // Moved elsewhere it is still the same suite.
    renameSync(at('taught'), at('moved'));
    const moved = await compare('taught.yaml', '--out', at('moved'), '--dry-run');
    expect([moved.code, moved.stdout]).toEqual([exit.ok, expect.stringContaining('3 done')]);
  }, 120_000);

  it('trains a teacher again that was published without weights, where a student is to learn from it', async () => {
    const published = at('shared');
    const both = ['--out', at('moved'), '--publish', published];
    expect((await compare('taught.yaml', ...both)).code).toBe(exit.ok);
    const more = readFileSync(at('taught.yaml'), 'utf8').replace('seeds: [3]', 'seeds: [3, 4]');
    writeFileSync(at('taught-more.yaml'), more);
    // With its weights laid beside it, it can teach as it is.
    const weights = 'runs/master/seed-7/weights.safetensors';
    cpSync(path.join(at('moved'), weights), path.join(published, weights));
    const whole = await compare('taught-more.yaml', '--out', published, '--dry-run');
    expect(whole.stdout).toMatch(/^master .* seeds: 7 done$/m);
    rmSync(path.join(published, weights));
    const dry = await compare('taught-more.yaml', '--out', published, '--dry-run');
    expect(dry.stdout).toMatch(
      /^student .* seeds: 3 done, 4 to train\nmaster .* seeds: 7 to train$/m,
    );
    const { code, stderr } = await compare('taught-more.yaml', '--out', published);
    expect([code, stderr]).toEqual([
      exit.ok,
      expect.stringMatching(/master seed 7[\s\S]*student seed 4/),
    ]);
    expect(stderr).not.toContain('student seed 3');
    // What is all there needs no weights.
    const again = await compare('taught-more.yaml', '--out', published, '--dry-run');
    expect(again.stdout).not.toContain('to train');
  }, 120_000);

  it('withdraws what was published by another recipe', async () => {
    const published = at('shared');
    const other = readFileSync(at('taught.yaml'), 'utf8').replace('epochs: 1', 'epochs: 3');
    writeFileSync(at('taught-longer.yaml'), other);
    const flags = ['--out', at('longer'), '--publish', published, '--only', 'master'];
    // A student was trained there, and so has weights: they must not come to lie beside other records.
    const refused = await compare('taught-longer.yaml', ...flags);
    expect([refused.code, refused.stderr]).toEqual([
      exit.usage,
      expect.stringContaining('error[E958]'),
    ]);
    expect(existsSync(at('longer/runs'))).toBe(false);
    rmSync(published, { recursive: true });
    await compare('taught.yaml', '--out', at('moved'), '--publish', published);
    writeFileSync(at('shared/runs/student/seed-3/notes.txt'), 'mine');
    const { code, stderr } = await compare('taught-longer.yaml', ...flags);
    expect([code, stderr]).toEqual([exit.ok, expect.stringContaining('withdrew student/seed-3')]);
    expect(readdirSync(at('shared/runs/student'))).toEqual(['seed-3']);
    expect(readdirSync(at('shared/runs/student/seed-3'))).toEqual(['notes.txt']);
    const again = await compare('taught-longer.yaml', '--out', published, '--dry-run');
    expect([again.code, again.stdout]).toEqual([
      exit.ok,
      expect.stringMatching(/^student .* seeds: 3 to train\nmaster .* seeds: 7 to train$/m),
    ]);
  }, 120_000);

  it('trains with --only all that came before it, teacher by teacher', async () => {
    const chain = `version: 1
name: chain
data: photos
train: { epochs: 1, batch: 8 }
networks:
  third: { arch: net.yaml, train: { distill: { teacher: second } } }
  second: { arch: net.yaml, train: { distill: { teacher: first } } }
  first: { arch: net.yaml }
  alone: { arch: net.yaml }
`;
    writeFileSync(at('chain.yaml'), chain);
    const { code } = await compare('chain.yaml', '--out', at('chain'), '--only', 'third');
    expect(code).toBe(exit.ok);
    expect(readdirSync(at('chain/runs')).sort()).toEqual(['first', 'second', 'third']);
  }, 120_000);

  it.each([[], ['--dry-run']])(
    'refuses a teacher that is neither in the suite nor on the disk %s',
    async (...flags) => {
      writeFileSync(
        at('lost.yaml'),
        suite('epochs: 1').replace(
          'fit: true }',
          'fit: true, train: { distill: { teacher: secnd } } }',
        ),
      );
      const { code, stderr } = await compare('lost.yaml', '--out', at('lost'), ...flags);
      expect(code).toBe(exit.usage);
      expect(stderr).toContain('error[E953]');
      expect(stderr).toContain('did you mean "second"?');
    },
  );

  it('shows a failed trial as failed, goes on with the others, and ends with its code', async () => {
    mkdirSync(at('failing/runs/first'), { recursive: true });
    // A file where the run's folder should be.
    writeFileSync(at('failing/runs/first/seed-0'), '');
    const { code, stderr } = await compare('suite.yaml', '--out', at('failing'));
    expect(code).toBe(exit.usage);
    expect(stderr).toContain('failed: first seed 0');
    expect(stderr).toContain('second seed 0  done');
  }, 60_000);

  it('tells why a trial failed also where its log cannot be written', async () => {
    mkdirSync(at('unlogged/runs/first/seed-0.log'), { recursive: true });
    writeFileSync(at('unlogged/runs/first/seed-0'), '');
    const only = ['--out', at('unlogged'), '--only', 'first'];
    const { code, stderr } = await compare('suite.yaml', ...only);
    expect(code).toBe(exit.usage);
    expect(stderr).toMatch(/failed: first seed 0: .*; its log cannot be written \(EISDIR\)/);
  }, 60_000);

  it('keeps the page and the times that there are where Ctrl-C comes during the measurement', async () => {
    await compare('suite.yaml', '--out', at('timed'));
    const page = readFileSync(at('timed/comparison.html'), 'utf8');
    rmSync(at('timed/latency.json'));
    let asked = 0;
    const signal = {
      get aborted() {
        return ++asked > 12;
      },
    } as AbortSignal;
    const args = ['compare', at('suite.yaml'), '--out', at('timed'), '--cache', at('cache')];
    expect((await run(args, { signal })).code).toBe(exit.interrupted);
    expect(existsSync(at('timed/latency.json'))).toBe(false);
    expect(readFileSync(at('timed/comparison.html'), 'utf8')).toBe(page);
  }, 60_000);
});
