/**
 * A run stopped after any of its steps and resumed ends with the bytes of one that went straight through: every step of a
 * run of 40, for four optimizers, with and without augmentation, on one thread and on two.
 */

import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Recipe as WrittenRecipe } from '../../compiler/2-validate/spec.ts';
import type { Proof } from './harness.ts';
import { remains, tinyRecipe, tinyRun } from './tiny.ts';

const steps = 40;
const optimizers = {
  sgd: { name: 'sgd', learningRate: 0.05, momentum: 0 },
  momentum: { name: 'sgd', learningRate: 0.02, momentum: 0.9, nesterov: true },
  adam: { name: 'adam', learningRate: 0.01 },
  adamw: { name: 'adamw', learningRate: 0.01, weightDecay: 0.05 },
} as const satisfies Record<string, WrittenRecipe['optimizer']>;

export const proof: Proof = {
  name: 'resume',
  promise: 'Stopped after any step and resumed, a run gives the bytes of a straight one',
  unit: 'resumed runs',
  seconds: 300,
  cases: 640,
  run: async (trial) => {
    const straight = new Map<string, string>();
    for (const { name, kind, recipe, threads, step } of trial.named(allCases())) {
      const folder = path.join(trial.folder, name);
      await trial.check(name, async () => {
        const wanted = { recipe, threads };
        if (!straight.has(kind)) {
          const whole = path.join(trial.folder, kind);
          await tinyRun(whole, wanted);
          straight.set(kind, remains(whole));
        }
        const { status } = await tinyRun(folder, { ...wanted, stopAfter: step });
        // After the last step, its epoch is still to be judged.
        if (status !== 'interrupted') return `it was ${status}`;
        // The other number of threads goes on where this one stopped.
        const other = { ...wanted, threads: 3 - threads };
        await tinyRun(folder, { ...other, resume: true });
        return remains(folder) === straight.get(kind) ? undefined : 'other weights or metrics';
      });
      if (trial.failures.length === 0) rmSync(folder, { recursive: true });
    }
    trial.note(`${straight.size} kinds of run, each compared at ${steps} steps`);
  },
};

interface Case {
  readonly name: string;
  readonly kind: string;
  readonly recipe: WrittenRecipe;
  readonly threads: number;
  readonly step: number;
}

/** By step first, so that a few cases are of all kinds. */
function allCases(): readonly Case[] {
  return Array.from({ length: steps }, (_, i) => i + 1).flatMap((step) =>
    Object.entries(optimizers).flatMap(([optimizer, settings]) =>
      [true, false].flatMap((augmented) =>
        [1, 2].map((threads) => {
          const augment = augmented ? tinyRecipe.augment : {};
          const recipe = { ...tinyRecipe, augment, epochs: steps / 5, optimizer: settings };
          const kind = `${optimizer}-${augmented ? 'augmented' : 'plain'}-${threads}`;
          return { name: `${kind}-${step}`, kind, recipe, threads, step };
        }),
      ),
    ),
  );
}
