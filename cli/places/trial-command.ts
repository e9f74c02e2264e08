/** `netlathe train` for a trial, whichever machine runs it. */

import type { Trial } from '../../runtime/suite/trial.ts';

export interface TrialOptions {
  readonly data: string;
  /** Of one trial. */
  readonly threads: number;
  readonly numerics: string;
  readonly engine: string;
  readonly cache: string | undefined;
  readonly checkpointEvery: string | undefined;
}

export function trainArguments(
  trial: Trial,
  { data, threads, numerics, engine, cache, checkpointEvery }: TrialOptions,
  resume: boolean,
): readonly string[] {
  return [
    'train',
    ...['--arch', trial.file, '--data', data, '--out', trial.folder],
    ...['--threads', String(threads), '--numerics', numerics, '--engine', engine],
    ...(cache === undefined ? [] : ['--cache', cache]),
    ...(checkpointEvery === undefined ? [] : ['--checkpoint-every', checkpointEvery]),
    ...(resume ? ['--resume'] : []),
    ...['--json', '--no-color'],
  ];
}
