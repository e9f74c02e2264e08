/**
 * From a picture to the network's input: the same crop, the same whole-number triangle filter and the same
 * normalisation as in training, bit for bit. Each line of the picture is read once, so that a photo of twelve
 * megapixels costs what its pixels cost and needs no memory of its own.
 */
import type { ModelSpec, PixelImage } from './types.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Rectangle extends Size {
  readonly x: number;
  readonly y: number;
}

/** The largest rectangle of one shape in the middle of another. */
function centred(outer: Size, shape: Size): Rectangle {
  let { width, height } = outer;
  if (outer.width * shape.height > outer.height * shape.width) {
    width = Math.max(1, Math.round((outer.height * shape.width) / shape.height));
  } else {
    height = Math.max(1, Math.round((outer.width * shape.height) / shape.width));
  }
  const x = Math.floor((outer.width - width) / 2);
  return { x, y: Math.floor((outer.height - height) / 2), width, height };
}

function whole({ width, height }: Size): Rectangle {
  return { x: 0, y: 0, width, height };
}

/** Mid grey, around a photo that does not fill the input. */
const surround = 128;

/** The weight of a source pixel for an output pixel: a triangle, in units of 1 / (2 * box) of a source pixel. */
function weightOf(source: number, box: number, target: number, crop: number): number {
  const support = 2 * Math.max(box, crop);
  return support - Math.abs((2 * source + 1) * box - (2 * target + 1) * crop);
}

/** The first source pixel that an output pixel sees. */
function firstTap(target: number, crop: number, box: number): number {
  const support = 2 * Math.max(box, crop);
  const from = ((2 * target + 1) * crop - support) / (2 * box);
  let first = from > 0 ? Math.floor(from) : 0;
  while (first < crop && weightOf(first, box, target, crop) <= 0) first++;
  return first;
}

/** The weighted mean, rounded half up. */
function rounded(sum: number, total: number): number {
  return Math.floor((sum + Math.floor(total / 2)) / total);
}

export type WriteInput = (image: PixelImage) => void;

/** Writes pictures into `output`. Whatever it needs is allocated here, once. */
export function photoWriter(spec: ModelSpec, output: Float32Array): WriteInput {
  const { input } = spec.info;
  const { width, height, channels } = input;
  const line = new Uint8Array(width * 3);
  const sums = new Int32Array(width * height * 3);
  const totals = new Int32Array(height);
  const firsts = new Int32Array(width);
  const values = new Float32Array(256 * channels);
  for (let c = 0; c < channels; c++) {
    for (let v = 0; v < 256; v++) {
      const scaled = Math.fround(v * (spec.norms[c] as number));
      values[c * 256 + v] = scaled + (spec.norms[channels + c] as number);
    }
  }

  /** One line of the photo, scaled across. */
  const scaleLine = (
    { data }: PixelImage,
    start: number,
    bytes: number,
    crop: number,
    box: number,
  ): void => {
    const support = 2 * Math.max(box, crop);
    for (let x = 0; x < box; x++) {
      let total = 0;
      let red = 0;
      let green = 0;
      let blue = 0;
      let i = firsts[x] as number;
      let distance = (2 * i + 1) * box - (2 * x + 1) * crop;
      for (let at = start + i * bytes; i < crop; i++, at += bytes, distance += 2 * box) {
        const weight = support - Math.abs(distance);
        if (weight <= 0) break;
        let r = data[at] as number;
        let g = data[at + 1] as number;
        let b = data[at + 2] as number;
        if (bytes === 4 && data[at + 3] !== 255) {
          const alpha = data[at + 3] as number;
          r = 255 - alpha + (((r * alpha) / 255) | 0);
          g = 255 - alpha + (((g * alpha) / 255) | 0);
          b = 255 - alpha + (((b * alpha) / 255) | 0);
        }
        total += weight;
        red += weight * r;
        green += weight * g;
        blue += weight * b;
      }
      line[3 * x] = rounded(red, total);
      line[3 * x + 1] = rounded(green, total);
      line[3 * x + 2] = rounded(blue, total);
    }
  };

  /** Adds the scaled line to every row of the input that it has a part in; rows before `first` are complete. */
  const addLine = (source: number, first: number, crop: number, box: Rectangle): void => {
    const count = 3 * box.width;
    for (let y = first; y < box.height; y++) {
      const weight = weightOf(source, box.height, y, crop);
      if (weight <= 0) break;
      totals[y] = (totals[y] as number) + weight;
      for (let k = 0, to = y * count; k < count; k++, to++) {
        sums[to] = (sums[to] as number) + Math.imul(weight, line[k] as number);
      }
    }
  };

  const finish = (box: Rectangle): void => {
    let to = 0;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, to += channels) {
        const row = y - box.y;
        const column = x - box.x;
        const inside = row >= 0 && row < box.height && column >= 0 && column < box.width;
        const at = (row * box.width + column) * 3;
        const total = totals[row] as number;
        const value = (c: number): number =>
          inside ? rounded((sums[at + c] as number) >>> 0, total) : surround;
        if (channels === 1) {
          const grey = (value(0) * 299 + value(1) * 587 + value(2) * 114 + 500) / 1000;
          output[to] = values[Math.floor(grey)] as number;
        } else {
          for (let c = 0; c < 3; c++) output[to + c] = values[c * 256 + value(c)] as number;
        }
      }
    }
  };

  return (image) => {
    const bytes = bytesPerPixel(image);
    const crop = spec.resize === 'cover' ? centred(image, input) : whole(image);
    const box = spec.resize === 'fit' ? centred(input, image) : whole(input);
    sums.fill(0);
    totals.fill(0);
    for (let x = 0; x < box.width; x++) firsts[x] = firstTap(x, crop.width, box.width);
    let first = 0;
    for (let y = 0; y < crop.height; y++) {
      scaleLine(image, ((crop.y + y) * image.width + crop.x) * bytes, bytes, crop.width, box.width);
      while (
        first < box.height - 1 &&
        weightOf(y, box.height, first, crop.height) <= 0 &&
        (2 * first + 1) * crop.height < (2 * y + 1) * box.height
      ) {
        first++;
      }
      addLine(y, first, crop.height, box);
    }
    finish(box);
  };
}

function bytesPerPixel({ data, width, height }: PixelImage): number {
  const pixels = width * height;
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new TypeError('an image needs a width and a height');
  }
  const bytes = data.length / pixels;
  if (bytes !== 3 && bytes !== 4) {
    throw new TypeError(
      `an image of ${width} x ${height} has 3 or 4 bytes a pixel, this has ${data.length} bytes`,
    );
  }
  return bytes;
}
