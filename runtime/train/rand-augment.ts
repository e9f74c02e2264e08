/** RandAugment (Cubuk et al. 2020): which changes of a list a photo gets, and how strong. Ranges as in torchvision. */

import { ALTER_CODES } from '../kernels/plain/alter.ts';
import type { Random } from './random.ts';
import type { AugmentRecipe, RandAugmentOp } from './recipe.ts';

/** What the kernel `alterImages` reads: a code, and up to six numbers. */
export interface Change {
  readonly code: number;
  readonly numbers: readonly number[];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Of the largest magnitude. */
const largest = 30;
const most = {
  degrees: 30,
  /** Of the side. */
  translation: 150 / 331,
  shear: 0.3,
  factor: 0.9,
  bits: 4,
} as const;

export function drawChanges(
  { choose, magnitude, ops }: NonNullable<AugmentRecipe['randAugment']>,
  input: Size,
  random: Random,
): readonly Change[] {
  const strength = magnitude / largest;
  return Array.from({ length: choose }, () => {
    const op = ops[random.integer(ops.length)] as RandAugmentOp;
    return changeOf(op, strength, input, random);
  });
}

function changeOf(op: RandAugmentOp, strength: number, input: Size, random: Random): Change {
  const signed = (value: number) => (random.unit() < 0.5 ? -value : value);
  const factor = (code: number) => ({ code, numbers: [1 + signed(most.factor * strength)] });
  switch (op) {
    case 'identity':
      return { code: ALTER_CODES.none, numbers: [] };
    case 'rotate': {
      const angle = (signed(most.degrees * strength) * Math.PI) / 180;
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
      return affine(cosine, -sine, 0, sine, cosine, 0);
    }
    case 'shear': {
      const by = signed(most.shear * strength);
      return random.unit() < 0.5 ? affine(1, by, 0, 0, 1, 0) : affine(1, 0, 0, by, 1, 0);
    }
    case 'translate': {
      const by = signed(most.translation * strength);
      const across = random.unit() < 0.5;
      const x = across ? Math.trunc(by * input.width) : 0;
      const y = across ? 0 : Math.trunc(by * input.height);
      return affine(1, 0, x, 0, 1, y);
    }
    case 'brightness':
    case 'contrast':
    case 'saturation':
    case 'sharpness':
      return factor(ALTER_CODES[op]);
    case 'posterize':
      // The highest bits are kept, so that levels are this far apart.
      return { code: ALTER_CODES.posterize, numbers: [2 ** Math.round(most.bits * strength)] };
    case 'solarize':
      return { code: ALTER_CODES.solarize, numbers: [255 * (1 - strength)] };
    case 'autocontrast':
    case 'equalize':
      return { code: ALTER_CODES[op], numbers: [] };
  }
}

/** From pixels of the output to those of the input, both from the centre. */
function affine(...numbers: [number, number, number, number, number, number]): Change {
  return { code: ALTER_CODES.affine, numbers };
}
