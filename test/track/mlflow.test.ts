/** A run in MLflow, against a real HTTP server: what arrives, and what happens where the server does not do its part. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EpochMetrics, RunRecord, RunStatus } from '../../runtime/report/records.ts';
import { MlflowReporter } from '../../runtime/track/mlflow.ts';
import { together } from '../../runtime/track/reporter.ts';
import { scalarsOf } from '../../runtime/track/scalars.ts';
import type { RunResult } from '../../runtime/train/run.ts';
import { exit, run } from '../cli/run.ts';
import { epochs, run as recordOf } from '../report/fixture.ts';
import { MlflowTestServer } from './mlflow-server.ts';

let server: MlflowTestServer;
let url: string;
let folder: string;
let said: string[];
const all = epochs(5);
const record = recordOf();

beforeEach(async () => {
  server = new MlflowTestServer();
  url = await server.start();
  folder = mkdtempSync(path.join(tmpdir(), 'netlathe-mlflow-'));
  said = [];
});

afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

function reporter(
  more: { readonly resumed?: boolean; readonly end?: number; readonly patience?: number } = {},
) {
  return new MlflowReporter({
    server: { url, authorization: 'Bearer secret', patience: more.patience ?? 10 },
    experiment: 'food & more',
    folder,
    resumed: more.resumed === true,
    artifacts: ['report.html', 'not-there.json'],
    notices: {
      warning: (text) => void said.push(`warning: ${text}`),
      note: (text) => void said.push(text),
    },
    patience: { end: more.end ?? 20, interrupted: 10 },
  });
}

const ended = (status: RunStatus) => ({ ...record, status });
const result = { best: { epoch: 4, top1: 0.75 } } as RunResult;

/** Until so much was said. */
async function told(count: number): Promise<void> {
  while (said.length < count) await wait(10);
}

async function train(its: MlflowReporter, from: number, to: number, before = from): Promise<void> {
  await its.onBegin(record, all.slice(0, before));
  for (const metrics of all.slice(from, to)) its.onEpoch(metrics);
}

/** What MLflow has must be what metrics.jsonl has, each number once. */
function expectCurves(metrics: readonly EpochMetrics[], i = 0): void {
  const kept = server.runs[i]?.metrics.filter(({ key }) => key !== 'accuracy/best');
  const wanted = metrics.flatMap((m) =>
    scalarsOf(m).map(([key, value]) => ({ key, value, step: m.epoch })),
  );
  expect(kept?.map(({ key, value, step }) => ({ key, value, step }))).toEqual(wanted);
}

