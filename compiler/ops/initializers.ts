/** Initial weights by name, as PyTorch or Keras call them. What each computes: `compiler/weights/initialize.ts`. */
export const initializerNames = [
  'pytorch',
  'kaimingUniform',
  'kaimingNormal',
  'kaimingNormalFanOut',
  'xavierUniform',
  'xavierNormal',
  'heUniform',
  'heNormal',
  'glorotUniform',
  'glorotNormal',
  'lecunUniform',
  'lecunNormal',
  'truncatedNormal',
  'dirac',
  'zeros',
  'ones',
] as const;

export type InitializerName = (typeof initializerNames)[number];
