/** The learning rate of each step, a pure function of its number. */

import type { Recipe } from './recipe.ts';

export function learningRate(recipe: Recipe, step: number, stepsPerEpoch: number): number {
  const total = totalSteps(recipe, stepsPerEpoch);
  return recipe.optimizer.learningRate * factorAt(recipe.schedule, step, stepsPerEpoch, total);
}

export function totalSteps(recipe: Recipe, stepsPerEpoch: number): number {
  return recipe.steps ?? recipe.epochs * stepsPerEpoch;
}

/** The share of the peak at a step, counted from 0. */
export function factorAt(
  schedule: Recipe['schedule'],
  step: number,
  stepsPerEpoch: number,
  total: number,
): number {
  if (schedule.name === 'oneCycle') return oneCycle(schedule, step, total);
  const warmup = Math.round(schedule.warmupEpochs * stepsPerEpoch);
  if (step < warmup) return (step + 1) / warmup;
  switch (schedule.name) {
    case 'constant':
      return 1;
    case 'step': {
      const epoch = step / stepsPerEpoch;
      return schedule.factor ** schedule.milestones.filter((m) => epoch >= m).length;
    }
    case 'exponential':
      return schedule.floor ** (1 - step / Math.max(1, total - 1));
    case 'cosine':
      return descend(1, schedule.floor, (step - warmup) / Math.max(1, total - warmup));
  }
}

/** Up from a 25th of the peak and down to the floor, both along a cosine (Smith 2018; PyTorch's OneCycleLR). */
function oneCycle(schedule: Recipe['schedule'], step: number, total: number): number {
  const top = Math.max(1, Math.round(total * schedule.rise));
  if (step < top) return descend(1 / 25, 1, step / top);
  return descend(1, schedule.floor, (step - top) / Math.max(1, total - top));
}

/** Half a cosine from one value to another; the share runs from 0 to 1. */
function descend(from: number, to: number, share: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * Math.min(1, share)))) / 2;
}
