/** A Graph as a tf.LayersModel: one layer a node, of the same name, and a few beside them. */

import type * as tfjs from '@tensorflow/tfjs';
import { type Graph, type GraphNode, graphInput, nodeOf, shapeOf } from '../../graph/graph.ts';
import type { WeightSpec } from '../../ops/op.ts';
import { mismatches, type Weight, type WeightStore, weightName } from '../../weights/store.ts';
import { WeightsError } from '../../weights/weights-error.ts';
import { registerLayers, type Tf } from './layers.ts';
import { helperName, layerName } from './names.ts';
import { buildLayer } from './table.ts';

/**
 * Takes [batch, height, width, channels], gives logits [batch, classes]. Without `weights` every weight is zero.
 * The caller disposes of the model.
 */
export function buildTfjsModel(tf: Tf, graph: Graph, weights?: WeightStore): tfjs.LayersModel {
  if (weights) requireWeights(graph, weights);
  const layers = registerLayers(tf);
  const { height, width, channels } = graph.input;
  const image = tf.input({ shape: [height, width, channels], name: 'image' });
  const tensors: tfjs.SymbolicTensor[] = [];
  const tensor = (id: number) => (id === graphInput ? image : (tensors[id] as tfjs.SymbolicTensor));
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(tensor);
    const shapes = node.inputs.map((id) => shapeOf(graph, id));
    tensors.push(buildLayer(node, { tf, layers, inputs, shapes }));
  }
  const logits = tf.layers.reshape({
    name: helperName(nodeOf(graph, graph.output).name, 'logits'),
    targetShape: [graph.classes.length],
  });
  const outputs = logits.apply(tensor(graph.output)) as tfjs.SymbolicTensor;
  const model = tf.model({ inputs: image, outputs, name: modelName(graph.name) });
  if (weights) setWeights(tf, model, graph, weights);
  return model;
}

/** The user's name may hold anything; tfjs takes it into names of its own. */
function modelName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_-]+/g, '-');
  return /^[A-Za-z]/.test(plain) ? plain : `model-${plain}`;
}

function requireWeights(graph: Graph, weights: WeightStore): void {
  const notes = mismatches(graph, weights);
  if (notes.length === 0) return;
  throw new WeightsError('E805', `these are not the weights of ${JSON.stringify(graph.name)}`, {
    notes: notes.slice(0, 10),
  });
}

/** Puts weights into a model that was built from the same Graph. */
export function setWeights(
  tf: Tf,
  model: tfjs.LayersModel,
  graph: Graph,
  weights: WeightStore,
): void {
  tf.tidy(() => {
    for (const node of graph.nodes) {
      if (node.weights.length === 0) continue;
      const layer = model.getLayer(layerName(node.name));
      layer.setWeights(
        weightsOf(node, weights).map(({ values }, i) =>
          // Depthwise kernels have another shape there, but the same bytes.
          tf.tensor(values, layer.weights[i]?.shape as number[], 'float32'),
        ),
      );
    }
  });
}

/** A weight of the Graph, and where a model that was built from it keeps it. */
export interface ModelWeight {
  readonly name: string;
  readonly node: GraphNode;
  readonly spec: WeightSpec;
  readonly variable: tfjs.Variable;
}

/** In the order of the Graph. */
export function modelWeights(model: tfjs.LayersModel, graph: Graph): readonly ModelWeight[] {
  return graph.nodes
    .filter((node) => node.weights.length > 0)
    .flatMap((node) => {
      const { weights } = model.getLayer(layerName(node.name));
      return node.weights.map((spec, i) => ({
        name: weightName(node, spec),
        node,
        spec,
        variable: (weights[i] as tfjs.LayerVariable).read() as tfjs.Variable,
      }));
    });
}

/** The weights of a model that was built from the Graph, as after training. */
export function getWeights(model: tfjs.LayersModel, graph: Graph): WeightStore {
  const store = new Map<string, Weight>();
  for (const { name, spec, variable } of modelWeights(model, graph)) {
    store.set(name, { shape: spec.shape, values: variable.dataSync<'float32'>().slice() });
  }
  return store;
}

function weightsOf(node: GraphNode, weights: WeightStore): readonly Weight[] {
  return node.weights.map((spec) => weights.get(weightName(node, spec)) as Weight);
}

export interface TfjsCounts {
  readonly trainable: number;
  readonly nonTrainable: number;
}

/** What tfjs itself counts; netlathe's own count must be the same. */
export function countTfjs(model: tfjs.LayersModel): TfjsCounts {
  const sum = (variables: readonly tfjs.LayerVariable[]) =>
    variables.reduce((total, v) => total + v.shape.reduce<number>((n, d) => n * (d ?? 0), 1), 0);
  return {
    trainable: sum(model.trainableWeights),
    nonTrainable: sum(model.nonTrainableWeights),
  };
}
