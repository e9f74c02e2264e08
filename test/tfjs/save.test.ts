import { execFile } from 'node:child_process';
import { once } from 'node:events';
import {
  linkSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type * as tfjs from '@tensorflow/tfjs';
import { transform } from 'esbuild';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { buildTfjsModel, loadTfjsModel, saveTfjsModel } from '../../compiler/7-emit/tfjs/index.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import {
  initialize,
  mismatches,
  type WeightStore,
  WeightsError,
} from '../../compiler/weights/index.ts';
import { architectures } from '../support/architectures.ts';
import { graphOf } from '../support/compile.ts';
import { noise, tf } from './run.ts';

const root = mkdtempSync(path.join(tmpdir(), 'netlathe-tfjs-'));
afterAll(() => rmSync(root, { recursive: true }));

let folders = 0;
const folder = () => path.join(root, `model-${folders++}`);

/** A little of everything that needs a layer of our own, and names that tfjs cannot bear. */
const graph = graphOf(`
version: 1
name: "naïve </script> \\u2028"
input: { height: 6, width: 6, mean: [0.1, 0.2, 0.3] }
classes: ["bread", "__proto__", "日本"]
layers:
  - { op: conv2d, name: constructor, filters: 8, kernel: 3, padding: 1 }
  - { op: batchNorm, name: _first }
  - hardSwish
  - { op: conv2d, groups: 2, kernel: 3, padding: same }
  - { op: conv2d, groups: depthwise, filters: 16, kernel: 3, dilation: 2, padding: 1 }
  - { op: conv2d, groups: depthwise, filters: 32, kernel: 3, padding: 1, stride: 2 }
  - { op: gelu, approximate: tanh }
  - { op: batchNorm, affine: false }
  - { op: multiply, branches: [[], [globalAvgPool, dense8, hardSigmoid]] }
  - channelShuffle
  - { op: maxPool2d, size: 3, stride: 1, padding: 1 }
  - { op: concat, split: 2, branches: [[{ op: elu, alpha: 0.5 }], [gelu, silu]] }
  - flatten
  - { op: dense, units: classes }
blocks:
  dense8: [{ op: dense, units: in }]
`);

/** Every weight, statistics included, away from where it starts. */
function anyWeights(of: Graph): WeightStore {
  const weights = initialize(of, 5);
  for (const [name, { values }] of weights) {
    values.set(noise(values.length).map((x) => (name.endsWith('Variance') ? 0.5 + x * x : x / 4)));
  }
  return weights;
}

function predict(
  model: tfjs.LayersModel,
  { height, width, channels }: Graph['input'],
): Float32Array {
  return tf.tidy(() => {
    const x = tf.tensor4d(noise(3 * height * width * channels), [3, height, width, channels]);
    return (model.predict(x) as tfjs.Tensor).dataSync<'float32'>().slice();
  });
}

