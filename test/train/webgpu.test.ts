/**
 * `--backend webgpu` without a GPU: what is refused, and that nothing is read synchronously. What the GPU computes is for
 * `npm run prove:webgpu`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { initialize } from '../../compiler/weights/index.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import { openTfjs, tfjsBackend } from '../../runtime/train/tfjs/index.ts';
import { exit, run } from '../cli/run.ts';
import { networkOf } from '../support/compile.ts';
import { photos } from '../support/photos.ts';
import { tf } from '../tfjs/run.ts';

const root = mkdtempSync(path.join(tmpdir(), 'netlathe-webgpu-'));
afterAll(() => rmSync(root, { recursive: true }));
afterEach(async () => {
  await tf.setBackend('cpu');
});

/** A folder with packages of these contents, as a place that peers are looked for from. */
function peers(name: string, packages: Readonly<Record<string, string>>): string {
  const folder = path.join(root, name);
  mkdirSync(folder);
  for (const [peer, code] of Object.entries(packages)) {
    const at = path.join(folder, 'node_modules', peer);
    mkdirSync(at, { recursive: true });
    const file = peer === 'webgpu' ? 'index.mjs' : 'index.cjs';
    writeFileSync(path.join(at, 'package.json'), JSON.stringify({ name: peer, main: file }));
    writeFileSync(path.join(at, file), code);
  }
  return path.join(folder, 'package.json');
}

const backend = '@tensorflow/tfjs-backend-webgpu';

/** A device that lives in this process; the test breaks it. */
const dawn = `
export const globals = {};
export const create = () => ({
  requestAdapter: async () => ({
    limits: {},
    info: { vendor: 'nobody', architecture: '', description: 'made up' },
    requestDevice: async () => {
      const device = new EventTarget();
      device.lost = new Promise((resolve) => { device.lose = resolve; });
      device.destroy = () => { globalThis.madeUpGpu.destroyed++; device.lose({ message: 'destroyed' }); };
      globalThis.madeUpGpu = { device, destroyed: 0 };
      return device;
    },
  }),
});`;
const emptyBackend = `
exports.WebGPUBackend = class {
  constructor() {
    if (typeof WorkerGlobalScope === 'undefined' || !navigator.gpu) throw new Error('no browser');
    this.values = new Map();
  }
  floatPrecision() { return 32; }
  epsilon() { return 1e-7; }
  numDataIds() { return this.values.size; }
  write(values) { const id = {}; this.values.set(id, values); return id; }
  async read(id) { return this.values.get(id); }
  disposeData(id) { return this.values.delete(id); }
  incRef() {}
  dispose() {}
};`;

interface MadeUpGpu {
  readonly device: EventTarget & { lose(info: { readonly message: string }): void };
  readonly destroyed: number;
}
const gpu = () => (globalThis as unknown as { readonly madeUpGpu: MadeUpGpu }).madeUpGpu;

const graph = networkOf('- { op: conv2d, kernel: 3, filters: 4, padding: same }\n- relu');

describe('the choice of a backend', () => {
  const common = ['train', '--arch', 'student', '--data', 'nowhere'];

  it.each([
    [['--backend', 'webgpu'], 'error: --backend is a choice of the tfjs engine'],
    [['--engine', 'tfjs', '--backend', 'cuda'], 'it is node, cpu or webgpu\n'],
    [['--engine', 'tfjs', '--backend', 'wasm'], 'the wasm backend of TensorFlow.js cannot train'],
  ])('%j is refused', async (flags, message) => {
    const { code, stderr } = await run([...common, ...flags]);
    expect(code).toBe(exit.usage);
    expect(stderr).toContain(message);
  });

  it('takes the plain backend without a word where that is asked for', async () => {
    const { backend, note } = await openTfjs({ backend: 'cpu' });
    expect([backend, note]).toEqual(['cpu', undefined]);
  });

  it('does not take another for tfjs-node', async () => {
    const from = peers('no-node', {});
    await expect(openTfjs({ from, backend: 'node' })).rejects.toMatchObject({
      code: 'E551',
      message: '@tensorflow/tfjs-node is not installed',
    });
  });
});

