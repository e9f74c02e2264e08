/**
 * Photos to network inputs. Both kernels take a row of numbers an image, which says where its bytes are and what is
 * to be done: for training anything that augmentation draws, for evaluation an exact resize.
 */
import { kernel } from '../kernel.ts';

/** Bytes that a photo's place is a multiple of, and how many more than its pixels it needs behind it. */
export const PHOTO_ALIGNMENT = 64;
export const PHOTO_SLACK = 16;

/** What each number of a row of `augment` is. */
export const AUGMENT_ROW = {
  /** Where the photo begins, in units of 64 bytes, so that the number is exact. */
  place: 0,
  width: 1,
  height: 2,
  /** The part that becomes the input, in pixels of the photo; beyond the photo is black. */
  cropX: 3,
  cropY: 4,
  cropWidth: 5,
  cropHeight: 6,
  /** 1 mirrors left and right. */
  flip: 7,
  cosine: 8,
  sine: 9,
  /** Factors, 1 for none, in this order. */
  brightness: 10,
  contrast: 11,
  saturation: 12,
  /** A box of the input that becomes mid grey. */
  eraseX: 13,
  eraseY: 14,
  eraseWidth: 15,
  eraseHeight: 16,
  size: 20,
} as const;

/** What each number of a row of `resizePhoto` is; all are whole. */
export const RESIZE_ROW = {
  place: 0,
  width: 1,
  height: 2,
  /** The part of the photo that is shown. */
  cropX: 3,
  cropY: 4,
  cropWidth: 5,
  cropHeight: 6,
  /** The part of the input that shows it; the rest is mid grey. */
  boxX: 7,
  boxY: 8,
  boxWidth: 9,
  boxHeight: 10,
  size: 12,
} as const;

const GREY = 127.5;
const RED = 0.299;
const GREEN = 0.587;
const BLUE = 0.114;
/** Samples an axis that an output pixel takes at most, where the photo is larger than the input. */
const MOST_SAMPLES = 4;

/** Floats of scratch that `augment` needs for each slot: columns, two lines of samples, and their sums. */
export function augmentScratch(width: number): number {
  const plane = (Math.ceil((width * 3) / 4) + 1) * 4;
  return 2 * MOST_SAMPLES * width + (2 * MOST_SAMPLES + 1) * plane;
}

const clamp = (v: number, low: number, high: number) => Math.min(Math.max(v, low), high);

/**
 * output = scale * value + shift of each channel, values in 0..255. `norms` holds the scales, then the shifts.
 * Sampling is bilinear, the mean of several samples where the photo is scaled down. Colours as in torchvision.
 */
export const augment = kernel({
  name: 'augment',
  args: {
    photos: 'u8',
    rows: 'in',
    norms: 'in',
    output: 'out',
    scratch: 'inout',
    height: 'i32',
    width: 'i32',
    channels: 'i32',
    scratchSize: 'i32',
    slot: 'i32',
  },
  unit: 'image',
  plain({ photos, rows, norms, output, height, width, channels }, begin, end) {
    for (let n = begin; n < end; n++) {
      const row = rows.subarray(n * AUGMENT_ROW.size, (n + 1) * AUGMENT_ROW.size);
      const at = (key: keyof typeof AUGMENT_ROW) => row[AUGMENT_ROW[key]]!;
      const image: number[][] = [];
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const rgb = samplePixel(photos, at, x, y, width, height).map((v) =>
            clamp(v * at('brightness'), 0, 255),
          );
          image.push(channels === 1 ? [grey(rgb)] : rgb);
        }
      }
      const mean =
        image.reduce((sum, v) => sum + (channels === 1 ? v[0]! : grey(v)), 0) / image.length;
      image.forEach((pixel, i) => {
        const [x, y] = [i % width, Math.floor(i / width)];
        const contrasted = pixel.map((v) =>
          clamp(v * at('contrast') + (1 - at('contrast')) * mean, 0, 255),
        );
        const luma = channels === 1 ? contrasted[0]! : grey(contrasted);
        const erased =
          x >= at('eraseX') &&
          x < at('eraseX') + at('eraseWidth') &&
          y >= at('eraseY') &&
          y < at('eraseY') + at('eraseHeight');
        contrasted.forEach((v, c) => {
          const value = erased
            ? GREY
            : clamp(v * at('saturation') + (1 - at('saturation')) * luma, 0, 255);
          output[(n * width * height + i) * channels + c] =
            value * norms[c]! + norms[channels + c]!;
        });
      });
    }
  },
});

