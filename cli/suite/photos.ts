/** The photos as each trial of a suite sees them: decoded once for all, and mistakes found before hours are spent. */

import type { TrialState } from '../../runtime/suite/state.ts';
import type { Trial } from '../../runtime/suite/trial.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';
import { prepare } from '../train-session.ts';

export interface PhotoOptions {
  readonly cacheDir: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (trial: Trial, done: number, total: number) => void;
}

export interface Seen {
  /** As `netlathe train` writes it down. */
  readonly fingerprint: string;
  /** Whether some are held out, to judge by. */
  readonly judged: boolean;
}

export class SuitePhotos {
  readonly #data: string;
  readonly #options: PhotoOptions;
  readonly #seen = new Map<string, Seen>();

  constructor(data: string, options: PhotoOptions) {
    this.#data = data;
    this.#options = options;
  }

  /** By the very steps of `netlathe train`, so that the fingerprint is the same. */
  async of(trial: Trial): Promise<Seen> {
    const { network, seed } = trial;
    const { compiled, recipe } = network;
    const { graph } = compiled;
    const alike = JSON.stringify([graph.input, graph.labelled && graph.classes, recipe.data]);
    const own = `${alike} ${seed}`;
    const known = this.#seen.get(alike) ?? this.#seen.get(own);
    if (known) return known;
    const texts = { resolve: () => 'trial.yaml', read: () => trial.text };
    const source = { ...texts, asked: new Set<string>(), textOf: () => undefined };
    const opened = { reference: 'trial.yaml', compiled, source, json: false };
    const { signal, cacheDir, onProgress } = this.#options;
    const { data } = await prepare(opened, resolveRecipe(recipe, { seed }), this.#data, {
      ...{ signal, cacheDir },
      onProgress: ({ done, total }) => onProgress(trial, done, total),
    });
    const seen = { fingerprint: data.fingerprint, judged: data.validation !== null };
    this.#seen.set(data.seeded ? own : alike, seen);
    return seen;
  }

  /** Those of the trials that were made with other photos. */
  async strangers(
    trials: readonly Trial[],
    states: ReadonlyMap<string, TrialState>,
  ): Promise<readonly Trial[]> {
    const found: Trial[] = [];
    for (const trial of trials) {
      const state = states.get(trial.id);
      if (!state || !('record' in state)) continue;
      const { fingerprint } = await this.of(trial);
      if (fingerprint !== state.record.data.fingerprint) found.push(trial);
    }
    return found;
  }
}
