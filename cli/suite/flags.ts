/** Flags that suites and searches have in common: where trials run, and how. */

import path from 'node:path';
import type { Command } from 'commander';
import type { SuitePlan } from '../../compiler/suite/plan.ts';
import { type CommandIo, UsageError } from '../io.ts';
import { type PlaceFlags, placeOf } from '../places/index.ts';
import type { SuiteOptions } from './session.ts';

export interface TrialFlags extends PlaceFlags {
  readonly data?: string;
  readonly out?: string;
  readonly numerics: string;
  readonly engine: string;
  readonly cache?: string;
  readonly checkpointEvery?: string;
  readonly resume?: boolean;
  readonly json?: boolean;
}

export const trialFlags = (command: Command): Command =>
  command
    .option('--on <ray>', 'run the trials on a Ray cluster: ray://HOST:PORT of its dashboard')
    .option('--node-command <words>', 'with --on: how its nodes call netlathe (default: netlathe)')
    .option('--jobs <n>', 'trials at a time (default: 1; on a cluster, as many as have CPUs)')
    .option('--threads <n>', 'threads in all (default: cores); with --on of one trial (default: 2)')
    .option('--numerics <kind>', 'strict: the same bits everywhere; relaxed: faster', 'strict')
    .option('--engine <name>', 'wasm; tfjs: TensorFlow.js, tfjs-node where installed', 'wasm')
    .option('--cache <dir>', 'where decoded photos are kept')
    .option('--checkpoint-every <seconds>', 'within long epochs; 0: after every step');

export function trialOptions(
  io: CommandIo,
  plan: SuitePlan,
  flags: TrialFlags & { readonly out: string },
): SuiteOptions {
  const { numerics, engine } = flags;
  if (numerics !== 'strict' && numerics !== 'relaxed') {
    throw new UsageError(`--numerics cannot be "${numerics}"`, 'it is strict or relaxed');
  }
  if (engine !== 'wasm' && engine !== 'tfjs') {
    throw new UsageError(`there is no engine "${engine}"`, 'it is wasm or tfjs');
  }
  const place = placeOf(io, flags);
  const data = dataOf(plan, flags.data);
  return {
    out: place.pathOf(flags.out),
    data: data === undefined ? undefined : place.pathOf(data),
    only: undefined,
    place,
    numerics,
    engine,
    cache: flags.cache === undefined ? undefined : place.pathOf(flags.cache),
    checkpointEvery: flags.checkpointEvery,
    resume: flags.resume === true,
    language: 'en',
    publish: undefined,
    json: flags.json === true,
  };
}

/** `undefined` where nobody said: then nothing can be trained, but what there is can be compared. */
function dataOf({ data, file }: SuitePlan, flag: string | undefined): string | undefined {
  if (flag !== undefined) return flag;
  if (data === undefined) return undefined;
  const absolute = path.resolve(path.dirname(file), data);
  return path.relative(process.cwd(), absolute) || '.';
}