function bits(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** What a plain program does that reads the folder from disk. */
function load(dir: string): Promise<tfjs.LayersModel> {
  const json = JSON.parse(readFileSync(path.join(dir, 'model.json'), 'utf8'));
  const weightData = new Uint8Array(readFileSync(path.join(dir, 'weights.bin'))).buffer;
  const [{ weights: weightSpecs }] = json.weightsManifest;
  return tf.loadLayersModel(tf.io.fromMemory({ ...json, weightSpecs, weightData }));
}

async function expectRoundTrip(of: Graph): Promise<void> {
  const weights = anyWeights(of);
  const dir = folder();
  await saveTfjsModel(of, weights, dir);
  const model = buildTfjsModel(tf, of, weights);
  const loaded = await load(dir);
  expect(bits(predict(loaded, of.input))).toEqual(bits(predict(model, of.input)));
  const back = await loadTfjsModel(dir);
  expect(mismatches(of, back.weights)).toEqual([]);
  for (const [name, { values }] of weights) {
    expect(bits(back.weights.get(name)?.values as Float32Array), name).toEqual(bits(values));
  }
  model.dispose();
  loaded.dispose();
}

describe('a saved model', () => {
  test('keeps weights, statistics and predictions bit for bit', () => expectRoundTrip(graph));

  test('even without any weights', async () => {
    const layers = 'layers: [globalAvgPool]';
    const input = 'input: { height: 4, width: 4 }';
    await expectRoundTrip(graphOf(`version: 1\nname: none\n${input}\nclasses: 3\n${layers}\n`));
  });

  test('whatever the architecture', async () => {
    const property = fc.asyncProperty(architectures(), ({ yaml }) =>
      expectRoundTrip(graphOf(yaml)),
    );
    await fc.assert(property, { numRuns: 40, seed: 7 });
  });

  test('has the same bytes each time', async () => {
    const [a, b] = [folder(), folder()];
    await saveTfjsModel(graph, anyWeights(graph), a);
    await saveTfjsModel(graph, anyWeights(graph), b);
    await saveTfjsModel(graph, anyWeights(graph), b);
    for (const file of ['model.json', 'weights.bin']) {
      expect(readFileSync(path.join(a, file)).equals(readFileSync(path.join(b, file)))).toBe(true);
    }
  });

  test('says what it takes and gives', async () => {
    const dir = folder();
    await saveTfjsModel(graph, anyWeights(graph), dir);
    const { metadata } = await loadTfjsModel(dir);
    expect(metadata).toMatchObject({
      name: graph.name,
      classes: ['bread', '__proto__', '日本'],
      labelled: true,
      input: { height: 6, width: 6, channels: 3 },
      preprocessing: { resize: 'cover', mean: [0.1, 0.2, 0.3], std: [0.5, 0.5, 0.5] },
    });
  });

  test('refuses weights of another network', async () => {
    const weights = new Map(anyWeights(graph));
    weights.delete('_first.movingMean');
    await expect(saveTfjsModel(graph, weights, folder())).rejects.toMatchObject({
      code: 'E805',
      notes: ['_first.movingMean (8) is missing'],
    });
  });

  test('loads over HTTP in a plain tfjs program with the layers file alone', async () => {
    const dir = folder();
    const weights = anyWeights(graph);
    await saveTfjsModel(graph, weights, dir);
    const source = readFileSync('compiler/7-emit/tfjs/layers.ts', 'utf8');
    const { code } = await transform(source, { loader: 'ts', format: 'esm', target: 'es2022' });
    expect(code).not.toMatch(/^import /m);
    const layers = path.join(dir, 'layers.mjs');
    writeFileSync(layers, code);
    const server = createServer((request, response) => {
      response.end(readFileSync(path.join(dir, path.basename(request.url ?? ''))));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const program = `
      import * as tf from '@tensorflow/tfjs';
      import { registerLayers } from ${JSON.stringify(layers)};
      registerLayers(tf);
      const model = await tf.loadLayersModel('http://127.0.0.1:${port}/model.json');
      const x = tf.tensor4d([${noise(3 * 6 * 6 * 3)}], [3, 6, 6, 3]);
      console.log(JSON.stringify([...model.predict(x).dataSync()]));`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      program,
    ]);
    server.close();
    const model = buildTfjsModel(tf, graph, weights);
    expect(JSON.parse(stdout)).toEqual([...predict(model, graph.input)]);
    model.dispose();
  });
});

type Manifest = { weights: { name: string; shape: number[]; dtype: string }[]; paths: string[] };
type Model = Record<string, unknown> & { weightsManifest: [Manifest] };
type Edit = (manifest: Manifest, model: Model) => unknown;

const first = (manifest: Manifest) => manifest.weights[0] as Manifest['weights'][number];

const edits: readonly (readonly [what: string, change: Edit, code: string])[] = [
  ['a path elsewhere', (m) => Object.assign(m, { paths: ['../weights.bin'] }), 'E802'],
  ['two paths', (m) => Object.assign(m, { paths: ['weights.bin', 'weights.bin'] }), 'E802'],
  ['another format', (_, model) => Object.assign(model, { format: 'graph-model' }), 'E802'],
  ['no metadata', (_, model) => Object.assign(model, { userDefinedMetadata: {} }), 'E802'],
  ['no manifest', (_, model) => Object.assign(model, { weightsManifest: [] }), 'E802'],
  ['another dtype', (m) => Object.assign(first(m), { dtype: 'int32' }), 'E802'],
  ['a fraction', (m) => Object.assign(first(m), { shape: [1.5] }), 'E802'],
  ['a negative size', (m) => Object.assign(first(m), { shape: [-3] }), 'E802'],
  ['a quantization', (m) => Object.assign(first(m), { quantization: {} }), 'E802'],
  ['a huge shape', (m) => Object.assign(first(m), { shape: [2 ** 50, 2 ** 50, 1, 1] }), 'E804'],
  ['larger shapes', (m) => m.weights.map((w) => Object.assign(w, { shape: [64, 64] })), 'E804'],
  ['a smaller shape', (m) => Object.assign(first(m), { shape: [1] }), 'E804'],
  ['a weight that stands twice', (m) => m.weights.splice(1, 1, first(m)), 'E803'],
  ['a strange weight', (m) => Object.assign(first(m), { name: 'toString' }), 'E803'],
];

describe('loadTfjsModel refuses', () => {
  async function damaged(change: (dir: string) => void): Promise<string> {
    const dir = folder();
    await saveTfjsModel(graph, anyWeights(graph), dir);
    change(dir);
    try {
      await loadTfjsModel(dir);
      return 'accepted';
    } catch (error) {
      if (error instanceof WeightsError) return `${error.code} ${error.message}`;
      throw error;
    }
  }

  const edit = (change: Edit) =>
    damaged((dir) => {
      const file = path.join(dir, 'model.json');
      const model = JSON.parse(readFileSync(file, 'utf8')) as Model;
      change(model.weightsManifest[0], model);
      writeFileSync(file, JSON.stringify(model));
    });

  test('nothing of a sound folder', async () => {
    expect(await edit(() => {})).toBe('accepted');
  });

  test.each(edits)('%s', async (_what, change, code) => {
    expect((await edit(change)).slice(0, 4)).toBe(code);
  });

  test.each([
    [
      'a flipped bit',
      'E804',
      (file: string) => {
        const bytes = readFileSync(file);
        bytes[100] = (bytes[100] ?? 0) ^ 1;
        writeFileSync(file, bytes);
      },
    ],
    ['missing weights', 'E806', (file: string) => rmSync(file)],
    [
      'a symbolic link',
      'E806',
      (file: string) => {
        renameSync(file, `${file}.real`);
        symlinkSync(`${file}.real`, file);
      },
    ],
    ['a hard link', 'E806', (file: string) => linkSync(file, `${file}.other`)],
  ] as const)('%s', async (_what, code, change) => {
    expect((await damaged((dir) => change(path.join(dir, 'weights.bin')))).slice(0, 4)).toBe(code);
  });

  test.each(['', '[', 'null', '[]', '"x"', '{"format":"layers-model"}', '['.repeat(100_000)])(
    'the model.json %j',
    async (text) => {
      const found = await damaged((dir) => writeFileSync(path.join(dir, 'model.json'), text));
      expect(found.slice(0, 4)).toBe('E802');
    },
  );

  test('or loads, but never throws anything else, whatever the bytes of model.json', async () => {
    const dir = folder();
    await saveTfjsModel(graph, anyWeights(graph), dir);
    const file = path.join(dir, 'model.json');
    const bytes = readFileSync(file);
    const change = fc.tuple(fc.nat(bytes.byteLength - 1), fc.integer({ min: 0x20, max: 0x7e }));
    const property = fc.asyncProperty(fc.array(change, { minLength: 1 }), async (changes) => {
      const mutated = Uint8Array.from(bytes);
      for (const [at, value] of changes) mutated[at] = value;
      writeFileSync(file, mutated);
      const error: unknown = await loadTfjsModel(dir).then(
        () => undefined,
        (reason) => reason,
      );
      if (error !== undefined) expect(error).toBeInstanceOf(WeightsError);
    });
    await fc.assert(property, { numRuns: 2000 });
  });
});
