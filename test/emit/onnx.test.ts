/** The bytes of an ONNX model, read back by a decoder that is not ours. `npm run prove:interop` runs them. */
import path from 'node:path';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { count } from '../../compiler/5-budget/counts.ts';
import { emitOnnx } from '../../compiler/7-emit/onnx/emit.ts';
import { assemble, float, integer, text } from '../../compiler/7-emit/onnx/protobuf.ts';
import { fromTorch, torchShape, toTorch } from '../../compiler/7-emit/torch-layout.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { architectures } from '../support/architectures.ts';
import { graphOf, networkOf } from '../support/compile.ts';
import { randomWeights } from './support.ts';

const schema = await protobuf.load(path.join(import.meta.dirname, 'onnx.proto'));
const modelType = schema.lookupType('onnx.ModelProto');

interface Tensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
}
interface Value {
  readonly name: string;
  readonly type: {
    readonly tensorType: { readonly elemType: number; readonly shape: { readonly dim: object[] } };
  };
}
interface Model {
  readonly irVersion: number;
  readonly opsetImport: readonly { readonly version: number }[];
  readonly metadataProps: readonly { readonly key: string; readonly value: string }[];
  readonly graph: {
    readonly node: readonly {
      readonly name: string;
      readonly opType: string;
      readonly input: readonly string[];
      readonly output: readonly string[];
      readonly attribute: readonly Readonly<Record<string, unknown>>[];
    }[];
    readonly initializer: readonly Tensor[];
    readonly input: readonly Value[];
    readonly output: readonly Value[];
  };
}

function decode(graph: Graph, preprocess: 'inside' | 'outside' = 'outside'): Model {
  const input = { graph, weights: randomWeights(graph), counts: count(graph), verdicts: [] };
  const files = emitOnnx({ ...input, source: '', netlathe: '1.2.3' }, { preprocess });
  const message = modelType.decode(files.get('model.onnx') as Uint8Array);
  return modelType.toObject(message, { longs: Number, arrays: true }) as Model;
}

const layers = `
- { name: stem, op: conv2d, kernel: [3, 1], filters: 4, padding: same, stride: 2, bias: false }
- batchNorm
- { op: gelu, approximate: tanh }
- { op: add, branches: [[], [{ op: leakyRelu, slope: 0.25 }], [silu]] }
`;

describe('an ONNX model', () => {
  const graph = networkOf(layers);
  const model = decode(graph);

  test('has the nodes of the network, in order', () => {
    expect(model.irVersion).toBe(8);
    expect(model.opsetImport).toEqual([{ version: 17 }]);
    const ops = model.graph.node.map(({ opType }) => opType);
    expect(ops.slice(0, 2)).toEqual(['Conv', 'BatchNormalization']);
    expect(ops.slice(-4)).toEqual(['GlobalAveragePool', 'Flatten', 'Gemm', 'Identity']);
    expect(model.graph.node[0]?.attribute).toEqual([
      { name: 'kernel_shape', ints: [3, 1], type: 7 },
      { name: 'strides', ints: [2, 2], type: 7 },
      { name: 'dilations', ints: [1, 1], type: 7 },
      { name: 'pads', ints: [0, 0, 1, 0], type: 7 },
      { name: 'group', ints: [], i: 1, type: 2 },
    ]);
    const leaky = model.graph.node.find(({ opType }) => opType === 'LeakyRelu');
    expect(leaky?.attribute).toEqual([{ name: 'alpha', ints: [], f: 0.25, type: 1 }]);
  });

  test('has its weights under the names of the layers, in the layout of ONNX', () => {
    const weights = model.graph.initializer.filter(({ name }) => !name.includes('/'));
    expect(weights.map(({ name, dims }) => [name, dims])).toEqual([
      ['stem.weight', [4, 3, 3, 1]],
      ['batchNorm_1.weight', [4]],
      ['batchNorm_1.bias', [4]],
      ['batchNorm_1.running_mean', [4]],
      ['batchNorm_1.running_var', [4]],
      ['dense_1.weight', [3, 4]],
      ['dense_1.bias', [3]],
    ]);
    const { values } = randomWeights(graph).get('stem.kernel') as { values: Float32Array };
    const { rawData } = weights[0] as Tensor;
    const floats = new Float32Array(Uint8Array.from(rawData).buffer);
    // [out, in, height, width] from [height, width, in, out].
    expect(floats[1 * 9 + 2 * 3 + 1]).toBe(values[(1 * 3 + 2) * 4 + 1]);
  });

  test('leaves the batch open, and says what it classifies', () => {
    const { input, output } = model.graph;
    expect(input[0]).toMatchObject({ name: 'image', type: { tensorType: { elemType: 1 } } });
    expect(input[0]?.type.tensorType.shape.dim).toEqual(
      [{ dimParam: 'batch' }, 3, 8, 8].map((d) => (typeof d === 'number' ? { dimValue: d } : d)),
    );
    expect(output[0]?.type.tensorType.shape.dim).toEqual([{ dimParam: 'batch' }, { dimValue: 3 }]);
    const metadata = new Map(model.metadataProps.map(({ key, value }) => [key, value]));
    expect(JSON.parse(metadata.get('classes') as string)).toEqual(graph.classes);
  });

  test('takes bytes where preprocessing is inside', () => {
    const { input, node } = decode(graph, 'inside').graph;
    expect(input[0]?.type.tensorType.elemType).toBe(2);
    expect(input[0]?.type.tensorType.shape.dim).toEqual([
      { dimParam: 'batch' },
      ...[8, 8, 3].map((dimValue) => ({ dimValue })),
    ]);
    expect(node.slice(0, 4).map(({ opType }) => opType)).toEqual([
      'Cast',
      'Transpose',
      'Mul',
      'Add',
    ]);
  });
});