const grey = (v: readonly number[]) => RED * v[0]! + GREEN * v[1]! + BLUE * v[2]!;

function samplePixel(
  photos: Uint8Array,
  at: (key: keyof typeof AUGMENT_ROW) => number,
  x: number,
  y: number,
  width: number,
  height: number,
): number[] {
  const scaleX = at('cropWidth') / width;
  const scaleY = at('cropHeight') / height;
  const samples = clamp(Math.ceil(Math.max(scaleX, scaleY) - 0.01), 1, MOST_SAMPLES);
  const sum = [0, 0, 0];
  for (let j = 0; j < samples; j++) {
    for (let i = 0; i < samples; i++) {
      const dx = (x + (i + 0.5) / samples - width / 2) * (at('flip') ? -1 : 1);
      const dy = y + (j + 0.5) / samples - height / 2;
      const rx = at('cosine') * dx - at('sine') * dy;
      const ry = at('sine') * dx + at('cosine') * dy;
      const sx = at('cropX') + at('cropWidth') / 2 + rx * scaleX - 0.5;
      const sy = at('cropY') + at('cropHeight') / 2 + ry * scaleY - 0.5;
      bilinear(photos, at('place') * PHOTO_ALIGNMENT, at('width'), at('height'), sx, sy).forEach(
        (v, c) => {
          sum[c] = sum[c]! + v;
        },
      );
    }
  }
  return sum.map((v) => v / (samples * samples));
}

function bilinear(
  photos: Uint8Array,
  place: number,
  width: number,
  height: number,
  x: number,
  y: number,
): number[] {
  if (x < -0.5 || y < -0.5 || x > width - 0.5 || y > height - 0.5) return [0, 0, 0];
  const [cx, cy] = [clamp(x, 0, width - 1), clamp(y, 0, height - 1)];
  const [x0, y0] = [Math.floor(cx), Math.floor(cy)];
  const [x1, y1] = [Math.min(x0 + 1, width - 1), Math.min(y0 + 1, height - 1)];
  const [fx, fy] = [cx - x0, cy - y0];
  const pixel = (px: number, py: number, c: number) => photos[place + (py * width + px) * 3 + c]!;
  return [0, 1, 2].map((c) => {
    const top = pixel(x0, y0, c) + (pixel(x1, y0, c) - pixel(x0, y0, c)) * fx;
    const bottom = pixel(x0, y1, c) + (pixel(x1, y1, c) - pixel(x0, y1, c)) * fx;
    return top + (bottom - top) * fy;
  });
}

/** Lines of a photo that `resizePhoto` keeps once they are scaled. */
const KEPT_LINES = 8;

/** Floats of scratch that `resizePhoto` needs for each slot: which lines it keeps, columns, sums of a row, and the lines. */
export function resizeScratch(width: number): number {
  return 16 + (6 + 4 + KEPT_LINES) * width;
}

/**
 * The crop scaled to the box, exactly: a triangle filter over the crop (antialiased, as Pillow's bilinear) in whole
 * numbers, each direction rounded to 8 bits. The same integers everywhere, so that training, evaluation and every
 * emitted module see the same pixels. Then output = scale * value + shift as in `augment`.
 */
