/**
 * Changes of a training image from a list, as in RandAugment (Cubuk et al. 2020): what Pillow's operations do, on floats
 * in 0..255. A row of numbers an image says which, in which order, and how much.
 */
import { type Floats, kernel } from '../kernel.ts';

/** What can be done; the first number of each change in a row. */
export const ALTER_CODES = {
  none: 0,
  /** Rotation, translation, shear: the six numbers of a map from the output's pixels to the input's, from the centre. */
  affine: 1,
  /** A factor; 1 changes nothing. Likewise the three that follow. */
  brightness: 2,
  contrast: 3,
  saturation: 4,
  sharpness: 5,
  /** The distance of the levels that remain. */
  posterize: 6,
  /** From which value on it is inverted. */
  solarize: 7,
  autocontrast: 8,
  equalize: 9,
} as const;

/** A row: so many changes of so many numbers each, then a box that becomes mid grey. */
export const ALTER_ROW = { changes: 4, change: 8, erase: 32, size: 36 } as const;

const GREY = 127.5;
const bound = (v: number) => Math.min(Math.max(v, 0), 255);
const luma = (p: readonly number[]) =>
  p.length === 3 ? 0.299 * p[0]! + 0.587 * p[1]! + 0.114 * p[2]! : p[0]!;

type Pixels = number[][];
interface Size {
  readonly width: number;
  readonly height: number;
}

/** Then the box, and output = scale * value + shift. `other` and `tables` (256 an image) are room to work in. */
export const alterImages = kernel({
  name: 'alterImages',
  args: {
    image: 'inout',
    other: 'out',
    tables: 'out',
    rows: 'in',
    norms: 'in',
    output: 'out',
    height: 'i32',
    width: 'i32',
    channels: 'i32',
  },
  unit: 'image',
  plain({ image, rows, norms, output, height, width, channels }, begin, end) {
    for (let n = begin; n < end; n++) {
      const from = n * height * width * channels;
      let pixels: Pixels = Array.from({ length: height * width }, (_, i) =>
        Array.from({ length: channels }, (_, c) => image[from + i * channels + c]!),
      );
      const row = rows.subarray(n * ALTER_ROW.size, (n + 1) * ALTER_ROW.size);
      for (let k = 0; k < ALTER_ROW.changes; k++) {
        const change = row.subarray(k * ALTER_ROW.change, (k + 1) * ALTER_ROW.change);
        pixels = altered(pixels, change, { width, height });
      }
      const [left, top, w, h] = Array.from(row.subarray(ALTER_ROW.erase)) as [
        number,
        number,
        number,
        number,
      ];
      pixels.forEach((pixel, i) => {
        const [x, y] = [i % width, Math.floor(i / width)];
        const erased = x >= left && x < left + w && y >= top && y < top + h;
        pixel.forEach((v, c) => {
          output[from + i * channels + c] = (erased ? GREY : v) * norms[c]! + norms[channels + c]!;
        });
      });
    }
  },
});

function altered(pixels: Pixels, change: Floats, size: Size): Pixels {
  const amount = change[1]!;
  const blend = (base: (pixel: readonly number[], i: number) => readonly number[]) =>
    pixels.map((pixel, i) => {
      const other = base(pixel, i);
      return pixel.map((v, c) => bound(v * amount + other[c]! * (1 - amount)));
    });
  switch (change[0]) {
    case ALTER_CODES.affine:
      return mapped(pixels, change, size);
    case ALTER_CODES.brightness:
      return blend((pixel) => pixel.map(() => 0));
    case ALTER_CODES.contrast: {
      const mean = pixels.reduce((sum, p) => sum + luma(p), 0) / pixels.length;
      return blend((pixel) => pixel.map(() => mean));
    }
    case ALTER_CODES.saturation:
      return blend((pixel) => pixel.map(() => luma(pixel)));
    case ALTER_CODES.sharpness:
      return blend((_, i) => smooth(pixels, i, size));
    case ALTER_CODES.posterize:
      return pixels.map((p) => p.map((v) => Math.floor(Math.floor(v + 0.5) / amount) * amount));
    case ALTER_CODES.solarize:
      return pixels.map((p) => p.map((v) => (v >= amount ? 255 - v : v)));
    case ALTER_CODES.autocontrast:
      return byChannel(pixels, stretched);
    case ALTER_CODES.equalize:
      return byChannel(pixels, equalized);
    default:
      return pixels;
  }
}

/** Bilinear; beyond the image is black. */
function mapped(pixels: Pixels, change: Floats, { width, height }: Size): Pixels {
  const [, a, b, c, d, e, f] = Array.from(change) as number[] as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const none = pixels[0]!.map(() => 0);
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? none : pixels[y * width + x]!;
  return pixels.map((_, i) => {
    const dx = (i % width) + 0.5 - width / 2;
    const dy = Math.floor(i / width) + 0.5 - height / 2;
    const x = a * dx + b * dy + c + width / 2 - 0.5;
    const y = d * dx + e * dy + f + height / 2 - 0.5;
    const [x0, y0] = [Math.floor(x), Math.floor(y)];
    const [fx, fy] = [x - x0, y - y0];
    return none.map((_, k) => {
      const top = at(x0, y0)[k]! + (at(x0 + 1, y0)[k]! - at(x0, y0)[k]!) * fx;
      const bottom = at(x0, y0 + 1)[k]! + (at(x0 + 1, y0 + 1)[k]! - at(x0, y0 + 1)[k]!) * fx;
      return top + (bottom - top) * fy;
    });
  });
}

/** Pillow's SMOOTH: the pixel five times and its eight neighbours; the border stays. */
function smooth(pixels: Pixels, i: number, { width, height }: Size): readonly number[] {
  const [x, y] = [i % width, Math.floor(i / width)];
  const pixel = pixels[i]!;
  if (x === 0 || y === 0 || x === width - 1 || y === height - 1) return pixel;
  return pixel.map((v, c) => {
    let sum = 4 * v;
    for (const dy of [-1, 0, 1])
      for (const dx of [-1, 0, 1]) sum += pixels[i + dy * width + dx]![c]!;
    return sum / 13;
  });
}

function byChannel(
  pixels: Pixels,
  change: (values: readonly number[]) => readonly number[],
): Pixels {
  const planes = pixels[0]!.map((_, c) => change(pixels.map((pixel) => pixel[c]!)));
  return pixels.map((pixel, i) => pixel.map((_, c) => planes[c]![i]!));
}

function stretched(values: readonly number[]): readonly number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return high > low ? values.map((v) => ((v - low) * 255) / (high - low)) : values;
}

/** As Pillow's ImageOps.equalize, on values rounded to whole ones. */
function equalized(values: readonly number[]): readonly number[] {
  const counts = new Array<number>(256).fill(0);
  const whole = values.map((v) => Math.floor(v + 0.5));
  for (const v of whole) counts[v] = counts[v]! + 1;
  const last = counts.findLast((n) => n > 0) ?? 0;
  const step = Math.floor((values.length - last) / 255);
  if (step === 0) return values;
  let sum = Math.floor(step / 2);
  const table = counts.map((n) => {
    const level = Math.min(255, Math.floor(sum / step));
    sum += n;
    return level;
  });
  return whole.map((v) => table[v]!);
}
