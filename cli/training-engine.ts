/** What trains, as flags choose it. */

import { availableParallelism } from 'node:os';
import { compileKernelModule, type KernelBuild, supportsRelaxed } from '../runtime/kernels/load.ts';
import type { RunRecord } from '../runtime/report/index.ts';
import { type Backend, wasmBackend } from '../runtime/train/backend.ts';
import { UsageError } from './io.ts';
import { positiveInteger } from './options.ts';

export interface EngineOptions {
  readonly engine: string;
  readonly numerics: string;
  readonly threads?: string;
}

export interface TrainingEngine {
  readonly name: RunRecord['engine'];
  readonly backend: Backend;
  readonly build: KernelBuild;
  readonly threads: number;
  /** What the user should know of the choice. */
  readonly note?: string | undefined;
}

export async function trainingEngine(options: EngineOptions): Promise<TrainingEngine> {
  const build = numericsOf(options);
  const threads =
    positiveInteger('--threads', options.threads) ?? Math.min(8, availableParallelism());
  if (threads > 64) throw new UsageError('--threads is at most 64');
  switch (options.engine) {
    case 'wasm':
      // While the photos are read; a failure shows where the kernels are used.
      compileKernelModule(build).catch(() => undefined);
      return { name: 'wasm', backend: wasmBackend({ threads, build }), build, threads };
    case 'tfjs': {
      const { openTfjs, tfjsBackend } = await import('../runtime/train/tfjs/index.ts');
      const { tf, note } = await openTfjs();
      return { name: 'tfjs', backend: tfjsBackend(tf), build, threads, note };
    }
    default:
      throw new UsageError(`there is no engine "${options.engine}"`, 'it is wasm or tfjs');
  }
}

function numericsOf({ engine, numerics }: EngineOptions): KernelBuild {
  if (numerics !== 'strict' && numerics !== 'relaxed') {
    throw new UsageError(`--numerics cannot be "${numerics}"`, 'it is strict or relaxed');
  }
  if (numerics === 'relaxed' && engine === 'tfjs') {
    throw new UsageError('--numerics is a choice of the wasm engine', 'leave out one of the two');
  }
  if (numerics === 'relaxed' && !supportsRelaxed()) {
    throw new UsageError('this Node has no relaxed SIMD', 'use --numerics strict');
  }
  return numerics;
}
