/** What a Graph costs, counted before any tensor exists. */

import { foldsIntoConvolution } from '../graph/folding.ts';
import { type Graph, type GraphNode, size } from '../graph/graph.ts';
import { peakActivationBytes } from '../graph/liveness.ts';
import { formatShape } from '../graph/shape.ts';
import { receptiveFields } from './receptive-field.ts';

export interface LayerCount {
  readonly name: string;
  readonly op: string;
  readonly output: string;
  /** Trainable. */
  readonly params: number;
  readonly nonTrainable: number;
  readonly macs: number;
  /** Side of the square of pixels that one output sees; `null` for all of the image. */
  readonly receptiveField: number | null;
  readonly file: string;
  readonly line: number;
}

export interface Counts {
  readonly params: { readonly trainable: number; readonly nonTrainable: number };
  readonly macs: number;
  /** Peak of the float32 buffers alive at once for one image, the input included. */
  readonly activationBytes: number;
  readonly weightBytes: { readonly fp32: number; readonly fp16: number; readonly int8: number };
  /** Of the last layer that is not global. */
  readonly receptiveField: number;
  readonly layers: readonly LayerCount[];
}

export function count(graph: Graph): Counts {
  const fields = receptiveFields(graph);
  const layers = graph.nodes.map((node) => countLayer(node, fields[node.id] ?? null));
  const sum = (pick: (layer: LayerCount) => number) =>
    layers.reduce((total, l) => total + pick(l), 0);
  const trainable = sum((l) => l.params);
  const nonTrainable = sum((l) => l.nonTrainable);
  return {
    params: { trainable, nonTrainable },
    macs: sum((l) => l.macs),
    activationBytes: peakActivationBytes(graph),
    weightBytes: weightBytes(graph),
    receptiveField: Math.max(1, ...fields.filter((f) => f !== null)),
    layers,
  };
}

function countLayer(node: GraphNode, receptiveField: number | null): LayerCount {
  const weights = (trainable: boolean) =>
    node.weights.reduce((sum, w) => (w.trainable === trainable ? sum + size(w) : sum), 0);
  const { file, range } = node.origin.place;
  return {
    name: node.name,
    op: node.op,
    output: formatShape(node.shape),
    params: weights(true),
    nonTrainable: weights(false),
    macs: node.macs,
    receptiveField,
    file,
    line: range.start.line,
  };
}

/**
 * Bytes of the weights as a bundle stores them. Batch norms behind a convolution are folded into it; int8 keeps
 * a float32 scale for each output channel, and biases and unfolded norms in float32.
 */
function weightBytes(graph: Graph): Counts['weightBytes'] {
  let kernels = 0;
  let channels = 0;
  let vectors = 0;
  for (const node of graph.nodes) {
    const kernel = node.weights.find((w) => w.name === 'kernel');
    if (kernel) {
      kernels += size(kernel);
      channels += kernel.shape.at(-1) ?? 0;
      vectors += node.shape.channels; // the bias, its own or the folded norm's
    } else if (node.op === 'batchNorm' && !foldsIntoConvolution(graph, node)) {
      vectors += 2 * node.shape.channels; // scale and shift
    }
  }
  return {
    fp32: 4 * (kernels + vectors),
    fp16: 2 * (kernels + vectors),
    int8: kernels + 4 * (channels + vectors),
  };
}
