import { readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { photoOf } from '../../compiler/7-emit/ts/verify.ts';
import { compile, isComplete } from '../../compiler/compile.ts';
import { supportsRelaxed } from '../../runtime/kernels/load.ts';
import { architectures } from '../support/architectures.ts';
import { graphOf, networkOf } from '../support/compile.ts';
import { photos } from '../support/photos.ts';
import { apart, bundleOf, evaluated, moduleOf, randomWeights, textOf } from './support.ts';

const zoo = path.join(import.meta.dirname, '../../architectures');

function zooGraph(name: string) {
  const resolve = (reference: string) => path.join(zoo, path.basename(reference));
  const source = { resolve, read: (file: string) => readFileSync(file, 'utf8') };
  const compilation = compile(source, `${name}.yaml`);
  if (!isComplete(compilation)) throw new Error(`${name} does not compile`);
  return compilation.graph;
}

const small = `
- { op: conv2d, kernel: 3, filters: 12, padding: 1 }
- batchNorm
- hardSwish
- { op: conv2d, kernel: 3, groups: depthwise, padding: 1 }
- batchNorm
- relu
- { op: conv2d, kernel: 1, filters: 10 }
`;

/** All backends against the evaluator, on photos of many sizes. */
async function compare(graph: ReturnType<typeof graphOf>, count: number, side: number) {
  const weights = randomWeights(graph);
  const images = photos(count, 3, 4, side);
  const expected = await evaluated(graph, weights, images);
  const files = await bundleOf(graph, weights);
  const { create } = await moduleOf(files);
  const bytes = files.get('weights.bin') as Uint8Array;
  const backends = supportsRelaxed()
    ? (['simd', 'relaxed', 'js'] as const)
    : (['simd', 'js'] as const);
  for (const backend of backends) {
    const model = await create({ weights: bytes, backend });
    for (let n = 0; n < count; n++) {
      const actual = model.logits(photoOf(images, n));
      if (backend === 'simd') expect(actual).toEqual(expected[n]);
      else expect(apart(actual, expected[n] as Float32Array)).toBeLessThan(1e-4);
    }
    expect(model.selfTest()).toMatchObject({ passed: true, backend, vectors: 3 });
  }
}

describe('the module computes what the evaluator computes', () => {
  test('a small network', () => compare(networkOf(small, 24), 5, 40));

  test('of one colour', () => compare(networkOf(small, 16, 1), 3, 20));

  test('any network', async () => {
    const graphs = architectures()
      .map(({ yaml }) => graphOf(yaml))
      .filter(({ input }) => input.channels !== 4);
    await fc.assert(
      fc.asyncProperty(graphs, (graph) => compare(graph, 2, 9)),
      { numRuns: 25, endOnFailure: true },
    );
  }, 240_000);

  test.each([
    'student',
    'resnet20-cifar',
    'preact-resnet20-cifar',
    'densenet-bc-40-12',
    'squeezenet1.1',
    'shufflenet-v2-x1',
    'mobilenet-v3-small',
  ])('%s', (name) => compare(zooGraph(name), 1, 150), 240_000);
});

describe('a module', async () => {
  const graph = networkOf(small, 24);
  const weights = randomWeights(graph);
  const files = await bundleOf(graph, weights);
  const bytes = files.get('weights.bin') as Uint8Array<ArrayBuffer>;
  const { create, labels } = await moduleOf(files);
  const model = await create({ weights: bytes, backend: 'simd' });
  const photo = { data: new Uint8Array(30 * 20 * 3).fill(200), width: 30, height: 20 };

  test('takes an array of the input itself', () => {
    const size = 24 * 24 * 3;
    expect(model.logits(new Float32Array(size))).toHaveLength(3);
    expect(() => model.logits(new Float32Array(size - 1))).toThrow(RangeError);
  });

  test('ranks classes, the best first', () => {
    const all = model.predict(photo);
    expect(all).toHaveLength(3);
    expect(all.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 12);
    expect(all.map(({ label, index }) => labels[index] === label)).toEqual([true, true, true]);
    expect(all.map((p) => p.score)).toEqual(all.map((p) => p.score).toSorted((a, b) => b - a));
    expect(model.predict(photo, { topK: 1 })).toEqual(all.slice(0, 1));
    const second = all[1]?.score as number;
    expect(model.predict(photo, { threshold: second })).toEqual(all.slice(0, 2));
    expect(model.predict(photo, { threshold: 2 })).toEqual([]);
  });

  test('keeps logits where they are asked to be', () => {
    const mine = new Float32Array(3);
    expect(model.logits(photo, mine)).toBe(mine);
    expect(model.logits(photo)).toEqual(mine);
    expect(model.logits(photo)).toBe(model.logits(new Float32Array(24 * 24 * 3)));
  });

  test('refuses weights that are not its own', async () => {
    await expect(create()).rejects.toThrow('needs the contents of weights.bin');
    await expect(create({ weights: bytes.subarray(4) })).rejects.toThrow('bytes');
    const damaged = bytes.slice();
    damaged[100] = (damaged[100] as number) ^ 1;
    await expect(create({ weights: damaged })).rejects.toThrow('damaged');
  });

  test('takes weights as a buffer, and from an odd place in one', async () => {
    const expected = model.logits(photo).slice();
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const node = Buffer.from(shifted.buffer, 1);
    for (const given of [bytes.slice().buffer, shifted.subarray(1), node]) {
      expect((await create({ weights: given, backend: 'simd' })).logits(photo)).toEqual(expected);
    }
  });

  test('with its weights inside gives the same', async () => {
    const embedded = await bundleOf(graph, weights, { embed: true });
    expect(embedded.has('weights.bin')).toBe(false);
    const inside = await (await moduleOf(embedded)).create({ backend: 'simd' });
    expect(inside.logits(photo)).toEqual(model.logits(photo));
  });

  test('in half floats is close, tests itself and is half as large', async () => {
    const half = await bundleOf(graph, weights, { weights: 'fp16' });
    expect(half.get('weights.bin')).toHaveLength(bytes.length / 2);
    const own = await (await moduleOf(half)).create({
      weights: half.get('weights.bin') as Uint8Array,
      backend: 'simd',
    });
    expect(apart(own.logits(photo), model.logits(photo))).toBeLessThan(5e-3);
    expect(own.selfTest()).toMatchObject({ passed: true, exact: true });
    const plain = await (await moduleOf(half)).create({
      weights: half.get('weights.bin') as Uint8Array,
      backend: 'js',
    });
    expect(plain.selfTest()).toMatchObject({ passed: true, exact: false });
  });

  test('cannot be used once it was disposed of', async () => {
    const gone = await create({ weights: bytes, backend: 'simd' });
    gone.logits(photo);
    gone.dispose();
    for (const use of [gone.logits, gone.predict]) expect(() => use(photo)).toThrow('disposed');
    expect(() => gone.selfTest()).toThrow('disposed');
    expect(model.selfTest().passed).toBe(true);
  });

  test('notices wrong results', async () => {
    const text = textOf(files, 'model.mjs').replace(/"norms":\[[^,]+,/, '"norms":[0.02,');
    const broken = await import(/* @vite-ignore */ `data:text/javascript;base64,${btoa(text)}`);
    const wrong = await broken.create({ weights: bytes, backend: 'simd' });
    expect(wrong.selfTest()).toMatchObject({ passed: false, exact: false });
  });

  test('is made of the same bytes each time', async () => {
    const again = await bundleOf(networkOf(small, 24), randomWeights(networkOf(small, 24)));
    expect(again).toEqual(files);
  });
});

describe('after create', async () => {
  const graph = networkOf(small, 24);
  const weights = randomWeights(graph);
  const files = await bundleOf(graph, weights);

  test.each(['simd', 'js'] as const)('%s allocates no buffer', async (backend) => {
    // Every way to a buffer in the module's own realm is counted.
    const context = vm.createContext({
      exports: {},
      module: {},
      WebAssembly,
      weights: files.get('weights.bin'),
    });
    vm.runInContext(
      `globalThis.made = 0;
       for (const name of ['ArrayBuffer', 'Float32Array', 'Float64Array', 'Uint8Array', 'Int32Array', 'Uint32Array', 'Uint16Array']) {
         globalThis[name] = new Proxy(globalThis[name], { construct(...args) { made++; return Reflect.construct(...args); } });
       }
       WebAssembly.Memory.prototype.grow = () => { throw new Error('grown'); };`,
      context,
    );
    const grow = WebAssembly.Memory.prototype.grow;
    try {
      vm.runInContext(textOf(files, 'model.cjs'), context);
      const made = (await vm.runInContext(
        `(async () => {
           const bytes = new Uint8Array(weights);
           const model = await exports.create({ weights: bytes, backend: '${backend}' });
           const photo = { data: new Uint8Array(50 * 60 * 3), width: 50, height: 60 };
           const before = made;
           for (let i = 0; i < 20; i++) { model.logits(photo); model.predict(photo, { topK: 2 }); }
           return [before, made - before];
         })()`,
        context,
      )) as [number, number];
      expect(made[0]).toBeGreaterThan(5);
      expect(made[1]).toBe(0);
    } finally {
      WebAssembly.Memory.prototype.grow = grow;
    }
  });
});