test('100 generated architectures: every value is made once and before it is read, every weight is there', () => {
  fc.assert(
    fc.property(architectures(), ({ yaml }) => {
      const graph = graphOf(yaml);
      const { node, initializer, input, output } = decode(graph).graph;
      const known = new Set([...input, ...initializer].map(({ name }) => name));
      expect(known.size).toBe(input.length + initializer.length);
      for (const each of node) {
        for (const name of each.input) expect(known).toContain(name);
        for (const name of each.output) expect(known).not.toContain(name);
        for (const name of each.output) known.add(name);
      }
      expect(known).toContain(output[0]?.name);
      const weights = initializer.filter(({ name }) => !name.includes('/'));
      const total = weights.reduce((sum, { dims }) => sum + dims.reduce((n, d) => n * d, 1), 0);
      const { trainable, nonTrainable } = count(graph).params;
      expect(total).toBe(trainable + nonTrainable);
      for (const { dims, rawData, dataType } of initializer) {
        const bytes = dims.reduce((n, d) => n * d, dataType === 7 ? 8 : 4);
        expect(rawData.length).toBe(bytes);
      }
    }),
    { numRuns: 100, seed: 17 },
  );
});

test('numbers and text are those of protocol buffers', () => {
  fc.assert(
    fc.property(
      fc.maxSafeInteger(),
      fc.float({ noNaN: true }),
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 1, max: 2 ** 20 }),
      (whole, real, words, field) => {
        const bytes = assemble(integer(field, whole), float(field, real), text(field, words));
        const reader = protobuf.Reader.create(bytes);
        expect(reader.uint32()).toBe(field * 8);
        expect(Number(reader.int64())).toBe(whole);
        expect(reader.uint32()).toBe(field * 8 + 5);
        expect(reader.float()).toBe(real);
        expect(reader.uint32()).toBe(field * 8 + 2);
        expect(reader.string()).toBe(words);
        expect(reader.pos).toBe(bytes.length);
      },
    ),
  );
});

test('the layout of PyTorch and back keeps every number', () => {
  fc.assert(
    fc.property(architectures(), ({ yaml }) => {
      const graph = graphOf(yaml);
      const weights = randomWeights(graph);
      for (const node of graph.nodes) {
        for (const spec of node.weights) {
          const weight = weights.get(`${node.name}.${spec.name}`);
          if (!weight) throw new Error(`${node.name}.${spec.name}`);
          const there = toTorch(spec, weight);
          expect(there.shape).toEqual(torchShape(spec));
          expect(fromTorch(spec, there.values)).toEqual(weight);
        }
      }
    }),
    { numRuns: 50, seed: 4 },
  );
});
