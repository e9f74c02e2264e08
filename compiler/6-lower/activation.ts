/** Activations as the kernels know them: a code and one parameter. */

import { ACTIVATION_CODES } from '../../runtime/kernels/activation-codes.ts';
import type { GraphNode } from '../graph/graph.ts';

const kinds = [
  'relu',
  'relu6',
  'hardSwish',
  'hardSigmoid',
  'silu',
  'gelu',
  'sigmoid',
  'tanh',
  'elu',
  'leakyRelu',
] as const;

export type ActivationKind = (typeof kinds)[number];
export type ActivationNode = GraphNode<ActivationKind>;

export function isActivation(node: GraphNode): node is ActivationNode {
  return (kinds as readonly string[]).includes(node.op);
}

export interface ActivationCode {
  readonly activation: number;
  readonly parameter: number;
}

export function codeOf(node: ActivationNode | undefined): ActivationCode {
  if (!node) return { activation: ACTIVATION_CODES.identity, parameter: 0 };
  switch (node.op) {
    case 'elu':
      return { activation: ACTIVATION_CODES.elu, parameter: node.attributes.alpha };
    case 'leakyRelu':
      return { activation: ACTIVATION_CODES.leakyRelu, parameter: node.attributes.slope };
    case 'gelu': {
      const tanh = node.attributes.approximate === 'tanh';
      return { activation: tanh ? ACTIVATION_CODES.geluTanh : ACTIVATION_CODES.gelu, parameter: 0 };
    }
    default:
      return { activation: ACTIVATION_CODES[node.op], parameter: 0 };
  }
}
