/** Values between variables of TensorFlow.js and stores of weights. */

import type * as tfjs from '@tensorflow/tfjs';
import type { ModelWeight, Tf } from '../../../compiler/7-emit/tfjs/index.ts';
import type { WeightStore } from '../../../compiler/weights/index.ts';

/** A copy: a tensor may keep the array that it is given. */
export function assignValues(tf: Tf, variable: tfjs.Variable, values: Float32Array): void {
  tf.tidy(() => variable.assign(tf.tensor(values.slice(), variable.shape, 'float32')));
}

/** What the variables hold, in the order of the weights; without, those of the weights themselves. */
export async function storeOf(
  weights: readonly ModelWeight[],
  variables: readonly tfjs.Variable[] = weights.map(({ variable }) => variable),
): Promise<WeightStore> {
  const all = await Promise.all(variables.map((variable) => variable.data<'float32'>()));
  return new Map(
    weights.map(({ name, spec }, i) => {
      const values = (all[i] as Float32Array).slice();
      return [name, { shape: spec.shape, values }];
    }),
  );
}
