/** mixup and CutMix: which image of a batch is mixed with which, and how much of each. Drawn from (seed, step). */

import { purpose, Random } from './random.ts';
import type { Recipe } from './recipe.ts';

export interface Mix {
  /** Place in the batch of the other image. */
  readonly partner: number;
  /** Weight of the own image outside of the box. */
  readonly share: number;
  /** Where the partner alone is seen; empty in mixup. */
  readonly box: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  /** Share of the own label in the target. */
  readonly own: number;
}

export function drawMix(
  recipe: Pick<Recipe, 'seed' | 'mixup' | 'cutmix'>,
  batch: number,
  input: { readonly width: number; readonly height: number },
  step: number,
): readonly Mix[] {
  const random = new Random(recipe.seed, purpose.mix, step);
  const cuts = recipe.cutmix > 0 && (recipe.mixup === 0 || random.unit() < 0.5);
  const lambda = beta(cuts ? recipe.cutmix : recipe.mixup, random);
  const box = cuts ? cutBox(lambda, input, random) : { x: 0, y: 0, width: 0, height: 0 };
  const own = cuts ? 1 - (box.width * box.height) / (input.width * input.height) : lambda;
  const shift = batch > 1 ? 1 + random.integer(batch - 1) : 0;
  return Array.from({ length: batch }, (_, n) => ({
    partner: (n + shift) % batch,
    share: cuts ? 1 : lambda,
    box,
    own,
  }));
}

function cutBox(
  lambda: number,
  input: { readonly width: number; readonly height: number },
  random: Random,
): Mix['box'] {
  const side = Math.sqrt(1 - lambda);
  const [centreX, centreY] = [random.integer(input.width), random.integer(input.height)];
  const [halfWidth, halfHeight] = [
    Math.floor((input.width * side) / 2),
    Math.floor((input.height * side) / 2),
  ];
  const [x, y] = [Math.max(0, centreX - halfWidth), Math.max(0, centreY - halfHeight)];
  return {
    x,
    y,
    width: Math.min(input.width, centreX + halfWidth) - x,
    height: Math.min(input.height, centreY + halfHeight) - y,
  };
}

/** Beta(alpha, alpha), by Jöhnk's method (1964): exact for any alpha up to 1, and fit for those used here. */
function beta(alpha: number, random: Random): number {
  for (let i = 0; i < 1000; i++) {
    const x = (random.unit() + 2 ** -25) ** (1 / alpha);
    const y = (random.unit() + 2 ** -25) ** (1 / alpha);
    if (x + y <= 1 && x + y > 0) return x / (x + y);
  }
  return 0.5;
}
