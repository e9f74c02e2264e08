/** Whether a whole recipe, with all that it draws at random, comes to the same accuracy in netlathe and in the project. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { keepSome } from './photos.ts';
import type { Workshop } from './workshop.ts';

const examples = path.join(import.meta.dirname, '../../examples');
const seeds = [0, 1, 2];

export interface Accuracies {
  /** On validation, after the last epoch; in percent, seed by seed. */
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  /** What `netlathe eval` says of the weights that PyTorch kept, less what PyTorch said of them. */
  readonly back: readonly number[];
}

/** Photos of each class, where the example has 1,200 and 300: PyTorch on a CPU would take hours. */
export const kept = { training: 500, validation: 150 };

/** The example of the README, with fewer photos of CIFAR-10. */
export async function accuracies(shop: Workshop): Promise<Accuracies> {
  const photos = shop.at('cifar10');
  mkdirSync(photos);
  execFileSync('tar', ['xzf', path.join(examples, 'cifar10-mini.tar.gz'), '-C', photos]);
  keepSome(photos, kept);
  const text = readFileSync(path.join(examples, 'cifar10.yaml'), 'utf8');
  const found = { ours: [] as number[], theirs: [] as number[], back: [] as number[] };
  for (const seed of seeds) {
    const name = `seed-${seed}`;
    mkdirSync(shop.at(name));
    const file = shop.at(name, 'network.yaml');
    writeFileSync(file, text.replace(/^train:\n/m, `train:\n  seed: ${seed}\n`));
    const cache = ['--cache', shop.at('cache')];
    await shop.netlathe(
      'train',
      '--arch',
      file,
      '--data',
      photos,
      ...cache,
      ...['--out', shop.at(name, 'ours')],
    );
    found.ours.push(lastOf(shop, name, 'ours'));
    const project = path.join(name, 'project');
    await shop.netlathe(
      'emit',
      '--arch',
      file,
      '--target',
      'pytorch-train',
      '--out',
      shop.at(project),
    );
    await shop.python(project, 'train.py', '--data', photos, '--out', '../theirs');
    found.theirs.push(lastOf(shop, name, 'theirs'));
    const weights = ['--init', shop.at(name, 'theirs', 'weights.safetensors')];
    const arch = ['--arch', shop.at(project, 'architecture.yaml')];
    const answer = await shop.netlathe(
      'eval',
      ...arch,
      ...weights,
      '--data',
      photos,
      ...cache,
      '--json',
    );
    const best = Math.max(...shop.epochs(name, 'theirs').map(({ validation }) => validation.top1));
    found.back.push(100 * ((JSON.parse(answer) as { top1: number }).top1 - best));
    process.stderr.write(`seed ${seed}: ${found.ours.at(-1)}, PyTorch ${found.theirs.at(-1)}\n`);
  }
  return found;
}

const lastOf = (shop: Workshop, ...run: readonly string[]): number =>
  100 * (shop.epochs(...run).at(-1)?.validation.top1 ?? 0);

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Half of the 95% interval of the difference of two means of three, by Welch's t with the fewest degrees of freedom. */
export function halfInterval(a: readonly number[], b: readonly number[]): number {
  const variance = (values: readonly number[]) => {
    const m = mean(values);
    const squares = values.reduce((sum, value) => sum + (value - m) ** 2, 0);
    return squares / (values.length - 1) / values.length;
  };
  return 4.303 * Math.sqrt(variance(a) + variance(b));
}
