/**
 * Whole networks, the same weights and images in both: what the engine computes is what TensorFlow.js computes, for the
 * gradients of every weight and for logits. Blocks and wiring are those of the zoo, sizes are not.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type * as tfjs from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import type { Source } from '../../compiler/1-load/load.ts';
import { lowerInference } from '../../compiler/6-lower/inference.ts';
import { lowerTraining } from '../../compiler/6-lower/training.ts';
import { buildTfjsModel, modelWeights } from '../../compiler/7-emit/tfjs/index.ts';
import { compile } from '../../compiler/compile.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { initialize, type WeightStore } from '../../compiler/weights/index.ts';
import { Engine } from '../../runtime/engine/engine.ts';
import { readParameters, writeParameters } from '../../runtime/train/parameters.ts';
import { noise, tf } from '../tfjs/run.ts';

const zoo = path.resolve(import.meta.dirname, '../../architectures');

/** A file of the zoo under this overlay. */
function small(base: string, overlay: string, size = 16): Graph {
  const file = path.join(zoo, 'small.yaml');
  const yaml = `
extends: ${base}.yaml
input: { height: ${size}, width: ${size} }
classes: 5
budget: { params: { atMost: 1000000 } }
${overlay}`;
  const source: Source = {
    resolve: (reference, from) => (from ? path.resolve(zoo, reference) : file),
    read: (name) => (name === file ? yaml : readFileSync(name, 'utf8')),
  };
  const { graph, diagnostics } = compile(source, file);
  const errors = diagnostics.filter((d) => d.severity === 'error').map((d) => d.message);
  if (!graph || errors.length > 0) throw new Error(errors.join('\n'));
  return graph;
}

const widths = 'bandwidth: { base: 4, multipliers: [1, 2, 3, 4, 4, 4, 4, 4] }';

const networks: Readonly<Record<string, () => Graph>> = {
  student: () => small('student', widths, 32),
  'student of pooled strips': () => small('student', 'bandwidth: [16, 16, 32, 6, 4, 4, 4, 4]', 32),
  'student of groups': () => small('student-group', `${widths}\nconstants: { groups: 4 }`, 32),
  'student of plain convolutions': () => small('student-plain', widths, 32),
  'ResNet-20': () => small('resnet20-cifar', 'bandwidth: [4, 8, 12]'),
  'MobileNetV2 blocks': () =>
    small(
      'mobilenet-v2',
      `layers:
  - { block: conv, width: 4, kernel: 3, stride: 2 }
  - { block: inverted, width: 6, expand: 1 }
  - { block: inverted, width: 8, expand: 6, stride: 2 }
  - { block: inverted, width: 8, expand: 6, repeat: 2 }
  - globalAvgPool
  - { op: dense, units: classes }`,
    ),
  'ShuffleNetV2 blocks': () =>
    small(
      'shufflenet-v2-x1',
      `layers:
  - { op: conv2d, filters: 6, kernel: 3, padding: 1 }
  - batchNorm
  - relu
  - { op: maxPool2d, size: 3, stride: 2, padding: 1 }
  - { block: down, width: 12 }
  - { block: unit, repeat: 2 }
  - { block: pointwise, width: 16 }
  - globalAvgPool
  - { op: dense, units: classes }`,
    ),
  'squeeze-and-excite blocks': () =>
    small(
      'mobilenet-v3-large',
      `layers:
  - { block: conv, width: 6, kernel: 3, stride: 2 }
  - hardSwish
  - { block: inverted, kernel: 3, expand: 12, squeeze: 4, width: 6, act: relu, stride: 1 }
  - { block: inverted, kernel: 5, expand: 18, squeeze: 4, width: 8, act: hardSwish, stride: 2 }
  - globalAvgPool
  - { op: dense, units: classes }`,
    ),
};

const batch = 4;
const engines: Engine[] = [];
afterAll(() => Promise.all(engines.map((engine) => engine.close())));

/** Statistics as after some training, so that inference depends on each of them. */
function trainedWeights(graph: Graph): WeightStore {
  const weights = initialize(graph, 7);
  for (const [name, { values }] of weights) {
    const kind = name.slice(name.lastIndexOf('.') + 1);
    const drawn = noise(values.length, 0.3);
    if (kind === 'gamma' || kind === 'movingVariance') values.set(drawn.map((x) => 1 + x));
    if (kind === 'beta' || kind === 'movingMean') values.set(drawn);
  }
  return weights;
}

