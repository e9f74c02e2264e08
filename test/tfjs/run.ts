/** Single layers run by tfjs, for tests. */
import type * as tfjs from '@tensorflow/tfjs';
import { importTfjs } from '../../compiler/7-emit/tfjs/index.ts';
import { registerLayers } from '../../compiler/7-emit/tfjs/layers.ts';
import { buildTfjsModel } from '../../compiler/7-emit/tfjs/model.ts';
import { layerName } from '../../compiler/7-emit/tfjs/names.ts';
import type { Graph, GraphNode } from '../../compiler/graph/graph.ts';
import { initialize, type WeightStore } from '../../compiler/weights/index.ts';
import { networkOf } from '../support/compile.ts';

export const tf = await importTfjs();
registerLayers(tf);

export interface Subject {
  readonly graph: Graph;
  readonly node: GraphNode;
  readonly weights: WeightStore;
  readonly layer: tfjs.layers.Layer;
  /** What the layer under test gives for an image: [height, width, channels], row by row. */
  run(image: ArrayLike<number>): Float32Array;
}

/** The last of these layers, over an image of `size` pixels a side. */
export function subject(
  layers: string,
  size: number,
  channels: number,
  given: Readonly<Record<string, readonly number[]>> = {},
): Subject {
  const graph = networkOf(layers, size, channels);
  // networkOf puts a pool and a dense layer behind.
  const node = graph.nodes.at(-3) as GraphNode;
  const weights = initialize(graph, 11);
  for (const [name, values] of Object.entries(given)) weights.get(name)?.values.set(values);
  const model = buildTfjsModel(tf, graph, weights);
  const layer = model.getLayer(layerName(node.name));
  const outputs = layer.output as tfjs.SymbolicTensor;
  const part = tf.model({ inputs: model.inputs, outputs });
  return {
    graph,
    node,
    weights,
    layer,
    run: (image) =>
      tf.tidy(() => {
        const x = tf.tensor4d(Float32Array.from(image), [1, size, size, channels]);
        return (part.predict(x) as tfjs.Tensor).dataSync<'float32'>().slice();
      }),
  };
}

/** Numbers of both signs without a pattern. */
export function noise(count: number, scale = 2): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => scale * Math.sin(i * 12.9898 + 1));
}
