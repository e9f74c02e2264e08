/** A stratified, seeded split of one pool of images. */
import { createHash } from 'node:crypto';
import { byText } from './source.ts';

export interface Sample {
  readonly path: string;
  readonly label: number;
  /** SHA-256 of the file, hex. */
  readonly hash: string;
}

export interface HeldOut<S> {
  readonly kept: readonly S[];
  readonly held: readonly S[];
}

/**
 * Holds out `fraction` of each class, at least one image where there are two. An image's rank depends on the seed and its
 * contents alone: renaming files moves none, adding some moves few, and copies of one image end on the same side.
 */
export function holdOut<S extends Sample>(
  samples: readonly S[],
  fraction: number,
  seed: number,
): HeldOut<S> {
  const byLabel = new Map<number, S[]>();
  for (const sample of samples) {
    const group = byLabel.get(sample.label);
    if (group === undefined) byLabel.set(sample.label, [sample]);
    else group.push(sample);
  }
  const held = new Set<S>();
  for (const group of byLabel.values()) {
    for (const sample of pick(group, fraction, seed)) held.add(sample);
  }
  return {
    kept: samples.filter((sample) => !held.has(sample)),
    held: samples.filter((sample) => held.has(sample)),
  };
}

function pick<S extends Sample>(group: readonly S[], fraction: number, seed: number): readonly S[] {
  const ranked = group
    .map((sample) => ({ sample, rank: rankOf(sample.hash, seed) }))
    .sort((a, b) => byText(a.rank, b.rank));
  const distinct = new Set(ranked.map(({ rank }) => rank)).size;
  if (distinct < 2) return [];
  let count = Math.max(1, Math.round(ranked.length * fraction));
  while (ranked[count]?.rank === ranked[count - 1]?.rank && count < ranked.length) count += 1;
  if (count < ranked.length) return ranked.slice(0, count).map(({ sample }) => sample);
  // Something must stay to train on: all but the copies of the last image.
  const last = ranked.at(-1)?.rank;
  return ranked.filter(({ rank }) => rank !== last).map(({ sample }) => sample);
}

function rankOf(hash: string, seed: number): string {
  return createHash('sha256').update(`${seed}:${hash}`).digest('hex');
}
