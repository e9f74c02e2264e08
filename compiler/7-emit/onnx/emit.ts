/**
 * Target `onnx`: the Graph as one .onnx file of opset 17. Batch norms and weights stay as they are, so that the file
 * has the parameters of the YAML, named after its layers; a runtime folds what it can by itself.
 */

import { type Graph, graphInput, nodeOf, shapeOf } from '../../graph/graph.ts';
import type { WeightStore } from '../../weights/index.ts';
import { weightName } from '../../weights/store.ts';
import { EmitError } from '../emit-error.ts';
import { rankAfter, rankBefore, torchWord, toTorch } from '../torch-layout.ts';
import type { BundleFiles, EmitInput } from '../ts/emit.ts';
import { banner } from '../ts/header.ts';
import { OnnxBuilder, type Value } from './builder.ts';
import { encodeModel, type OnnxValue } from './model.ts';
import { addNode } from './table.ts';

export interface OnnxOptions {
  /** Whether bytes are normalised inside: the input is then uint8 [batch, height, width, channels]. */
  readonly preprocess: 'inside' | 'outside';
}

/** What readers of protocol buffers take. */
const largestFile = 2 ** 31 - 1;

export function emitOnnx(input: EmitInput, options: OnnxOptions): BundleFiles {
  const { graph } = input;
  const bytes = 4 * [...input.weights.values()].reduce((sum, w) => sum + w.values.length, 0);
  if (bytes > largestFile - 2 ** 24) {
    throw new EmitError({
      code: 'E701',
      message: `${JSON.stringify(graph.name)} has ${bytes} bytes of weights: an ONNX file holds 2 GiB at most`,
      hint: 'emit it as safetensors or PyTorch',
    });
  }
  const { builder, logits } = buildGraph(graph, input.weights, options);
  const classes = graph.classes.length;
  const file = encodeModel({
    name: graph.name,
    description: `An image classifier. ${banner}`,
    producerVersion: input.netlathe,
    nodes: builder.nodes,
    initializers: builder.initializers,
    input: imageValue(graph, options),
    output: { name: logits, type: 'float', shape: ['batch', classes] },
    metadata: new Map([
      ['classes', JSON.stringify(graph.classes)],
      ['preprocessing', JSON.stringify({ ...graph.preprocessing, where: options.preprocess })],
    ]),
  });
  return new Map([['model.onnx', file]]);
}

function imageValue({ input }: Graph, { preprocess }: OnnxOptions): OnnxValue {
  const { height, width, channels } = input;
  return preprocess === 'inside'
    ? { name: 'image', type: 'uint8', shape: ['batch', height, width, channels] }
    : { name: 'image', type: 'float', shape: ['batch', channels, height, width] };
}

function buildGraph(graph: Graph, weights: WeightStore, options: OnnxOptions) {
  const builder = new OnnxBuilder();
  const image = options.preprocess === 'inside' ? normalized(builder, graph) : 'image';
  const values: Value[] = [];
  const valueAt = (id: number): Value =>
    id === graphInput ? { name: image, rank: 'image' } : (values[id] as Value);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(valueAt);
    const ranks = inputs.map(({ rank }) => rank);
    const wanted = rankBefore(node, ranks);
    const name = addNode(node, {
      builder,
      inputs: inputs.map((value) => builder.as(wanted, value, node.name)),
      entering: shapeOf(graph, node.inputs[0] as number),
      weights: node.weights.map((spec) => {
        const weight = weights.get(weightName(node, spec));
        if (!weight) throw new Error(`netlathe bug: ${weightName(node, spec)} has no values`);
        return builder.weight(`${node.name}.${torchWord(spec)}`, toTorch(spec, weight));
      }),
    });
    values.push({ name, rank: rankAfter(node, ranks) });
  }
  const { name } = nodeOf(graph, graph.output);
  const last = builder.as('vector', valueAt(graph.output), name);
  builder.nodes.push({ op: 'Identity', name: 'logits', inputs: [last], output: 'logits' });
  return { builder, logits: 'logits' };
}

/** Bytes of pixels, channels last, to what the first layer wants: (value / 255 - mean) / std. */
function normalized(builder: OnnxBuilder, { input, preprocessing }: Graph): string {
  const { mean, std } = preprocessing;
  const shape = [1, input.channels, 1, 1];
  const scale = std.map((s) => 1 / (255 * s));
  const shift = std.map((s, i) => -(mean[i] as number) / s);
  const float = builder.add('Cast', '', 'float', ['image'], { to: 1 });
  const first = builder.add('Transpose', '', 'channelsFirst', [float], { perm: [0, 3, 1, 2] });
  const scaled = builder.add('Mul', '', 'scaled', [
    first,
    builder.floats('', 'scale', shape, scale),
  ]);
  return builder.add('Add', '', 'normalized', [scaled, builder.floats('', 'shift', shape, shift)]);
}
