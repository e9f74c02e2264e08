/** How much the photos of each class count in the loss. */

import type { ImageSet } from '../data/index.ts';
import type { Recipe } from './recipe.ts';
import { TrainError } from './train-error.ts';

/** Refuses a list of another length than that of the classes. */
export function checkClassWeights({ classWeights: chosen }: Recipe, classes: number): void {
  if (!Array.isArray(chosen) || chosen.length === classes) return;
  throw new TrainError({
    code: 'E553',
    message: `train.classWeights: ${chosen.length} weights for ${classes} classes`,
    hint: 'give one for each class in the order of the classes, or balanced',
  });
}

/** `balanced` weighs a class by the inverse of its frequency, so that the mean weight of a photo is 1. */
export function weightsOfClasses(recipe: Recipe, images: ImageSet, classes: number): Float32Array {
  const { classWeights: chosen } = recipe;
  if (chosen === undefined) return new Float32Array(classes).fill(1);
  if (chosen !== 'balanced') {
    checkClassWeights(recipe, classes);
    return Float32Array.from(chosen);
  }
  const counts = new Float64Array(classes);
  for (const label of images.labels) counts[label] = (counts[label] as number) + 1;
  return Float32Array.from(counts, (count) => images.count / (classes * Math.max(1, count)));
}