function imagesOf(graph: Graph): Float32Array {
  const { height, width, channels } = graph.input;
  return noise(batch * height * width * channels, 1.5);
}

function targetsOf(graph: Graph): Float32Array {
  const classes = graph.classes.length;
  const targets = new Float32Array(batch * classes);
  for (let n = 0; n < batch; n++) targets[n * classes + (n % classes)] = 1;
  return targets;
}

async function gradientsOfEngine(graph: Graph, weights: WeightStore): Promise<WeightStore> {
  const p = lowerTraining(graph, {
    batch,
    threads: 1,
    optimizer: {
      name: 'sgd',
      momentum: 0,
      nesterov: false,
      beta1: 0,
      beta2: 0,
      epsilon: 0,
    },
    average: false,
    isFrozen: () => false,
  });
  const engine = await Engine.create(p.program);
  engines.push(engine);
  writeParameters(engine, p, weights);
  engine.floats(p.image).set(imagesOf(graph));
  engine.floats(p.targets).set(targetsOf(graph));
  engine.setScalar('accumulate', 0);
  engine.setScalar('lossScale', 1 / batch);
  engine.run('gradients');
  return readParameters(engine, { ...p, weights: p.gradients });
}

function tensorOf(graph: Graph): tfjs.Tensor4D {
  const { height, width, channels } = graph.input;
  return tf.tensor4d(imagesOf(graph), [batch, height, width, channels]);
}

function gradientsOfTfjs(graph: Graph, weights: WeightStore): Map<string, Float32Array> {
  const model = buildTfjsModel(tf, graph, weights);
  const trainable = modelWeights(model, graph).filter(({ spec }) => spec.trainable);
  const gradients = tf.tidy(() => {
    const targets = tf.tensor2d(targetsOf(graph), [batch, graph.classes.length]);
    const { grads } = tf.variableGrads(
      () => {
        const logits = model.apply(tensorOf(graph), { training: true }) as tfjs.Tensor2D;
        return tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1)));
      },
      trainable.map(({ variable }) => variable),
    );
    return trainable.map(({ name, variable }) => {
      const gradient = grads[variable.name] as tfjs.Tensor;
      return [name, gradient.dataSync<'float32'>().slice()] as const;
    });
  });
  model.dispose();
  return new Map(gradients);
}

const largest = (values: Float32Array) =>
  values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

function farthest(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return largest(a.map((x, i) => x - (b[i] as number)));
}

describe.each(Object.entries(networks))('%s', (_name, make) => {
  const graph = make();
  const weights = trainedWeights(graph);

  it('has the gradients that tfjs finds, for every weight', async () => {
    const own = await gradientsOfEngine(graph, weights);
    const theirs = gradientsOfTfjs(graph, weights);
    const scale = Math.max(...[...theirs.values()].map(largest));
    expect(scale).toBeGreaterThan(0.01);
    for (const [name, gradient] of theirs) {
      const { values } = own.get(name) as { readonly values: Float32Array };
      // Against the largest of its own tensor too, lest small gradients hide behind large ones.
      const tolerance = 2e-6 * scale + 2e-5 * largest(gradient);
      expect(farthest(values, gradient), name).toBeLessThan(tolerance);
    }
  });

  it('predicts what tfjs predicts', async () => {
    const p = lowerInference(graph, { batch, threads: 1 });
    const engine = await Engine.create(p.program);
    engines.push(engine);
    writeParameters(engine, p, weights);
    engine.floats(p.image).set(imagesOf(graph));
    engine.run('prepare');
    engine.run('infer');
    const model = buildTfjsModel(tf, graph, weights);
    const theirs = tf.tidy(() =>
      (model.predict(tensorOf(graph)) as tfjs.Tensor).dataSync<'float32'>().slice(),
    );
    model.dispose();
    expect(farthest(engine.floats(p.logits).slice(), theirs)).toBeLessThan(5e-6 * largest(theirs));
  });
});
