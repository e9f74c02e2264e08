/**
 * The first weights of a network: a pure function of the Graph and a seed. Formulas are those of PyTorch 2 and
 * Keras 3, by the name each gives them; the random bits are our own, the same on every machine.
 */

import { type Graph, type GraphNode, size } from '../graph/graph.ts';
import type { InitializerName } from '../ops/initializers.ts';
import type { WeightSpec } from '../ops/op.ts';
import { fill, normalQuantile, streamOf, truncatedQuantile } from './random.ts';
import { type Weight, type WeightStore, weightName } from './store.ts';

type Fans = Pick<WeightSpec, 'fanIn' | 'fanOut'>;

type Rule =
  /** Between -limit and limit. */
  | { readonly kind: 'uniform'; readonly limit: (fans: Fans) => number }
  | { readonly kind: 'normal'; readonly std: (fans: Fans) => number }
  /** Cut off at two standard deviations; `std` is that of the normal before the cut. */
  | { readonly kind: 'truncated'; readonly std: (fans: Fans) => number }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'dirac' };

/** The standard deviation of a standard normal cut off at 2: Keras divides by it to keep the variance. */
const kerasCorrection = 0.8796256610342398;

const average = ({ fanIn, fanOut }: Fans) => (fanIn + fanOut) / 2;
const corrected = (variance: number) => Math.sqrt(variance) / kerasCorrection;

/** By name. `kaiming*` and `xavier*` as in torch.nn.init (gain sqrt 2 and 1), the rest as in keras.initializers. */
export const initializerRules: { readonly [K in InitializerName]: Rule } = {
  // torch.nn.Conv2d and Linear: kaiming_uniform_(a = sqrt 5), whose limit is sqrt(3 * 2 / 6 / fan in); the bias too.
  pytorch: { kind: 'uniform', limit: ({ fanIn }) => 1 / Math.sqrt(fanIn) },
  kaimingUniform: { kind: 'uniform', limit: ({ fanIn }) => Math.sqrt(6 / fanIn) },
  kaimingNormal: { kind: 'normal', std: ({ fanIn }) => Math.sqrt(2 / fanIn) },
  kaimingNormalFanOut: { kind: 'normal', std: ({ fanOut }) => Math.sqrt(2 / fanOut) },
  xavierUniform: { kind: 'uniform', limit: (fans) => Math.sqrt(3 / average(fans)) },
  xavierNormal: { kind: 'normal', std: (fans) => Math.sqrt(1 / average(fans)) },
  heUniform: { kind: 'uniform', limit: ({ fanIn }) => Math.sqrt(6 / fanIn) },
  heNormal: { kind: 'truncated', std: ({ fanIn }) => corrected(2 / fanIn) },
  glorotUniform: { kind: 'uniform', limit: (fans) => Math.sqrt(3 / average(fans)) },
  glorotNormal: { kind: 'truncated', std: (fans) => corrected(1 / average(fans)) },
  lecunUniform: { kind: 'uniform', limit: ({ fanIn }) => Math.sqrt(3 / fanIn) },
  lecunNormal: { kind: 'truncated', std: ({ fanIn }) => corrected(1 / fanIn) },
  truncatedNormal: { kind: 'truncated', std: () => 0.02 },
  dirac: { kind: 'dirac' },
  zeros: { kind: 'constant', value: 0 },
  ones: { kind: 'constant', value: 1 },
};

export function initialize(graph: Graph, seed: number): WeightStore {
  const store = new Map<string, Weight>();
  for (const node of graph.nodes) {
    for (const spec of node.weights) {
      const name = weightName(node, spec);
      store.set(name, { shape: spec.shape, values: initialValues(node, spec, seed) });
    }
  }
  return store;
}

function initialValues(node: GraphNode, spec: WeightSpec, seed: number): Float32Array {
  const values = new Float32Array(size(spec));
  const rule = initializerRules[spec.initializer];
  const stream = streamOf(seed, weightName(node, spec));
  switch (rule.kind) {
    case 'constant':
      return values.fill(rule.value);
    case 'dirac':
      return dirac(values, spec, node);
    case 'uniform': {
      const limit = rule.limit(spec);
      fill(values, stream, (u) => (2 * u - 1) * limit);
      return values;
    }
    case 'normal': {
      const std = rule.std(spec);
      fill(values, stream, (u) => normalQuantile(u) * std);
      return values;
    }
    case 'truncated': {
      const std = rule.std(spec);
      fill(values, stream, (u) => truncatedQuantile(u) * std);
      return values;
    }
  }
}

/** torch.nn.init.dirac_ with the convolution's groups: as many inputs as fit pass through the middle tap. */
function dirac(values: Float32Array, spec: WeightSpec, node: GraphNode): Float32Array {
  const [height, width, perGroup, filters] = spec.shape;
  if (node.op !== 'conv2d' || !height || !width || !perGroup || !filters) {
    throw new Error(`netlathe bug: dirac on ${node.name}`);
  }
  const middle = Math.floor(height / 2) * width + Math.floor(width / 2);
  const filtersPerGroup = filters / node.attributes.groups;
  for (let group = 0; group < node.attributes.groups; group++) {
    for (let d = 0; d < Math.min(perGroup, filtersPerGroup); d++) {
      values[(middle * perGroup + d) * filters + group * filtersPerGroup + d] = 1;
    }
  }
  return values;
}
