export { type Dtype, dtypes, toFloat32 } from './dtypes.ts';
export { initialize, initializerRules } from './initialize.ts';
export {
  readSafetensors,
  type SafeTensor,
  type SafeTensors,
  safetensorsLimits,
  weightsFromSafetensors,
  weightsToSafetensors,
  writeSafetensors,
} from './safetensors.ts';
export { mismatches, type Weight, type WeightStore, weightName } from './store.ts';
export { WeightsError, type WeightsErrorCode } from './weights-error.ts';