export const resizePhoto = kernel({
  name: 'resizePhoto',
  args: {
    photos: 'u8',
    rows: 'in',
    norms: 'in',
    output: 'out',
    scratch: 'inout',
    height: 'i32',
    width: 'i32',
    channels: 'i32',
    scratchSize: 'i32',
    slot: 'i32',
  },
  unit: 'image',
  plain({ photos, rows, norms, output, height, width, channels }, begin, end) {
    for (let n = begin; n < end; n++) {
      const row = rows.subarray(n * RESIZE_ROW.size, (n + 1) * RESIZE_ROW.size);
      const at = (key: keyof typeof RESIZE_ROW) => row[RESIZE_ROW[key]]!;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const inside =
            x >= at('boxX') &&
            x < at('boxX') + at('boxWidth') &&
            y >= at('boxY') &&
            y < at('boxY') + at('boxHeight');
          const rgb = [0, 1, 2].map((c) =>
            inside ? resizedValue(photos, at, x - at('boxX'), y - at('boxY'), c) : 128,
          );
          const values =
            channels === 1
              ? [Math.floor((rgb[0]! * 299 + rgb[1]! * 587 + rgb[2]! * 114 + 500) / 1000)]
              : rgb;
          values.forEach((v, c) => {
            output[((n * height + y) * width + x) * channels + c] =
              v * norms[c]! + norms[channels + c]!;
          });
        }
      }
    }
  },
});

interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/** Whole weights of the source pixels for one output: the triangle, in units of 1 / (2 * box) of a source pixel. */
function taps(position: number, crop: number, box: number): Taps {
  const centre = (2 * position + 1) * crop;
  const support = Math.max(2 * box, 2 * crop);
  const weight = (i: number) => support - Math.abs((2 * i + 1) * box - centre);
  let first = Math.max(0, Math.floor((centre - support) / (2 * box)));
  while (first < crop && weight(first) <= 0) first++;
  const weights: number[] = [];
  for (let i = first; i < crop && weight(i) > 0; i++) weights.push(weight(i));
  return { first, weights };
}

function resizedValue(
  photos: Uint8Array,
  at: (key: keyof typeof RESIZE_ROW) => number,
  x: number,
  y: number,
  c: number,
): number {
  const across = taps(x, at('cropWidth'), at('boxWidth'));
  const down = taps(y, at('cropHeight'), at('boxHeight'));
  const lines = down.weights.map((_, j) => {
    const line = at('place') * PHOTO_ALIGNMENT + (at('cropY') + down.first + j) * at('width') * 3;
    return mean(across.weights, (i) => photos[line + (at('cropX') + across.first + i) * 3 + c]!);
  });
  return mean(down.weights, (j) => lines[j]!);
}

/** The weighted mean, rounded half up. */
function mean(weights: readonly number[], value: (i: number) => number): number {
  const total = weights.reduce((sum, w) => sum + w, 0);
  const sum = weights.reduce((s, w, i) => s + w * value(i), 0);
  return Math.floor((sum + Math.floor(total / 2)) / total);
}

/** What each number of a row of `mixImages` is. */
export const MIX_ROW = {
  partner: 0,
  share: 1,
  boxX: 2,
  boxY: 3,
  boxWidth: 4,
  boxHeight: 5,
  size: 8,
} as const;

/**
 * mixup (Zhang et al. 2017): share * image + (1 - share) * partner; in the box the partner alone (CutMix, Yun et al.
 * 2019). Partners are images of the same batch.
 */
export const mixImages = kernel({
  name: 'mixImages',
  args: { input: 'in', rows: 'in', output: 'out', height: 'i32', width: 'i32', channels: 'i32' },
  unit: 'mixed image',
  plain({ input, rows, output, height, width, channels }, begin, end) {
    const size = height * width * channels;
    for (let n = begin; n < end; n++) {
      const row = rows.subarray(n * MIX_ROW.size, (n + 1) * MIX_ROW.size);
      const [partner, share, left, top] = [row[0]!, row[1]!, row[2]!, row[3]!];
      for (let i = 0; i < size; i++) {
        const pixel = Math.floor(i / channels);
        const [x, y] = [pixel % width, Math.floor(pixel / width)];
        const inside = x >= left && x < left + row[4]! && y >= top && y < top + row[5]!;
        const other = input[partner * size + i]!;
        output[n * size + i] = inside ? other : share * input[n * size + i]! + (1 - share) * other;
      }
    }
  },
});
