/** A process that trains with tfjs-node: `tfjs-peer.ts NETWORK FOLDER`, the folder that it is installed in. */

import { createRequire } from 'node:module';
import path from 'node:path';
import type { Tf } from '../../compiler/7-emit/tfjs/layers.ts';
import { buildTfjsModel } from '../../compiler/7-emit/tfjs/model.ts';
import { initialize } from '../../compiler/weights/initialize.ts';
import { graphOf, networkOf } from './networks.ts';
import { serve } from './protocol.ts';

const [name = '', folder = '.'] = process.argv.slice(2);
const network = networkOf(name);
const graph = graphOf(network);
const tf: Tf = createRequire(path.resolve(folder, 'package.json'))('@tensorflow/tfjs-node');
const model = buildTfjsModel(tf, graph, initialize(graph, 1));
const { height, width, channels } = graph.input;
const { batch } = network;
const classes = graph.classes.length;
const image = tf.randomUniform([batch, height, width, channels], -1, 1);
const labels = tf.oneHot(
  Array.from({ length: batch }, (_, n) => n % classes),
  classes,
);
const optimizer = tf.train.adam(1e-3);

/** Waits for the loss, as a loop that prints it does. */
async function step(): Promise<void> {
  const loss = optimizer.minimize(() => {
    const logits = model.apply(image, { training: true });
    return tf.losses.softmaxCrossEntropy(labels, logits as ReturnType<Tf['scalar']>);
  }, true);
  await loss?.data();
  loss?.dispose();
}

/** Of products that do not fit the cache of one core, as the library's own threads share them. */
async function matrixPeak(): Promise<number> {
  const n = 1024;
  const a = tf.ones([n, n]);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 20; i++) {
    const before = performance.now();
    const product = tf.matMul(a, a);
    await product.data();
    best = Math.min(best, performance.now() - before);
    product.dispose();
  }
  a.dispose();
  return (2 * n ** 3) / best / 1e6;
}

for (let i = 0; i < 2; i++) await step();
const parameters = model.trainableWeights.reduce(
  (sum, w) => sum + w.shape.reduce<number>((product, n) => product * (n ?? 1), 1),
  0,
);
const label = `tfjs-node ${tf.version_core}`;
await serve({ label, parameters, peak: await matrixPeak() }, step);
