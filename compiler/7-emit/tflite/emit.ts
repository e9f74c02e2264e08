/**
 * Target `tflite`: the Graph as one .tflite file for LiteRT, formerly TensorFlow Lite. Batch norms are folded and
 * activations fused here, since its runtimes do neither by themselves.
 */

import { followerOf } from '../../6-lower/fuse.ts';
import { foldsIntoConvolution } from '../../graph/folding.ts';
import { type Graph, type GraphNode, graphInput, nodeOf, shapeOf } from '../../graph/graph.ts';
import type { WeightStore } from '../../weights/index.ts';
import { EmitError } from '../emit-error.ts';
import { type Rank, rankBefore } from '../torch-layout.ts';
import type { BundleFiles, EmitInput } from '../ts/emit.ts';
import { banner } from '../ts/header.ts';
import type { WeightType } from '../ts/weights-file.ts';
import { TfliteBuilder, type Value } from './builder.ts';
import { encodeModel } from './file.ts';
import { json, labelLines, listOf, metadataOf } from './metadata.ts';
import { type Fused, fusedActivations, tensorTypes } from './schema.ts';
import { addNode, fuses } from './table.ts';

export interface TfliteOptions {
  readonly weights: WeightType;
  /** Whether bytes are normalised inside: the input is then uint8. */
  readonly preprocess: 'inside' | 'outside';
}

/** FlatBuffers count in 31 bits. */
const largestFile = 2 ** 31 - 1;

const names = { image: 'image', logits: 'logits' } as const;

export function emitTflite(input: EmitInput, options: TfliteOptions): BundleFiles {
  const { graph } = input;
  refuse(input, options);
  const { builder, image, logits } = buildGraph(graph, input.weights, options);
  const about = metadataOf(input, options);
  const model = encodeModel({
    description: `An image classifier. ${banner}`,
    tensors: builder.tensors,
    operators: builder.operators,
    inputs: new Map([[names.image, image.tensor]]),
    outputs: new Map([[names.logits, logits.tensor]]),
    metadata: new Map([['netlathe', json(about)]]),
  });
  const files = new Map([
    ['model.tflite', model],
    ['labels.txt', new TextEncoder().encode(labelLines(graph.classes))],
  ]);
  return files.set('metadata.json', json({ ...about, files: listOf(files) }));
}

function refuse({ graph, counts }: EmitInput, { weights }: TfliteOptions): void {
  const name = JSON.stringify(graph.name);
  const refused = (message: string, hint: string) =>
    new EmitError({ code: 'E701', message: `${name} ${message}`, hint });
  if (weights === 'int8') {
    throw refused('cannot be a TFLite model of int8 weights', 'take fp16, or the target ts');
  }
  const bytes = counts.weightBytes[weights];
  if (bytes <= largestFile - 2 ** 24) return;
  throw refused(
    `has ${bytes} bytes of weights: a TFLite file holds 2 GiB at most`,
    'emit it as safetensors or PyTorch',
  );
}

function buildGraph(graph: Graph, weights: WeightStore, options: TfliteOptions) {
  const builder = new TfliteBuilder(options.weights === 'fp16', Object.values(names));
  const { height, width, channels } = graph.input;
  const isInside = options.preprocess === 'inside';
  const type = isInside ? 'uint8' : 'float32';
  const image = builder.input(names.image, type, [1, height, width, channels]);
  const values = new Map<number, Value>();
  values.set(graphInput, isInside ? normalized(builder, graph, image) : image);
  const valueAt = (id: number): Value => values.get(id) as Value;
  const along = alongOf(graph);
  for (const node of graph.nodes) {
    if (values.has(node.id)) continue;
    const { nodes, fused } = along(node);
    const value = addNode(node, {
      ...{ builder, graph, weights, fused },
      inputs: inputsOf(builder, node, node.inputs.map(valueAt)),
      entering: shapeOf(graph, node.inputs[0] as number),
      name: (nodes.at(-1) as GraphNode).name,
    });
    for (const { id } of nodes) values.set(id, value);
  }
  const { name } = nodeOf(graph, graph.output);
  const logits = asRank(builder, 'vector', valueAt(graph.output), name);
  builder.rename(logits, names.logits);
  return { builder, image, logits };
}

/** A node and those behind it that its operators do along with it. */
function alongOf(graph: Graph): (node: GraphNode) => {
  readonly nodes: readonly GraphNode[];
  readonly fused: Fused;
} {
  const follower = followerOf(graph);
  return (node) => {
    const nodes = [node];
    const next = node.op === 'conv2d' || node.op === 'dense' ? follower(node) : undefined;
    if (next?.op === 'batchNorm' && foldsIntoConvolution(graph, next)) nodes.push(next);
    const behind = fuses(node) ? follower(nodes.at(-1) as GraphNode) : undefined;
    if (behind?.op !== 'relu' && behind?.op !== 'relu6') return { nodes, fused: 'none' };
    return { nodes: [...nodes, behind], fused: behind.op };
  };
}

/** Of the rank that a node wants. Dense layers take either. */
function inputsOf(builder: TfliteBuilder, node: GraphNode, values: readonly Value[]) {
  if (node.op === 'dense') return values;
  const wanted = rankBefore(node, values.map(rankOf));
  return values.map((value) => asRank(builder, wanted, value, node.name));
}

const rankOf = ({ shape }: Value): Rank => (shape.length === 4 ? 'image' : 'vector');

function asRank(builder: TfliteBuilder, rank: Rank, value: Value, layer: string): Value {
  if (rank === rankOf(value)) return value;
  const channels = value.shape.at(-1) as number;
  const shape = rank === 'vector' ? [1, channels] : [1, 1, 1, channels];
  return builder.reshape(value, `${layer}/${rank}`, shape);
}

/** Bytes of pixels to what the first layer wants: (value / 255 - mean) / std. */
function normalized(builder: TfliteBuilder, { preprocessing }: Graph, image: Value): Value {
  const { mean, std } = preprocessing;
  const { shape } = image;
  const factors = std.map((s) => 1 / (255 * s));
  const terms = std.map((s, i) => -(mean[i] as number) / s);
  const [scale, shift] = [
    builder.floats('/scale', [factors.length], factors),
    builder.floats('/shift', [terms.length], terms),
  ];
  const activation = fusedActivations.none;
  const floats = builder.add('CAST', [image], {
    ...{ name: '/float', shape },
    options: { from: tensorTypes.uint8, to: tensorTypes.float32 },
  });
  const scaled = builder.add('MUL', [floats, scale], {
    ...{ name: '/scaled', shape },
    options: { activation },
  });
  return builder.add('ADD', [scaled, shift], {
    ...{ name: '/normalized', shape },
    options: { activation },
  });
}
