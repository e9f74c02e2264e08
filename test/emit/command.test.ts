/** From photos to a module, and back to the photos: train, emit and verify as a user runs them. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exit, run } from '../cli/run.ts';
import { noisy, plain, writeTree } from '../data/fixtures.ts';

const yaml = `
version: 1
name: "a \\"small\\" */ net"
input: { height: 16, width: 16, channels: 3 }
classes: [noise, grey]
budget: { params: { atMost: 1000 } }
layers:
  - { op: conv2d, kernel: 3, filters: 8, padding: same, bias: false }
  - batchNorm
  - hardSwish
  - globalAvgPool
  - { op: dense, units: classes }
`;

let folder = '';
const at = (...names: readonly string[]) => path.join(folder, ...names);
const bundle = () => ['--model', at('run'), '--out', at('bundle')];
const data = () => ['--data', at('photos'), '--cache', at('cache')];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'netlathe-command-'));
  const tree: Record<string, Buffer> = {};
  for (let i = 0; i < 10; i++) {
    tree[`noise/${i}.png`] = await noisy(20 + i, 30 - i)
      .png()
      .toBuffer();
    tree[`grey/${i}.png`] = await plain(i * 0x101010, 18 + i, 17)
      .png()
      .toBuffer();
  }
  await writeTree(at('photos'), tree);
  await writeFile(at('net.yaml'), yaml);
  const train = ['train', '--arch', at('net.yaml'), ...data(), '--out', at('run')];
  const { code, stderr } = await run([...train, '--epochs', '2', '--batch', '4', '--threads', '1']);
  if (code !== exit.ok) throw new Error(stderr);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('emit and verify', () => {
  test('a module is written, and is known to be up to date', async () => {
    const emitted = await run(['emit', ...bundle()]);
    expect(emitted.stderr).toBe('');
    expect(emitted.stdout).toContain('self test of 3 images, simd: bit-equal');
    const text = await readFile(at('bundle', 'model.mjs'), 'utf8');
    expect(text.slice(0, text.indexOf('const spec'))).toContain('a \\"small\\" *\\u002f net');
    expect(text).toMatch(/budget {4}params .* of 0 to 1,000: kept/);
    const check = await run(['emit', ...bundle(), '--check']);
    expect(check).toMatchObject({ code: exit.ok, stderr: '' });
    const other = await run(['emit', ...bundle(), '--check', '--weights', 'fp16', '--json']);
    expect(other.code).toBe(exit.fault);
    expect(JSON.parse(other.stdout)).toMatchObject({ upToDate: false });
  });

  test('a TFLite model is written, replaced as ours, and is known to be up to date', async () => {
    const to = ['--model', at('run'), '--target', 'tflite', '--out', at('tflite')];
    expect((await run(['emit', ...to])).stdout).toContain('model.tflite');
    expect(await readFile(at('tflite', 'labels.txt'), 'utf8')).toBe('noise\ngrey\n');
    expect(await run(['emit', ...to, '--check'])).toMatchObject({ code: exit.ok, stderr: '' });
    const half = [...to, '--weights', 'fp16', '--preprocess', 'inside'];
    expect((await run(['emit', ...half, '--check'])).code).toBe(exit.fault);
    expect(await run(['emit', ...half])).toMatchObject({ code: exit.ok, stderr: '' });
    await writeFile(at('tflite', 'labels.txt'), 'my own\n');
    const refused = await run(['emit', ...to]);
    expect(refused.code).toBe(exit.usage);
    expect(refused.stderr).toContain('E702');
  });

  test('a finished run is not trained over, unless by force', async () => {
    const again = [
      'train',
      '--arch',
      at('net.yaml'),
      ...data(),
      '--out',
      at('run'),
      '--steps',
      '1',
    ];
    const before = await readFile(at('run', 'weights.safetensors'));
    const refused = await run(again);
    expect(refused.code).toBe(exit.usage);
    expect(refused.stderr).toMatch(/holds a finished run[\s\S]*--force/);
    expect(await readFile(at('run', 'weights.safetensors'))).toEqual(before);
    const copy = [
      'train',
      '--arch',
      at('net.yaml'),
      ...data(),
      '--out',
      at('other'),
      '--steps',
      '1',
    ];
    expect((await run(copy)).code).toBe(exit.ok);
    expect((await run([...copy, '--force'])).code).toBe(exit.ok);
  }, 60_000);

  test('verify says which bundles it runs, and emit that weights are random', async () => {
    const to = ['--arch', at('net.yaml'), '--target', 'tflite', '--out', at('random')];
    expect((await run(['emit', ...to])).stderr).toContain('the weights are random (seed 0)');
    const phone = ['--model', at('run'), '--target', 'react-native', '--out', at('native')];
    expect((await run(['emit', ...phone])).stderr).toBe('');
    for (const bundle of ['random', 'native']) {
      const verify = ['verify', '--bundle', at(bundle), '--model', at('run'), ...data()];
      const { code, stderr } = await run(verify);
      expect([code, stderr]).toEqual([
        exit.usage,
        expect.stringMatching(/E704[\s\S]*ts (and|or) web/),
      ]);
    }
  });

  test('predict answers for the photos that it can read, and tells of the others', async () => {
    const good = at('photos', 'grey', '1.png');
    const ask = ['predict', '--model', at('run'), '--json'];
    const { code, stdout } = await run([...ask, good, at('net.yaml'), at('photos'), good]);
    const { predictions, errors } = JSON.parse(stdout);
    expect(code).toBe(exit.fault);
    expect(predictions.map((p: { path: string }) => p.path)).toEqual([good, good]);
    expect(errors).toMatchObject([
      { path: at('net.yaml') },
      { message: 'this is a folder, not a photo' },
    ]);
    expect((await run([...ask, good])).code).toBe(exit.ok);
    expect((await run([...ask, at('nope.jpg')])).stderr).toContain('there is no such photo');
  });

  test('it gives the logits of the trained network on the photos', async () => {
    const options = ['--bundle', at('bundle'), '--model', at('run'), ...data()];
    const { code, stdout } = await run(['verify', ...options, '--json']);
    expect(code).toBe(exit.ok);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ ok: true, faults: [], weights: 'fp32' });
    const simd = report.backends[0];
    expect(simd).toMatchObject({ backend: 'simd', maxDifference: 0, agreement: 1 });
    expect(simd.bitEqual).toBe(simd.photos);
    expect(report.startUp.milliseconds).toBeGreaterThan(0);
    const human = await run(['verify', ...options]);
    expect(human.stdout).toMatch(/simd +\d+ photos: logits bit-equal, top-1/);
  });

  test('int8 is calibrated on the photos, says what it costs, and is the same on every backend', async () => {
    const to = ['--model', at('run'), '--out', at('int8'), '--weights', 'int8', ...data()];
    const emitted = await run(['emit', ...to, '--calibrate', '12']);
    expect(emitted.stderr).toBe('');
    expect(emitted.stdout).toMatch(/int8 of 12 training photos: top-1 .*%; the same class on/);
    expect(emitted.stdout).toMatch(/most noise is added by .*conv2d_1/);
    expect(emitted.stdout).toContain('self test of 3 images, js: bit-equal');
    const json = JSON.parse((await run(['emit', ...to, '--keep', 'conv2d_1', '--json'])).stdout);
    expect(json.int8).toMatchObject({ kept: ['conv2d_1'], floats: ['conv2d_1'] });
    await run(['emit', ...to]);
    const options = ['--bundle', at('int8'), '--model', at('run'), ...data(), '--json'];
    const { code, stdout } = await run(['verify', ...options]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ ok: true, faults: [], weights: 'int8' });
    for (const { unlike, selfTest } of report.backends) {
      expect([unlike, selfTest]).toEqual([0, true]);
    }
    expect(code).toBe(exit.ok);
    const unknown = await run(['emit', ...to, '--keep', 'conv2d_9']);
    expect(unknown.stderr).toMatch(/E711.*no layer "conv2d_9"[\s\S]*the layers are conv2d_1/);
  }, 60_000);

  test('a module with other numbers is found out', async () => {
    await run(['emit', '--model', at('run'), '--out', at('changed')]);
    const file = at('changed', 'model.mjs');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/"norms":\[[^,]+,/, '"norms":[0.02,'));
    const options = ['--bundle', at('changed'), '--model', at('run'), ...data()];
    const { code, stderr } = await run(['verify', ...options]);
    expect(code).toBe(exit.fault);
    expect(stderr).toContain('simd: the self test fails');
    expect(stderr).toContain('photos have other logits');
  });

  test.each([
    [['--weights', 'int4'], '--weights takes fp32, fp16 or int8, not "int4"'],
    [['--target', 'cobol'], 'not "cobol"'],
    [['--weights', 'int8'], '--weights int8 needs --data DIR'],
    [['--keep', 'conv2d_1'], '--keep goes with --weights int8'],
    [['--model', 'nowhere'], 'there is no run here'],
  ])('%j is refused', async (more, message) => {
    const { code, stderr } = await run(['emit', ...bundle(), ...more]);
    expect(code).toBe(exit.usage);
    expect(stderr).toContain(message);
  });

  test('a folder that is no bundle is refused', async () => {
    const options = ['--bundle', at('photos'), '--model', at('run'), ...data()];
    const { code, stderr } = await run(['verify', ...options]);
    expect(code).toBe(exit.usage);
    expect(stderr).toContain('there is no bundle here');
  });
});
