/** Activations as operators of TFLite. */

import type { ActivationKind } from '../../6-lower/activation.ts';
import type { Value } from './builder.ts';
import { fusedActivations, type OperatorName } from './schema.ts';
import type { Build, NodeContext } from './table.ts';

const { none, relu6 } = fusedActivations;

export const activations: { readonly [K in ActivationKind]: Build<K> } = {
  relu: plain('RELU'),
  relu6: plain('RELU6'),
  hardSwish: plain('HARD_SWISH'),
  sigmoid: plain('LOGISTIC'),
  tanh: plain('TANH'),
  hardSigmoid(node, { builder, inputs, name }) {
    const [value] = inputs as readonly [Value];
    const { shape } = value;
    const three = builder.floats(`${node.name}/3`, [], [3]);
    const sixth = builder.floats(`${node.name}/sixth`, [], [1 / 6]);
    const moved = `${node.name}/moved`;
    const sum = builder.add('ADD', [value, three], {
      ...{ name: moved, shape },
      options: { activation: relu6 },
    });
    return builder.add('MUL', [sum, sixth], { name, shape, options: { activation: none } });
  },
  silu(node, { builder, inputs, name }) {
    const [value] = inputs as readonly [Value];
    const { shape } = value;
    const gate = builder.add('LOGISTIC', inputs, {
      ...{ name: `${node.name}/gate`, shape },
      options: {},
    });
    return builder.add('MUL', [value, gate], { name, shape, options: { activation: none } });
  },
  gelu(node, { builder, inputs, name }) {
    const { shape } = inputs[0] as Value;
    const approximate = node.attributes.approximate === 'tanh' ? 1 : 0;
    return builder.add('GELU', inputs, { name, shape, options: { approximate } });
  },
  leakyRelu(node, { builder, inputs, name }) {
    const { shape } = inputs[0] as Value;
    const { slope: alpha } = node.attributes;
    return builder.add('LEAKY_RELU', inputs, { name, shape, options: { alpha } });
  },
  elu(node, context) {
    const { alpha } = node.attributes;
    return alpha === 1 ? plain('ELU')(node, context) : scaledElu(alpha, node.name, context);
  },
};

type Bare = { [O in OperatorName]: O }[
  | 'RELU'
  | 'RELU6'
  | 'HARD_SWISH'
  | 'LOGISTIC'
  | 'TANH'
  | 'ELU'];

function plain(op: Bare) {
  return (_node: unknown, { builder, inputs, name }: NodeContext): Value => {
    const { shape } = inputs[0] as Value;
    return builder.add(op, inputs, { name, shape, options: {} });
  };
}

/** TFLite's ELU has an alpha of 1: its negative part times alpha, and the positive part beside it. */
function scaledElu(alpha: number, layer: string, { builder, inputs, name }: NodeContext): Value {
  const { shape } = inputs[0] as Value;
  const making = (what: string) => ({ name: `${layer}/${what}`, shape });
  const constant = (what: string, value: number) => builder.floats(`${layer}/${what}`, [], [value]);
  const positive = builder.add('RELU', inputs, { ...making('positive'), options: {} });
  const elu = builder.add('ELU', inputs, { ...making('elu'), options: {} });
  const below = builder.add('MINIMUM', [elu, constant('0', 0)], {
    ...making('below'),
    options: {},
  });
  const scaled = builder.add('MUL', [below, constant('alpha', alpha)], {
    ...making('scaled'),
    options: { activation: none },
  });
  return builder.add('ADD', [positive, scaled], { name, shape, options: { activation: none } });
}
