import { expect, it } from 'vitest';
import type { ImageSet } from '../../runtime/data/index.ts';
import { checkClassWeights, weightsOfClasses } from '../../runtime/train/class-weights.ts';
import { resolveRecipe } from '../../runtime/train/recipe.ts';

const images = { count: 6, labels: Uint16Array.of(0, 0, 0, 1, 1, 2) } as unknown as ImageSet;
const recipe = (classWeights?: 'balanced' | number[]) =>
  resolveRecipe(classWeights ? { classWeights } : {});

it('are 1, as listed, or by how rare a class is', () => {
  expect([...weightsOfClasses(recipe(), images, 3)]).toEqual([1, 1, 1]);
  expect([...weightsOfClasses(recipe([1, 2, 0.5]), images, 3)]).toEqual([1, 2, 0.5]);
  const balanced = weightsOfClasses(recipe('balanced'), images, 3);
  expect([...balanced]).toEqual([6 / 9, 1, 2].map(Math.fround));
});

it.each([[[1, 2]], [[1, 2, 3, 4]]])('are refused for three classes: %j', (weights) => {
  const message = `train.classWeights: ${weights.length} weights for 3 classes`;
  expect(() => checkClassWeights(recipe(weights), 3)).toThrow(message);
  expect(() => weightsOfClasses(recipe(weights), images, 3)).toThrow(message);
});
