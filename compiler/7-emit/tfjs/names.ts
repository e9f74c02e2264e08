/**
 * Names on the two sides. A layer keeps its name, `separable_1.conv2d_2`, wherever tfjs can bear it; weights are
 * `layer/kernel` there and `layer.kernel` here. No name of the language holds a slash, so none is met twice.
 */

import type { WeightSpec } from '../../ops/op.ts';

type WeightWord = WeightSpec['name'];

const prefix = 'netlathe/';

/** tfjs wants a letter first, and looks layers up in plain objects, where `constructor` is found before it is put. */
export function layerName(node: string): string {
  return /^[A-Za-z0-9]/.test(node) && !(node in Object.prototype) ? node : prefix + node;
}

/** A layer beside the layer of a node: the padding of a convolution, the reshape of the logits. */
export function helperName(node: string, part: string): string {
  return `${layerName(node)}/${part}`;
}

const words: Readonly<Record<string, WeightWord>> = {
  kernel: 'kernel',
  depthwise_kernel: 'kernel',
  bias: 'bias',
  gamma: 'gamma',
  beta: 'beta',
  moving_mean: 'movingMean',
  moving_variance: 'movingVariance',
};

export interface TfjsWeightName {
  readonly node: string;
  readonly weight: WeightWord;
  /** [kh, kw, in, multiplier] there, [kh, kw, 1, in * multiplier] here: the same bytes. */
  readonly depthwise: boolean;
}

export function parseWeightName(name: string): TfjsWeightName | undefined {
  const slash = name.lastIndexOf('/');
  const word = name.slice(slash + 1);
  const layer = name.slice(0, Math.max(0, slash));
  if (slash <= 0 || !Object.hasOwn(words, word)) return undefined;
  const node = layer.startsWith(prefix) ? layer.slice(prefix.length) : layer;
  return {
    node,
    weight: words[word] as WeightWord,
    depthwise: word === 'depthwise_kernel',
  };
}
