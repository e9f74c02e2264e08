/**
 * What happens to each training photo, drawn from (seed, epoch, index): a pure function, so that it can be computed
 * anywhere, in any order. The kernel `augment` then does it.
 */

import { type Change, drawChanges } from './rand-augment.ts';
import { purpose, Random } from './random.ts';
import type { AugmentRecipe } from './recipe.ts';

export interface Augmentation {
  /** The part of the photo that becomes the input, in pixels of the photo; may reach beyond it where padded. */
  readonly crop: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  readonly flip: boolean;
  /** Degrees, counter-clockwise. */
  readonly rotation: number;
  /** Factors; 1 leaves the photo as it is. */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** A box of the input to grey out, in pixels of the input; empty for none. */
  readonly erase: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  /** In this order, after all but erasing. */
  readonly changes: readonly Change[];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const nothing = { x: 0, y: 0, width: 0, height: 0 };

export function drawAugmentation(
  recipe: AugmentRecipe,
  photo: Size,
  input: Size,
  key: { readonly seed: number; readonly epoch: number; readonly index: number },
): Augmentation {
  const random = new Random(key.seed, purpose.augment, key.epoch, key.index);
  const crop = recipe.randomResizedCrop
    ? randomResizedCrop(photo, recipe.randomResizedCrop, random)
    : paddedCrop(centreCrop(photo, input), input, recipe.cropPadding, random);
  const flip = drawFlip(recipe.flip, key, random);
  const { brightness, contrast, saturation } = recipe.colorJitter;
  const factor = (strength: number) => random.between(Math.max(0, 1 - strength), 1 + strength);
  return {
    crop,
    flip,
    rotation: random.between(-recipe.rotation, recipe.rotation),
    brightness: factor(brightness),
    contrast: factor(contrast),
    saturation: factor(saturation),
    erase: recipe.erase ? eraseBox(input, recipe.erase, random) : nothing,
    changes: recipe.randAugment ? drawChanges(recipe.randAugment, input, random) : [],
  };
}

/** The largest part with the input's shape, from the middle. */
export function centreCrop(photo: Size, input: Size): Augmentation['crop'] {
  const scale = Math.min(photo.width / input.width, photo.height / input.height);
  const width = input.width * scale;
  const height = input.height * scale;
  return { x: (photo.width - width) / 2, y: (photo.height - height) / 2, width, height };
}

/** Moves the crop by up to `padding` pixels of the input, beyond the photo's edge too. */
function paddedCrop(
  crop: Augmentation['crop'],
  input: Size,
  padding: number,
  random: Random,
): Augmentation['crop'] {
  if (padding === 0) return crop;
  const scale = crop.width / input.width;
  const dx = random.integer(2 * padding + 1) - padding;
  const dy = random.integer(2 * padding + 1) - padding;
  return { ...crop, x: crop.x + dx * scale, y: crop.y + dy * scale };
}

/** As torchvision's RandomResizedCrop: ten tries, then the centre. */
function randomResizedCrop(
  photo: Size,
  { scale, ratio }: NonNullable<AugmentRecipe['randomResizedCrop']>,
  random: Random,
): Augmentation['crop'] {
  const [low = 0.08, high = 1] = scale;
  const [narrow = 0.75, wide = 4 / 3] = ratio;
  for (let i = 0; i < 10; i++) {
    const area = photo.width * photo.height * random.between(low, high);
    const aspect = Math.exp(random.between(Math.log(narrow), Math.log(wide)));
    const width = Math.round(Math.sqrt(area * aspect));
    const height = Math.round(Math.sqrt(area / aspect));
    if (width < 1 || height < 1 || width > photo.width || height > photo.height) continue;
    return {
      x: random.integer(photo.width - width + 1),
      y: random.integer(photo.height - height + 1),
      width,
      height,
    };
  }
  const aspect = Math.min(wide, Math.max(narrow, photo.width / photo.height));
  return centreCrop(photo, { width: aspect, height: 1 });
}

function drawFlip(
  flip: AugmentRecipe['flip'],
  { seed, epoch, index }: { readonly seed: number; readonly epoch: number; readonly index: number },
  random: Random,
): boolean {
  if (flip === false) return false;
  if (flip === true) return random.unit() < 0.5;
  // Each photo is mirrored every second epoch, from a start of its own (Jordan 2024, airbench).
  const first = new Random(seed, purpose.augment, 0xffffffff, index).bits() & 1;
  return ((first + epoch) & 1) === 1;
}

/** As torchvision's RandomErasing, with a ratio of 0.3 to 3.3. */
function eraseBox(
  input: Size,
  { probability, scale }: NonNullable<AugmentRecipe['erase']>,
  random: Random,
): Augmentation['erase'] {
  if (random.unit() >= probability) return nothing;
  const [low = 0.02, high = 0.33] = scale;
  for (let i = 0; i < 10; i++) {
    const area = input.width * input.height * random.between(low, high);
    const aspect = Math.exp(random.between(Math.log(0.3), Math.log(3.3)));
    const width = Math.round(Math.sqrt(area * aspect));
    const height = Math.round(Math.sqrt(area / aspect));
    if (width < 1 || height < 1 || width >= input.width || height >= input.height) continue;
    return {
      x: random.integer(input.width - width + 1),
      y: random.integer(input.height - height + 1),
      width,
      height,
    };
  }
  return nothing;
}