describe('a GPU that cannot be had', () => {
  it.each([
    ['nothing is installed', {}, 'webgpu is not installed', 'npm install'],
    ['half is installed', { webgpu: dawn }, `${backend} is not installed`, `${backend}@4.22.0`],
    [
      'Dawn does not load',
      { webgpu: 'throw new Error("wrong ELF class\\nmore");' },
      'webgpu does not work here (wrong ELF class)',
      'webgpu@',
    ],
    [
      'there is none',
      {
        webgpu:
          'export const globals = {}; export const create = () => ({ requestAdapter: async () => null });',
        [backend]: emptyBackend,
      },
      'there is no GPU that WebGPU can use',
      'driver',
    ],
  ])('is refused with what helps: %s', async (name, packages, message, hint) => {
    const from = peers(name, packages);
    await expect(openTfjs({ from, backend: 'webgpu' })).rejects.toMatchObject({
      code: 'E551',
      message,
      hint: expect.stringContaining(hint),
    });
    expect(tf.getBackend()).toBe('cpu');
  });
});

describe('a GPU that fails', () => {
  const open = (name: string) =>
    openTfjs({ from: peers(name, { webgpu: dawn, [backend]: emptyBackend }), backend: 'webgpu' });

  it('leaves the process as it was once it is given back', async () => {
    const browser = 'WorkerGlobalScope';
    const opened = await open('given back');
    expect([opened.backend, opened.device]).toEqual(['webgpu', 'made up']);
    expect(Object.hasOwn(globalThis, browser)).toBe(false);
    await opened.close();
    await opened.close();
    expect([gpu().destroyed, tf.getBackend()]).toEqual([1, 'cpu']);
  });

  it('is refused where it lacks an operation', async () => {
    const { tf: its, guard, close } = await open('without kernels');
    const creation = tfjsBackend(its, guard)
      .trainer(graph, photos(8, 3), resolveRecipe({ batch: 4 }, {}))
      .then((trainer) => {
        trainer.start(initialize(graph, 1));
        return trainer.step(0);
      });
    await expect(creation).rejects.toMatchObject({
      code: 'E552',
      message: expect.stringMatching(/^the GPU \(made up\) cannot do this: Kernel '/),
    });
    await close();
  });

  it('ends the work instead of computing with zeros', async () => {
    const { guard, close } = await open('broken');
    expect(await guard(() => 5)).toBe(5);
    const event = Object.assign(new Event('uncapturederror', { cancelable: true }), {
      error: { message: 'out of memory\nwhile calling ...' },
    });
    gpu().device.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    await expect(guard(() => 5)).rejects.toMatchObject({
      code: 'E552',
      message: 'the GPU (made up) cannot do this: out of memory',
    });
    await close();
  });

  it('ends the work when it is lost', async () => {
    const { guard, close } = await open('lost');
    const work = guard(async () => {
      gpu().device.lose({ message: 'driver reset' });
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error('AbortError: a buffer could not be mapped');
    });
    await expect(work).rejects.toMatchObject({
      code: 'E552',
      message: expect.stringContaining('it was lost: driver reset'),
    });
    await close();
  });
});

describe('training with TensorFlow.js', () => {
  it('reads nothing synchronously, which a GPU in Node cannot do', async () => {
    const recipe = resolveRecipe({ batch: 4, ema: 0.9, clipNorm: 1, accumulate: 2 }, {});
    const [train, validation] = [photos(8, 3), photos(5, 3, 2)];
    const plain = tf.backend() as unknown as {
      read(id: object): Promise<unknown>;
      readSync(id: object): unknown;
    };
    const { read, readSync } = plain;
    const theirs = tfjsBackend(tf);
    const trainer = await theirs.trainer(graph, train, recipe);
    const evaluator = await theirs.evaluator(graph, validation);
    let sync = 0;
    plain.read = async (id) => readSync.call(plain, id);
    plain.readSync = (id) => {
      sync++;
      return readSync.call(plain, id);
    };
    try {
      trainer.start(initialize(graph, 1));
      await trainer.step(0);
      const weights = await trainer.weights();
      trainer.restore(await trainer.state());
      const logits = await evaluator.run(weights);
      expect(logits.every(Number.isFinite)).toBe(true);
    } finally {
      Object.assign(plain, { read, readSync });
    }
    await Promise.all([trainer.close(), evaluator.close()]);
    expect(sync).toBe(0);
  });
});
