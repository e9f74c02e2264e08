/** All proofs, in the order of a full run. Each file exports `proof`. */

import type { Proof } from './harness.ts';

export const proofs: Readonly<Record<string, () => Promise<{ readonly proof: Proof }>>> = {
  yaml: () => import('./yaml.ts'),
  emit: () => import('./emit.ts'),
  paths: () => import('./paths.ts'),
  weights: () => import('./weights.ts'),
  images: () => import('./images.ts'),
  nan: () => import('./nan.ts'),
  'disk-full': () => import('./disk-full.ts'),
  leaks: () => import('./leaks.ts'),
  'supply-chain': () => import('./supply-chain.ts'),
  validate: () => import('./validate.ts'),
  resume: () => import('./resume.ts'),
  crash: () => import('./crash.ts'),
  concurrency: () => import('./concurrency.ts'),
  kill: () => import('./kill.ts'),
  interrupt: () => import('./interrupt.ts'),
  determinism: () => import('./determinism.ts'),
  kernels: () => import('./kernels.ts'),
  modules: () => import('./modules.ts'),
  engines: () => import('./engines.ts'),
};
