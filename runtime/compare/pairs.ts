/** Every two rivals against each other: by seeds, and photo by photo where they were judged on the same. */

import { isHeldOut, type TrialFiles } from './collect.ts';
import type { NetworkResult, PairResult, Standing } from './comparison.ts';
import {
  mcNemar,
  type PhotoPair,
  pairedTest,
  photoInterval,
  type SeedTest,
  welchTest,
} from './statistics.ts';

export function pairsOf(
  networks: readonly NetworkResult[],
  files: readonly TrialFiles[],
): readonly PairResult[] {
  const usable = networks.filter((n) => n.heldOut && n.accuracy);
  return usable.flatMap((first, i) =>
    usable.slice(i + 1).map((second) => pairOf(first.id, second.id, files)),
  );
}

function pairOf(first: string, second: string, files: readonly TrialFiles[]): PairResult {
  const of = (id: string) => files.filter((f) => f.trial.network.id === id && isHeldOut(f));
  const [a, b] = [of(first), of(second)];
  const matched = a.flatMap((x) => {
    const y = b.find((f) => f.trial.seed === x.trial.seed && sameJudges(x, f));
    return y ? [[x, y] as const] : [];
  });
  // Of a network with one run, that run against its twin: a mean over other seeds would be another comparison.
  const whole = matched.length > 0 && matched.length === Math.min(a.length, b.length);
  const top1 = (f: TrialFiles) => f.evaluation?.top1 ?? 0;
  const photos = [...a, ...b].map((f) => f.evaluation?.count ?? 0);
  const step = photos.length > 0 && Math.min(...photos) > 0 ? 1 / Math.min(...photos) : 0;
  const seeds =
    whole || matched.length >= 2
      ? pairedTest(
          matched.map(([x]) => top1(x)),
          matched.map(([, y]) => top1(y)),
          step,
        )
      : welchTest(a.map(top1), b.map(top1), step);
  return { first, second, seeds, standing: standingOf(seeds), photos: photosOf(matched) };
}

/** The same photos judged both, in the same order. */
function sameJudges(x: TrialFiles, y: TrialFiles): boolean {
  if (x.predictions && y.predictions) {
    const [a, b] = [x.predictions.labels, y.predictions.labels];
    if (a.length !== b.length || a.some((label, i) => label !== b[i])) return false;
  }
  const [a, b] = [x.record?.data, y.record?.data];
  // Networks of other input sizes keep the same photos in other sizes.
  return (
    a?.fingerprint === b?.fingerprint || (a?.contents !== undefined && a.contents === b?.contents)
  );
}

function standingOf({ interval, difference, n }: SeedTest): Standing {
  if (!interval || n < 2) return 'unknown';
  if (interval.low <= 0 && interval.high >= 0) return 'within';
  return difference > 0 ? 'ahead' : 'behind';
}

function photosOf(matched: readonly (readonly [TrialFiles, TrialFiles])[]): PairResult['photos'] {
  const pairs = matched.flatMap(([x, y]) => pairOfPhotos(x, y));
  const [only] = pairs;
  if (!only || pairs.length !== matched.length) return null;
  const prints = new Set(matched.map(([x]) => x.record?.data.fingerprint));
  const count = only.first.length;
  if (pairs.length > 1) {
    return { count, interval: photoInterval(pairs, prints.size === 1), mcNemar: null };
  }
  const won = (a: readonly boolean[], b: readonly boolean[]) =>
    a.filter((right, i) => right && !b[i]).length;
  return {
    count,
    interval: photoInterval(pairs, true),
    mcNemar: mcNemar(won(only.first, only.second), won(only.second, only.first)),
  };
}

function pairOfPhotos(x: TrialFiles, y: TrialFiles): readonly PhotoPair[] {
  const [a, b] = [rights(x), rights(y)];
  return a && b ? [{ first: a, second: b }] : [];
}

function rights({ predictions }: TrialFiles): readonly boolean[] | undefined {
  return predictions?.predicted.map((predicted, i) => predicted === predictions.labels[i]);
}
