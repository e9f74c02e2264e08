/**
 * The bytes of a .tflite file, read back and run by a plain interpreter that shares no number with the compiler.
 * `npm run prove:interop` runs them in LiteRT.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { count } from '../../compiler/5-budget/counts.ts';
import { emitTflite, type TfliteOptions } from '../../compiler/7-emit/tflite/emit.ts';
import type { BundleFiles, EmitInput } from '../../compiler/7-emit/ts/emit.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import {
  apart,
  generatedInputs,
  logitsOf,
  noise,
  photosEach,
  zooInput,
} from '../../scripts/interop/networks.ts';
import { graphOf, networkOf } from '../support/compile.ts';
import { nameOf, runTflite } from '../support/tflite/interpreter.ts';
import { type ReadModel, readTflite } from '../support/tflite/reader.ts';
import { hostileNames } from './hostile-names.ts';
import { randomWeights, textOf } from './support.ts';

const defaults: TfliteOptions = { weights: 'fp32', preprocess: 'outside' };

function inputOf(graph: Graph): EmitInput {
  const weights = randomWeights(graph);
  return { graph, weights, counts: count(graph), verdicts: [], source: '', netlathe: '1.2.3' };
}

function filesOf(graph: Graph, options: Partial<TfliteOptions> = {}): BundleFiles {
  return emitTflite(inputOf(graph), { ...defaults, ...options });
}

function modelOf(files: BundleFiles): ReadModel {
  return readTflite(files.get('model.tflite') as Uint8Array);
}

/** The largest difference from netlathe's logits for the same bytes, as a share of the largest. */
async function difference(
  input: EmitInput,
  options: Partial<TfliteOptions> = {},
  photos = photosEach,
): Promise<number> {
  const { graph, weights } = input;
  const all = noise(graph);
  const bytes = all.subarray(0, (all.length / photosEach) * photos);
  const { mean, std } = graph.preprocessing;
  const given =
    options.preprocess === 'inside'
      ? bytes
      : Float32Array.from(bytes, (byte, i) => {
          const c = i % graph.input.channels;
          return (byte / 255 - (mean[c] as number)) / (std[c] as number);
        });
  const model = modelOf(emitTflite(input, { ...defaults, ...options }));
  const { shape, data } = runTflite(model, given, photos);
  expect(shape).toEqual([photos, graph.classes.length]);
  return apart(data, await logitsOf(graph, weights, bytes));
}

describe('a TFLite model has the logits of netlathe', () => {
  // Shuffles, splits and depthwise convolutions; gates and hard swish; norms that nothing takes in.
  const names = ['student', 'shufflenet-v2-x0.5', 'mobilenet-v3-small', 'preact-resnet20-cifar'];
  test.each(names)('%s', async (name) => {
    expect(await difference(zooInput(name), {}, 1)).toBeLessThan(1e-5);
  });

  test('40 generated architectures, two images at once: nearly every operator', async () => {
    const used = new Set<string>();
    for (const input of generatedInputs(40)) {
      for (const operator of modelOf(emitTflite(input, defaults)).operators) {
        used.add(nameOf(operator));
      }
      expect(await difference(input)).toBeLessThan(1e-5);
    }
    expect([...used].sort()).toMatchInlineSnapshot(`
      [
        "ADD",
        "AVERAGE_POOL_2D",
        "CONCATENATION",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "ELU",
        "FULLY_CONNECTED",
        "GELU",
        "HARD_SWISH",
        "LEAKY_RELU",
        "LOGISTIC",
        "MAX_POOL_2D",
        "MEAN",
        "MINIMUM",
        "MUL",
        "PAD",
        "RELU",
        "RELU6",
        "RESHAPE",
        "STRIDED_SLICE",
        "TANH",
        "TRANSPOSE",
      ]
    `);
  });

  test('where padding looks like SAME and counts in the mean, and where it does not', async () => {
    const pools = ['1', 'same'].map(
      (p) => `- { op: avgPool2d, size: 3, stride: 1, padding: ${p} }`,
    );
    const graph = networkOf(pools.join('\n'));
    const ops = modelOf(filesOf(graph)).operators.map(nameOf);
    expect(ops.slice(0, 3)).toEqual(['PAD', 'AVERAGE_POOL_2D', 'AVERAGE_POOL_2D']);
    expect(await difference(inputOf(graph))).toBeLessThan(1e-5);
  });

  test('with bytes that are normalised inside', async () => {
    const input = inputOf(graphOf(mixed));
    expect(modelOf(emitTflite(input, { ...defaults, preprocess: 'inside' })).tensors[0]?.type).toBe(
      3,
    );
    expect(await difference(input, { preprocess: 'inside' })).toBeLessThan(1e-5);
  });

  test('nearly, with kernels in half floats', async () => {
    const [input, options] = [inputOf(graphOf(mixed)), { weights: 'fp16' } as const];
    const apart = await difference(input, options);
    expect(apart).toBeGreaterThan(1e-6);
    expect(apart).toBeLessThan(1e-2);
    const { tensors } = modelOf(emitTflite(input, { ...defaults, ...options }));
    const types = tensors.filter(({ constant, name }) => constant && name.endsWith('.kernel'));
    expect(types.map(({ type }) => type)).toEqual(types.map(() => 1));
  });
});

