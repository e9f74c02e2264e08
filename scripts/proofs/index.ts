/** All proofs, in the order of a full run: those that end once all is tried first. Each file exports `proof`. */

import type { Proof } from './harness.ts';

export const proofs: Readonly<Record<string, () => Promise<{ readonly proof: Proof }>>> = {
  nan: () => import('./nan.ts'),
  images: () => import('./images.ts'),
  paths: () => import('./paths.ts'),
  'supply-chain': () => import('./supply-chain.ts'),
  leaks: () => import('./leaks.ts'),
  'disk-full': () => import('./disk-full.ts'),
  determinism: () => import('./determinism.ts'),
  modules: () => import('./modules.ts'),
  engines: () => import('./engines.ts'),
  kernels: () => import('./kernels.ts'),
  resume: () => import('./resume.ts'),
  interrupt: () => import('./interrupt.ts'),
  crash: () => import('./crash.ts'),
  concurrency: () => import('./concurrency.ts'),
  weights: () => import('./weights.ts'),
  kill: () => import('./kill.ts'),
  validate: () => import('./validate.ts'),
  emit: () => import('./emit.ts'),
  yaml: () => import('./yaml.ts'),
};
