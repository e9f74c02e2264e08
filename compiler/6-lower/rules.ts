/** How each op runs in training. A missing op is a type error. */

import type { GraphNode } from '../graph/graph.ts';
import type { OpKind } from '../ops/index.ts';
import { backwardDense, forwardDense, isDepthwise } from './ops/convolution.ts';
import { backwardDepthwise, forwardDepthwise } from './ops/depthwise.ts';
import {
  activationRule,
  addRule,
  avgPoolRule,
  channelShuffleRule,
  concatRule,
  dropoutRule,
  flattenRule,
  globalAvgPoolRule,
  maxPoolRule,
  multiplyRule,
  splitRule,
  type TrainingRule,
  zeroPadRule,
} from './ops/simple.ts';
import { backwardWinograd, forwardWinograd, takesWinograd } from './ops/winograd.ts';

/** Batch norms are lowered with what is fused behind them: `ops/norm.ts`. */
type SingleOp = Exclude<OpKind, 'batchNorm'>;

const conv2dRule: TrainingRule<GraphNode<'conv2d'>> = {
  forward(node, t) {
    const input = t.shape(t.input(node));
    if (isDepthwise(node, input)) forwardDepthwise(node, t);
    else if (t.trains && takesWinograd(node, input)) forwardWinograd(node, t);
    else forwardDense(node, t);
  },
  backward(node, gradient, t) {
    const input = t.shape(t.input(node));
    if (isDepthwise(node, input)) backwardDepthwise(node, gradient, t);
    else if (takesWinograd(node, input)) backwardWinograd(node, gradient, t);
    else backwardDense(node, gradient, t);
  },
};

const denseRule: TrainingRule<GraphNode<'dense'>> = {
  forward: forwardDense,
  backward: backwardDense,
};

export const trainingRules: {
  readonly [K in SingleOp]: TrainingRule<Extract<GraphNode, { readonly op: K }>>;
} = {
  conv2d: conv2dRule,
  dense: denseRule,
  relu: activationRule,
  relu6: activationRule,
  hardSwish: activationRule,
  hardSigmoid: activationRule,
  silu: activationRule,
  gelu: activationRule,
  sigmoid: activationRule,
  tanh: activationRule,
  elu: activationRule,
  leakyRelu: activationRule,
  maxPool2d: maxPoolRule,
  avgPool2d: avgPoolRule,
  globalAvgPool: globalAvgPoolRule,
  dropout: dropoutRule,
  flatten: flattenRule,
  add: addRule,
  concat: concatRule,
  multiply: multiplyRule,
  split: splitRule,
  channelShuffle: channelShuffleRule,
  zeroPad: zeroPadRule,
};

export function ruleOf(node: GraphNode): TrainingRule<GraphNode> {
  if (node.op === 'batchNorm') throw new Error('netlathe bug: a batch norm outside of its unit');
  return trainingRules[node.op] as unknown as TrainingRule<GraphNode>;
}