const mixed = `
version: 1
name: mixed
input: { height: 9, width: 8, channels: 3 }
classes: [a, b, c]
layers:
  - { name: stem, op: conv2d, kernel: 3, filters: 4, stride: 2, padding: 1, bias: false }
  - batchNorm
  - relu6
  - { name: even, op: conv2d, kernel: 3, filters: 8, stride: 2, padding: same, groups: 2 }
  - { name: gate, op: gelu }
  - { name: peak, op: maxPool2d, size: 3, stride: 2, padding: 1 }
  - globalAvgPool
  - { name: head, op: dense, units: classes }
`;

describe('a TFLite file', () => {
  const files = filesOf(graphOf(mixed));
  const model = modelOf(files);

  test('has norms folded, activations fused, and padding as TFLite has it where it can', () => {
    expect(model.operators.map(nameOf)).toEqual([
      ...['PAD', 'CONV_2D', 'CONV_2D', 'GELU', 'PADV2', 'MAX_POOL_2D', 'MEAN', 'FULLY_CONNECTED'],
    ]);
    const [, stem, even] = model.operators;
    expect([stem?.options?.int8(0), stem?.options?.int8(3)]).toEqual([1, 3]);
    expect([even?.options?.int8(0), even?.options?.int8(3)]).toEqual([0, 0]);
    // Runtimes before 2.9 know no groups, and must not read this as something else.
    expect([stem?.version, even?.version]).toEqual([1, 6]);
  });

  test('has the names of the layers, and as many weights as are left', () => {
    const names = model.tensors.filter(({ name }) => !name.includes('/')).map(({ name }) => name);
    expect(names).toEqual([
      ...['image', 'stem.kernel', 'stem.bias', 'relu6_1', 'even.kernel', 'even.bias', 'even'],
      ...['gate', 'peak', 'globalAvgPool_1', 'head.kernel', 'head.bias', 'logits'],
    ]);
    const weights = model.tensors.filter(({ name }) => /^[^/]+\.(kernel|bias)$/.test(name));
    const total = weights.reduce((sum, { constant }) => sum + (constant?.bytes.length ?? 0), 0);
    expect(total).toBe(count(graphOf(mixed)).weightBytes.fp32);
  });

  test('has its constants on multiples of 16 bytes, and a signature', () => {
    const constants = model.tensors.flatMap(({ constant }) => (constant ? [constant] : []));
    expect(constants.length).toBeGreaterThan(8);
    for (const { start } of constants) expect(start % 16).toBe(0);
    expect(model.signature).toEqual({
      key: 'serving_default',
      inputs: [['image', model.inputs[0]]],
      outputs: [['logits', model.outputs[0]]],
    });
  });

  test('is the same for the same network', () => {
    expect(filesOf(graphOf(mixed))).toEqual(files);
  });
});

test('a layer may be called as the model calls its output', async () => {
  const graph = networkOf('- { name: logits, op: silu }');
  const { tensors, outputs } = modelOf(filesOf(graph));
  expect(tensors.flatMap(({ name }, i) => (name === 'logits' ? [i] : []))).toEqual(outputs);
  expect(await difference(inputOf(graph))).toBeLessThan(1e-5);
});

test('100 hostile names stay where they belong', () => {
  const graph = graphOf(mixed);
  const harmless = builtOf(modelOf(filesOf(graph)));
  fc.assert(
    fc.property(hostileNames, ([name, ...classes]) => {
      const files = filesOf({ ...graph, name, classes });
      const model = modelOf(files);
      expect(builtOf(model)).toEqual(harmless);
      // JSON writes lone surrogates as escapes.
      for (const text of [model.metadata.get('netlathe') ?? '', textOf(files, 'metadata.json')]) {
        expect(JSON.parse(text)).toMatchObject({ name, classes });
      }
      const lines = textOf(files, 'labels.txt').split('\n');
      expect(lines).toHaveLength(classes.length + 1);
      for (const line of lines.slice(0, -1)) expect(line.trim()).not.toBe('');
    }),
    { numRuns: 100, seed: 3 },
  );
});

/** All but the metadata, whose length moves the rest. */
function builtOf({ metadata: _, tensors, ...rest }: ReadModel): object {
  return { ...rest, tensors: tensors.map(({ constant, ...each }) => [each, constant?.bytes]) };
}

test('labels stand on a line each', () => {
  const classes = ['"a"', 'two\nlines', 'no\u2028break', ' \t'];
  const lines = textOf(filesOf({ ...graphOf(mixed), classes }), 'labels.txt');
  expect(lines).toBe('"a"\ntwo lines\nno break\nclass 3\n');
});

test('int8 is refused', () => {
  expect(() => filesOf(graphOf(mixed), { weights: 'int8' })).toThrow('int8');
});
