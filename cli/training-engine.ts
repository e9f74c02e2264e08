/** What trains, as flags choose it. */

import { availableParallelism } from 'node:os';
import { compileKernelModule, type KernelBuild, supportsRelaxed } from '../runtime/kernels/load.ts';
import type { RunRecord } from '../runtime/report/index.ts';
import { type Backend, wasmBackend } from '../runtime/train/backend.ts';
import { UsageError } from './io.ts';
import { positiveInteger } from './options.ts';

export interface EngineOptions {
  readonly engine: string;
  /** Of TensorFlow.js. */
  readonly backend?: string;
  readonly numerics: string;
  readonly threads?: string;
}

export interface TrainingEngine {
  readonly name: RunRecord['engine'];
  readonly backend: Backend;
  readonly build: KernelBuild;
  readonly threads: number;
  /** The GPU, where it trains on one. */
  readonly device?: string | undefined;
  /** What the user should know of the choice. */
  readonly note?: string | undefined;
  /** To be called once nothing is left to train or evaluate; a second time does nothing. */
  close(): Promise<void>;
}

/** The flags of every command that trains. */
export const engineFlags = {
  engine: ['--engine <name>', 'wasm; tfjs: TensorFlow.js, tfjs-node where installed', 'wasm'],
  backend: ['--backend <name>', 'of tfjs: node, cpu or webgpu (a GPU)'],
} as const;

export async function trainingEngine(options: EngineOptions): Promise<TrainingEngine> {
  const build = numericsOf(options);
  if (options.backend !== undefined && options.engine !== 'tfjs') {
    throw new UsageError('--backend is a choice of the tfjs engine', 'add --engine tfjs');
  }
  const threads =
    positiveInteger('--threads', options.threads) ?? Math.min(8, availableParallelism());
  if (threads > 64) throw new UsageError('--threads is at most 64');
  switch (options.engine) {
    case 'wasm':
      // While the photos are read; a failure shows where the kernels are used.
      compileKernelModule(build).catch(() => undefined);
      return {
        ...{ name: 'wasm', backend: wasmBackend({ threads, build }), build, threads },
        close: async () => undefined,
      };
    case 'tfjs':
      return { ...(await tfjsEngine(options.backend)), build, threads };
    default:
      throw new UsageError(`there is no engine "${options.engine}"`, 'it is wasm or tfjs');
  }
}

async function tfjsEngine(wanted: string | undefined) {
  const { openTfjs, tfjsBackend, tfjsBackends } = await import('../runtime/train/tfjs/index.ts');
  const backend = tfjsBackends.find((name) => name === wanted);
  if (wanted !== undefined && backend === undefined) {
    const why = wanted === 'wasm' ? '; the wasm backend of TensorFlow.js cannot train' : '';
    throw new UsageError(`there is no backend "${wanted}"`, `it is node, cpu or webgpu${why}`);
  }
  const { tf, note, device, guard, close } = await openTfjs({ backend });
  return { name: 'tfjs', backend: tfjsBackend(tf, guard), note, device, close } as const;
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
