/** Runs that look like real ones, made from a seed. */
import { readFileSync } from 'node:fs';
import { compile, isComplete } from '../../compiler/compile.ts';
import type {
  EpochMetrics,
  EvaluationRecord,
  Mistake,
  RunRecord,
} from '../../runtime/report/records.ts';
import { classFigures, wilsonInterval } from '../../runtime/report/statistics.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';

export const foods = [
  'Bread',
  'Dairy product',
  'Dessert',
  'Egg',
  'Fried food',
  'Meat',
  'Noodles and pasta',
  'Rice',
  'Seafood',
  'Soup',
  'Vegetable and fruit',
];

/** A PNG of one grey pixel. */
export const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==';

/** mulberry32: enough for made-up figures. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const file = 'architectures/student.yaml';
const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const source = { resolve: (reference: string) => reference, read: () => text };

function architecture(): RunRecord['architecture'] {
  const compilation = compile(source, file);
  if (!isComplete(compilation)) throw new Error(JSON.stringify(compilation.diagnostics));
  return { file, text, counts: compilation.counts, verdicts: compilation.budget.verdicts };
}

const written = {
  epochs: 40,
  optimizer: { name: 'adamw', learningRate: 0.002, weightDecay: 0.02 },
  schedule: { name: 'cosine', warmupEpochs: 3 },
  labelSmoothing: 0.1,
  ema: 0.999,
  augment: {
    randomResizedCrop: { scale: [0.35, 1] },
    flip: true,
    colorJitter: { brightness: 0.2, contrast: 0.2, saturation: 0.2 },
  },
  data: { train: 'training', validation: 'validation' },
} as const;

export function run(changes: Partial<RunRecord> = {}): RunRecord {
  const classes = changes.classes ?? foods;
  return {
    version: 1,
    name: 'student',
    status: 'finished',
    startedAt: '2026-11-24T14:03:27.000Z',
    seconds: 918.4,
    netlathe: '0.1.0',
    node: '20.20.2',
    cpu: 'AMD EPYC 9R14, 2 cores',
    engine: 'wasm',
    numerics: 'strict',
    threads: 2,
    seed: 0,
    classes,
    architecture: architecture(),
    recipe: resolveRecipe(written as never),
    data: {
      root: 'photos/food',
      fingerprint: 'sha256:5f1d7c0e3a3f3f0b8f0f6f2a9d27a4a4bd6a7fd2b2c7d6cf7d7e1b1d4a9c1e55',
      train: { count: 300 * classes.length, perClass: classes.map(() => 300) },
      validation: { count: 75 * classes.length, perClass: classes.map(() => 75) },
      merged: false,
      decoder: 'sharp 0.35.5, libvips 8.18.0',
    },
    peakMemoryBytes: 412_345_678,
    best: { epoch: 37, top1: 0.64 },
    ...changes,
  };
}

export function epochs(count: number, validated = true): EpochMetrics[] {
  const random = randomOf(7);
  return Array.from({ length: count }, (_, i) => {
    const done = (i + 1) / Math.max(40, count);
    const learnt = 1 - Math.exp(-3.2 * done);
    const noise = () => (random() - 0.5) * 0.03 * (1.2 - done);
    const rate = i < 3 ? (0.002 * (i + 1)) / 3 : 0.001 * (1 + Math.cos(Math.PI * done));
    const top1 = 0.1 + 0.565 * learnt + noise();
    return {
      epoch: i + 1,
      step: 104 * (i + 1),
      learningRate: rate,
      seconds: 22.96 * (i + 1),
      imagesPerSecond: 161.2 + 40 * noise(),
      train: { loss: 2.36 - 1.02 * learnt + noise(), top1: 0.1 + 0.58 * learnt + noise() / 2 },
      validation: validated
        ? { loss: 2.33 - 0.94 * learnt + 2 * noise(), top1, top5: Math.min(1, top1 + 0.31) }
        : null,
      ema: true,
    };
  });
}

export function evaluation(
  labels: readonly string[] = foods,
  perClass = 75,
  worst: readonly Mistake[] = [],
): EvaluationRecord {
  const random = randomOf(11);
  const confusion = labels.map((_, i) => {
    const row = labels.map(() => 0);
    const skill = 0.42 + 0.45 * random();
    for (let n = 0; n < perClass; n++) {
      // Mistakes cluster on a few look-alikes.
      const far = Math.floor(random() ** 2.5 * labels.length);
      const j = random() < skill ? i : (i * 7 + far + 1) % labels.length;
      row[j] = (row[j] as number) + 1;
    }
    return row;
  });
  const right = confusion.reduce((sum, row, i) => sum + (row[i] as number), 0);
  const count = perClass * labels.length;
  return {
    count,
    loss: 1.2871,
    top1: right / count,
    top5: 0.9418,
    interval: wilsonInterval(right, count),
    perClass: classFigures(labels, confusion),
    confusion,
    worst,
  };
}

export const mistakes = (count: number, labels: readonly string[] = foods): Mistake[] =>
  Array.from({ length: count }, (_, i) => ({
    path: `validation/${labels[i % labels.length]}/${1000 + 37 * i}.jpg`,
    label: labels[i % labels.length] as string,
    predicted: labels[(i * 3 + 2) % labels.length] as string,
    confidence: 0.993 - 0.011 * i,
    thumbnail: pixel,
  }));
