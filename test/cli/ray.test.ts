/** Trials on a Ray cluster, against a stand-in that speaks its Jobs REST interface and runs the jobs in real shells. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { quoted } from '../../runtime/ray/jobs.ts';
import { makeJob, root, weightHashes } from '../../scripts/proofs/job.ts';
import { type FakeJob, type FakeOptions, FakeRay, signal as send } from './fake-ray.ts';
import { exit, run } from './run.ts';

const network = `version: 1
name: tiny
input: { height: 16, width: 16 }
classes: 3
layers:
  - { op: conv2d, kernel: 3, filters: 4, padding: same }
  - relu
  - globalAvgPool
  - { op: dense, units: classes }
`;

const suite = (epochs: number) => `version: 1
name: tiny-suite
data: photos
seeds: [0, 1]
train: { epochs: ${epochs}, batch: 8 }
networks: { only: { arch: net.yaml } }
`;

let folder: string;
const at = (name: string) => path.join(folder, name);
const trial = (out: string, seed: number) => path.join(at(out), 'runs/only', `seed-${seed}`);
const tsx = createRequire(import.meta.url).resolve('tsx');
const program = `${quoted(process.execPath)} --import ${quoted(tsx)} ${quoted(path.join(root, 'cli/bin.ts'))}`;

beforeAll(async () => {
  // A name that no shell may take apart.
  folder = mkdtempSync(path.join(tmpdir(), "netlathe ray's $(x)-"));
  await makeJob(folder, network, { training: 6, validation: 4, side: 18 });
  writeFileSync(at('net.yaml'), network);
  writeFileSync(at('suite.yaml'), suite(2));
  writeFileSync(at('long.yaml'), suite(400));
  writeFileSync(at('later.yaml'), suite(60));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

let fake: FakeRay;
afterEach(() => fake.close());

async function compare(
  options: FakeOptions,
  args: readonly string[],
  more: Parameters<typeof run>[1] = {},
) {
  fake = await FakeRay.start(options);
  return again(args, more);
}

const again = (args: readonly string[], more: Parameters<typeof run>[1] = {}) =>
  run(
    [
      ...['compare', ...args, '--on', fake.address, '--node-command', program],
      ...['--cache', at('cache'), '--threads', '1'],
    ],
    more,
  );

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await wait(20);
}

describe('before anything is trained', () => {
  let outs = 0;
  const args = () => [at('suite.yaml'), '--out', at(`unused-${outs++}`)];

  it('says so where nobody answers', async () => {
    fake = await FakeRay.start();
    const { address } = fake;
    await fake.close();
    const { code, stderr } = await run(['compare', ...args(), '--on', address]);
    expect([code, stderr]).toEqual([exit.usage, expect.stringContaining('error[E954]')]);
    expect(stderr).toContain('ECONNREFUSED');
  }, 120_000);

  it('asks for the token, and gives it', async () => {
    const without = await compare({ token: 'secret' }, args());
    expect(without.stderr).toContain('set RAY_AUTH_TOKEN');
    expect(without.code).toBe(exit.usage);
    const wrong = ['--node-command', 'no-such-netlathe'];
    const { code, stderr } = await run(
      ['compare', ...args(), '--on', fake.address, ...wrong, '--cache', at('cache')],
      { env: { RAY_AUTH_TOKEN: 'secret' } },
    );
    expect([code, stderr]).toEqual([exit.usage, expect.stringContaining('error[E955]')]);
    expect(stderr).toContain('a node of the cluster cannot run "no-such-netlathe"');
    expect(fake.trials).toEqual([]);
  }, 120_000);

  it('refuses nodes with another version', async () => {
    fake = await FakeRay.start();
    const flags = ['--on', fake.address, '--node-command', 'echo 0.0.1', '--cache', at('cache')];
    const { code, stderr } = await run(['compare', ...args(), ...flags]);
    expect([code, stderr]).toEqual([exit.usage, expect.stringContaining('error[E955]')]);
    expect(stderr).toContain('a node of the cluster has netlathe 0.0.1');
  }, 120_000);

  it.each([
    ['ray://head:10001', "that of Ray's Python client"],
    ['head:8265', 'is no address'],
    ['ftp://head', 'is no address'],
  ])('refuses the address %s', async (address, text) => {
    fake = await FakeRay.start();
    const { code, stderr } = await run(['compare', ...args(), '--on', address]);
    expect([code, stderr]).toEqual([exit.usage, expect.stringContaining(text)]);
  });
});

describe('trials on a cluster', () => {
  it('end as on this machine, though answers and a node are lost', async () => {
    const local = await run([
      ...['compare', at('suite.yaml'), '--out', at('local')],
      ...['--cache', at('cache')],
    ]);
    expect(local.code).toBe(exit.ok);
    let asked = 0;
    // Every fifth answer is lost, of submissions too: those must not become two jobs.
    const fault = () => (++asked % 5 === 0 ? (asked % 2 === 0 ? 'drop' : 503) : undefined);
    fake = await FakeRay.start({ fault, slots: 1 });
    const running = again([at('suite.yaml'), '--out', at('cluster')]);
    await until(() => fake.trials.some(({ log }) => log.includes('"event":"start"')));
    const first = fake.trials.find(({ status }) => status === 'RUNNING');
    if (first) fake.lose(first);
    const { code, stdout, stderr } = await running;
    expect([code, stderr]).toEqual([exit.ok, expect.stringContaining('its node was lost')]);
    for (const seed of [0, 1]) {
      expect(weightHashes(trial('cluster', seed))).toBe(weightHashes(trial('local', seed)));
    }
    expect(stdout).toBe(local.stdout);
    expect(fake.trials).toHaveLength(3);
    expect(fake.trials.every(({ cpus }) => cpus === 1)).toBe(true);
    expect(existsSync(`${trial('cluster', 0)}.job`)).toBe(false);
  }, 300_000);

  it('are stopped by Ctrl-C, also those that wait', async () => {
    const controller = new AbortController();
    const args = [at('long.yaml'), '--out', at('stopped')];
    fake = await FakeRay.start({ slots: 1 });
    const running = again(args, { signal: controller.signal });
    await until(() => fake.trials.some(({ log }) => log.includes('"event":"epoch"')));
    await until(() => fake.trials.length === 2);
    controller.abort();
    const { code, stderr } = await running;
    expect([code, stderr]).toEqual([
      exit.interrupted,
      expect.stringContaining('stopped after a checkpoint'),
    ]);
    // The one that waited gets its turn, finds that it is not wanted, and trains nothing.
    await until(() =>
      fake.trials.every(({ status }) => status !== 'PENDING' && status !== 'RUNNING'),
    );
    expect(fake.trials.map(({ status }) => status)).toEqual(['STOPPED', 'STOPPED']);
    const begun = [0, 1].map((seed) => trial('stopped', seed)).filter((run) => existsSync(run));
    expect(begun).toHaveLength(1);
    const record = JSON.parse(readFileSync(path.join(begun[0] as string, 'run.json'), 'utf8'));
    expect(record).toMatchObject({ status: 'interrupted' });
  }, 300_000);

  it('are stopped though the dashboard does not answer at once', async () => {
    const controller = new AbortController();
    const refused = new Set<string>();
    const fault = (_method: string, url: string) => {
      if (!url.endsWith('/stop') || refused.has(url)) return undefined;
      refused.add(url);
      return 503;
    };
    fake = await FakeRay.start({ fault });
    const args = [at('long.yaml'), '--out', at('busy'), '--jobs', '1'];
    const running = again(args, { signal: controller.signal });
    await until(() => fake.trials.some(({ log }) => log.includes('"event":"epoch"')));
    controller.abort();
    expect((await running).code).toBe(exit.interrupted);
    expect(fake.trials.map(({ status }) => status)).toEqual(['STOPPED']);
    expect(refused.size).toBe(1);
  }, 300_000);

  /** A suite of two trials that is gone, as after SIGKILL, while its jobs are not: nothing that stops one got through. */
  async function abandoned(file: string, out: string, more: FakeOptions['fault']) {
    const controller = new AbortController();
    const fault: FakeOptions['fault'] = (method, url) =>
      url.endsWith('/stop') ? 403 : more?.(method, url);
    fake = await FakeRay.start({ fault, slots: 1 });
    const args = [at(file), '--out', at(out)];
    const running = again(args, { signal: controller.signal });
    await until(() => fake.trials.some(({ log }) => log.includes('"event":"epoch"')));
    send(fake.trials[0] as FakeJob, 'SIGSTOP');
    await until(() => fake.trials.length === 2);
    const claims = [0, 1].map((seed) => `${trial(out, seed)}.job`);
    const names = claims.map((claim) => readFileSync(claim, 'utf8'));
    controller.abort();
    await running;
    for (const [i, claim] of claims.entries()) writeFileSync(claim, names[i] as string);
    return args;
  }

  it('are found again by a suite that comes later', async () => {
    const args = await abandoned('long.yaml', 'left', undefined);
    const later = new AbortController();
    const resumed = again([...args, '--resume'], { signal: later.signal });
    // Also at once: nothing is asked of nodes that have no CPU but for these jobs.
    await wait(1500);
    send(fake.trials[0] as FakeJob, 'SIGCONT');
    expect(fake.jobs.map(({ status }) => status)).toEqual(['SUCCEEDED', 'RUNNING', 'PENDING']);
    later.abort();
    const { code, stderr } = await resumed;
    expect([code, stderr]).not.toContain(exit.ok);
    expect(stderr).toContain('jobs of an earlier command that go on');
  }, 300_000);

  it('are not trained again where they came to their end meanwhile', async () => {
    let away = false;
    const asked = new Set<string>();
    // Both jobs end after the later suite was told of one of them, whichever that is, and before it hears of the other.
    const fault = (_method: string, url: string) => {
      const job = fake.trials.find(({ id }) => url.endsWith(`/${id}`));
      if (!away || !job) return undefined;
      if (asked.add(job.id).size < 2) return undefined;
      send(fake.trials[0] as FakeJob, 'SIGCONT');
      return fake.trials.every(({ status }) => status === 'SUCCEEDED') ? undefined : 503;
    };
    const args = await abandoned('later.yaml', 'ended', fault);
    away = true;
    const { code, stderr } = await again([...args, '--resume']);
    expect([code, stderr]).toEqual([exit.ok, expect.stringContaining('that go on')]);
    expect(fake.trials.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  }, 300_000);

  it('tell why they failed, and are not tried again for their own fault', async () => {
    writeFileSync(
      at('wild.yaml'),
      suite(2).replace('batch: 8', 'batch: 8, optimizer: { name: sgd, learningRate: 100000000 }'),
    );
    const { code, stderr } = await compare({}, [at('wild.yaml'), '--out', at('wild')]);
    expect(code).toBe(exit.usage);
    expect(stderr).toMatch(/failed: only seed 0: .*\(E540\)/);
    expect(fake.trials).toHaveLength(2);
  }, 300_000);

  it('are given up where they are lost again and again', async () => {
    fake = await FakeRay.start();
    const running = again([at('long.yaml'), '--out', at('lost'), '--jobs', '1']);
    let over = false;
    void running.finally(() => {
      over = true;
    });
    while (!over) {
      for (const job of fake.trials) if (job.status === 'RUNNING') fake.lose(job);
      await wait(20);
    }
    const { code, stderr } = await running;
    expect([code, stderr]).toEqual([
      exit.usage,
      expect.stringContaining('failed: only seed 0: lost 5 times in a row: its node was lost'),
    ]);
  }, 300_000);
});
