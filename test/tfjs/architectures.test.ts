import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type * as tfjs from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Source } from '../../compiler/1-load/load.ts';
import { count } from '../../compiler/5-budget/counts.ts';
import { buildTfjsModel, countTfjs, getWeights } from '../../compiler/7-emit/tfjs/index.ts';
import { compile } from '../../compiler/compile.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { verify } from '../../compiler/graph/verify.ts';
import { type OpKind, opKinds } from '../../compiler/ops/index.ts';
import { initialize } from '../../compiler/weights/index.ts';
import { architectures } from '../support/architectures.ts';
import { compileText } from '../support/compile.ts';
import { noise, tf } from './run.ts';

const zoo = path.resolve(import.meta.dirname, '../../architectures');

const disk: Source = {
  resolve: (reference, from) => path.resolve(from ? path.dirname(from) : zoo, reference),
  read: (file) => readFileSync(file, 'utf8'),
};

afterAll(() => {
  // The models of every test were disposed of.
  expect(tf.memory().numTensors).toBe(0);
});

describe('the zoo', () => {
  const files = readdirSync(zoo).filter((name) => name.endsWith('.yaml'));

  test.each(files)('%s has the parameters that tfjs counts', (name) => {
    const { graph, counts, diagnostics } = compile(disk, name);
    expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
    const model = buildTfjsModel(tf, graph as Graph);
    expect(countTfjs(model)).toEqual(counts?.params);
    expect(model.countParams()).toBe(
      (counts?.params.trainable ?? 0) + (counts?.params.nonTrainable ?? 0),
    );
    model.dispose();
  });
});

describe('500 generated architectures', () => {
  const seen = new Set<OpKind>();

  test('compile, have the parameters that tfjs counts, and predict finite logits', () => {
    fc.assert(
      fc.property(architectures(), ({ yaml }) => {
        const { graph, diagnostics } = compileText(yaml);
        expect(diagnostics).toEqual([]);
        if (graph) checkModel(graph);
        for (const node of graph?.nodes ?? []) seen.add(node.op);
      }),
      { numRuns: 500, seed: 2020 },
    );
  });

  test('use every op', () => {
    expect([...seen].sort()).toEqual([...opKinds].sort());
  });
});

function checkModel(graph: Graph): void {
  expect(verify(graph)).toEqual([]);
  const weights = initialize(graph, 1);
  const model = buildTfjsModel(tf, graph, weights);
  try {
    expect(countTfjs(model)).toEqual(count(graph).params);
    expect(getWeights(model, graph)).toEqual(weights);
    expect(layerShapes(model, graph)).toEqual(graph.nodes.map((node) => Object.values(node.shape)));
    const { height, width, channels } = graph.input;
    const logits = tf.tidy(() => {
      const shape: [number, number, number, number] = [2, height, width, channels];
      const x = tf.tensor4d(noise(2 * height * width * channels), shape);
      return (model.predict(x) as tfjs.Tensor).dataSync();
    });
    expect(logits.length).toBe(2 * graph.classes.length);
    expect(logits.every((x) => Number.isFinite(x))).toBe(true);
  } finally {
    model.dispose();
  }
}

/** By the names of the nodes: [height, width, channels] each. */
function layerShapes(model: tfjs.LayersModel, graph: Graph): readonly unknown[] {
  const shapes = new Map(model.layers.map((layer) => [layer.name, layer.outputShape.slice(1)]));
  return graph.nodes.map(({ name }) => shapes.get(name) ?? shapes.get(`netlathe/${name}`));
}