describe('a run in MLflow', () => {
  it('has parameters, tags, figures, files and its end', async () => {
    writeFileSync(path.join(folder, 'report.html'), '<p>');
    const its = reporter();
    await train(its, 0, 5);
    await its.onEnd(ended('finished'), result);
    const [kept] = server.runs;
    expect(server.experiments.get('food & more')).toBe(kept?.experiment);
    expect([kept?.name, kept?.status]).toEqual([path.basename(folder), 'FINISHED']);
    expect(Object.fromEntries(kept?.params ?? [])).toMatchObject({
      batch: String(record.recipe.batch),
      'optimizer.learningRate': String(record.recipe.optimizer.learningRate),
    });
    expect(kept?.tags).toContainEqual({ key: 'netlathe.seed', value: String(record.seed) });
    const { trainable } = record.architecture.counts.params;
    expect(kept?.tags).toContainEqual({ key: 'netlathe.parameters', value: String(trainable) });
    expectCurves(all);
    expect(kept?.metrics.at(-1)).toMatchObject({ key: 'accuracy/best', value: 0.75, step: 4 });
    expect([...(kept?.files.keys() ?? [])]).toEqual(['report.html']);
    expect([...server.authorizations]).toEqual(['Bearer secret']);
    expect(said).toEqual([`this run in MLflow: ${url}/#/experiments/1/runs/run1`]);
  });

  it.each([
    ['stopped', 'FINISHED'],
    ['failed', 'FAILED'],
    ['interrupted', 'KILLED'],
  ] as const)('that %s ends as %s', async (status, wanted) => {
    const its = reporter();
    await train(its, 0, 2);
    await its.onEnd(ended(status), status === 'failed' ? undefined : result);
    expect(server.runs[0]?.status).toBe(wanted);
  });

  it('is gone on with after --resume, and begun anew without', async () => {
    const first = reporter();
    await train(first, 0, 2);
    await first.onEnd(ended('interrupted'), result);
    const second = reporter({ resumed: true });
    await train(second, 2, 4);
    await second.onEnd(ended('finished'), result);
    expect(server.runs.map(({ status }) => status)).toEqual(['FINISHED']);
    expectCurves(all.slice(0, 4));
    const third = reporter();
    await train(third, 0, 1);
    await third.onEnd(ended('finished'), result);
    expect(server.runs).toHaveLength(2);
    expectCurves(all.slice(0, 1), 1);
  });

  it('does not go on with the run of a file that is damaged', async () => {
    writeFileSync(path.join(folder, 'mlflow.json'), '{ "version": 1, "run": {');
    const its = reporter({ resumed: true });
    await train(its, 3, 5);
    await its.onEnd(ended('finished'), result);
    expectCurves(all);
  });

  it('cuts a value that MLflow would refuse, and leaves files where it takes none', async () => {
    server.artifactRoot = 's3://bucket';
    writeFileSync(path.join(folder, 'report.html'), '<p>');
    const long: RunRecord = {
      ...record,
      recipe: { ...record.recipe, freeze: Array.from({ length: 99 }, (_, i) => `layer_${i}`) },
    };
    const its = reporter();
    await its.onBegin(long, []);
    await its.onEnd(ended('finished'), result);
    expect(server.runs[0]?.params.get('freeze')).toMatch(/^\["layer_0".{480,}\.\.\.$/);
    expect(server.runs[0]?.status).toBe('FINISHED');
    expect(said[0]).toMatch(/^MLflow keeps files at s3:\/\/bucket\/run1\/files, out of reach/);
  });
});

describe('a server that does not do its part', () => {
  it('is warned of once, and gets all of it when it is back', async () => {
    server.fault = 'broken';
    const its = reporter();
    await train(its, 0, 1);
    await told(1);
    const { requests } = server;
    its.onEpoch(all[1] as EpochMetrics);
    while (server.requests === requests) await wait(10);
    expect(said).toEqual([
      `warning: MLflow at ${url}: it answers with 503. The training goes on; what is not sent is kept until it answers again`,
    ]);
    server.fault = 'none';
    its.onEpoch(all[2] as EpochMetrics);
    await its.onEnd(ended('finished'), result);
    expectCurves(all.slice(0, 3));
    expect(said.slice(1)).toEqual([
      'MLflow answers again: nothing is missing',
      expect.stringContaining('this run in MLflow'),
    ]);
  });

  it('that is silent misses what --resume then sends', async () => {
    server.fault = 'silent';
    const its = reporter({ patience: 0.2, end: 2 });
    await train(its, 0, 3);
    await its.onEnd(ended('finished'), result);
    expect(said[0]).toContain('no answer within 0.2 s');
    expect(said.at(-1)).toContain('does not have epochs 1 to 3 and the end of the run');
    expect(said.at(-1)).toContain('the same command with --resume sends it');
    server.fault = 'none';
    const again = reporter({ resumed: true });
    await train(again, 3, 3);
    await again.onEnd(ended('finished'), result);
    expect(server.runs.map(({ status }) => status)).toEqual(['FINISHED']);
    expectCurves(all.slice(0, 3));
  });

  it('whose answer is lost has the run once all the same', async () => {
    server.fault = 'deaf';
    const its = reporter();
    await train(its, 0, 1);
    await told(1);
    expect(said[0]).toMatch(/other side closed|socket hang up|ECONNRESET/);
    expect(server.runs).toHaveLength(1);
    for (const metrics of all.slice(1)) its.onEpoch(metrics);
    await its.onEnd(ended('finished'), result);
    expect(server.runs.map(({ status }) => status)).toEqual(['FINISHED']);
    expectCurves(all);
  });

  it.each([
    ['refusing', 'not yours (403)'],
    ['page', 'it does not answer as MLflow does'],
  ] as const)('%s: it is asked no more', async (fault, reason) => {
    server.fault = fault;
    const its = reporter();
    await train(its, 0, 1);
    await told(1);
    const { requests } = server;
    its.onEpoch(all[1] as EpochMetrics);
    await its.onEnd(ended('finished'), result);
    expect(server.requests).toBe(requests);
    expect(said).toEqual([
      `warning: MLflow at ${url}: ${reason}. The training goes on; nothing more is sent`,
      `warning: MLflow at ${url} does not have epochs 1 to 2 and the end of the run (${reason}); all figures are in metrics.jsonl`,
    ]);
  });

  it('that is not there makes nothing wait', async () => {
    await server.stop();
    const its = reporter();
    const began = performance.now();
    await train(its, 0, 5);
    await its.onEnd(ended('interrupted'), result);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(said[0]).toContain('ECONNREFUSED');
    expect(JSON.parse(readFileSync(path.join(folder, 'mlflow.json'), 'utf8')).sent).toBe(0);
    await server.start();
  });

  it('that never answers holds up the end for a limited time', async () => {
    server.fault = 'silent';
    const its = reporter({ end: 0.3 });
    await train(its, 0, 2);
    const began = performance.now();
    await its.onEnd(ended('finished'), result);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(said.at(-1)).toContain('the end of the run (no answer within 0.3 s); the same command');
  });
});

it('says nothing of a run that another reporter kept from beginning', async () => {
  const none = { onBegin: () => Promise.reject(new Error('full')), onEpoch() {}, onEnd() {} };
  const all = together([none, reporter()]);
  await expect(all.onBegin(record, [])).rejects.toThrow('full');
  await all.onEnd(ended('failed'), undefined);
  expect([said, server.requests]).toEqual([[], 0]);
});

describe('--mlflow', () => {
  const common = ['train', '--arch', 'student', '--data', 'nowhere'];

  it.each([
    [['--mlflow', 'localhost:5000'], 'takes the address of a server, not "localhost:5000"'],
    [['--mlflow', 'file:///tmp/mlruns'], 'such as http://localhost:5000'],
    [['--mlflow', 'https://me:secret@host'], 'MLFLOW_TRACKING_PASSWORD'],
    [['--mlflow-experiment', 'food'], '--mlflow-experiment goes with --mlflow'],
    [['--mlflow', 'http://host', '--mlflow-experiment', ' '], 'has no name'],
  ])('%j is refused before anything is read', async (flags, message) => {
    const { code, stderr } = await run([...common, ...flags]);
    expect(code).toBe(exit.usage);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('secret');
  });
});
