/** Numbers that are none must not reach a file: a run could not go on from them, and they look like weights. */

import type { WeightStore } from '../../compiler/weights/index.ts';

/** The first tensor that holds a NaN or an infinity. */
export function firstNonFinite(tensors: WeightStore): string | undefined {
  for (const [name, { values }] of tensors) if (!isSound(values)) return name;
  return undefined;
}

/** x - x is 0 for every number, and NaN for all else; a sum of them is one branch for the whole array. */
function isSound(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) - (values[i] as number);
  return sum === 0;
}
