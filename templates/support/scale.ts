/**
 * The triangle filter of training, in whole numbers. Sums are 32 bits wide and wrap as those of the kernel do; `| 0` and
 * `Math.imul` also keep engines from computing in doubles, which takes twice the time.
 */
import type { PixelImage } from './types.ts';

/** What scaling writes to; made once for an input. */
export interface Scratch {
  /** One line, scaled across. */
  readonly line: Uint8Array;
  /** Where each output of a line begins to see it, and the sum of its weights. */
  readonly firsts: Int32Array;
  readonly lineTotals: Int32Array;
  /** For each value of the input, and each of its rows, what the lines have added so far. */
  readonly sums: Int32Array;
  readonly totals: Int32Array;
}

export function scratchFor(width: number, height: number): Scratch {
  return {
    line: new Uint8Array(width * 3),
    firsts: new Int32Array(width),
    lineTotals: new Int32Array(width),
    sums: new Int32Array(width * height * 3),
    totals: new Int32Array(height),
  };
}

/** The weight of a source pixel for an output pixel: a triangle, in units of 1 / (2 * box) of a source pixel. */
export function weightOf(source: number, box: number, target: number, crop: number): number {
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
export function rounded(sum: number, total: number): number {
  return (((sum >>> 0) + (total >>> 1)) / total) | 0;
}

/** As the decoder does: the quotient is cut, not rounded. */
export function overWhite(value: number, alpha: number): number {
  return 255 - alpha + (((value * alpha) / 255) | 0);
}

/** What is the same for every line. */
export function planLine({ firsts, lineTotals }: Scratch, crop: number, box: number): void {
  for (let x = 0; x < box; x++) {
    const first = firstTap(x, crop, box);
    let total = 0;
    for (let i = first; i < crop; i++) {
      const weight = weightOf(i, box, x, crop);
      if (weight <= 0) break;
      total += weight;
    }
    firsts[x] = first;
    lineTotals[x] = total;
  }
}

export type ScaleLine = (
  scratch: Scratch,
  image: PixelImage,
  start: number,
  bytes: number,
  crop: number,
  box: number,
) => void;

/**
 * A line scaled down. Between the centres of two outputs a pixel's weights for the left and for the right one add up to
 * 2 * crop, so that one product gives both.
 */
export const shrinkLine: ScaleLine = ({ line, lineTotals }, { data }, start, bytes, crop, box) => {
  const between = (2 * crop) | 0;
  const step = (2 * box) | 0;
  let leftRed = 0;
  let leftGreen = 0;
  let leftBlue = 0;
  let at = start | 0;
  const end = (start + crop * bytes) | 0;
  // How far a pixel is behind the centre of output x, doubled like all distances here.
  let distance = (box + crop) | 0;
  for (let x = -1; x < box; x++, distance -= between) {
    let red = 0;
    let green = 0;
    let blue = 0;
    let rightRed = 0;
    let rightGreen = 0;
    let rightBlue = 0;
    for (; distance < between && at < end; at += bytes, distance += step) {
      let r = data[at] as number;
      let g = data[at + 1] as number;
      let b = data[at + 2] as number;
      if (bytes === 4 && data[at + 3] !== 255) {
        const alpha = data[at + 3] as number;
        r = overWhite(r, alpha);
        g = overWhite(g, alpha);
        b = overWhite(b, alpha);
      }
      red = (red + r) | 0;
      green = (green + g) | 0;
      blue = (blue + b) | 0;
      rightRed = (rightRed + Math.imul(distance, r)) | 0;
      rightGreen = (rightGreen + Math.imul(distance, g)) | 0;
      rightBlue = (rightBlue + Math.imul(distance, b)) | 0;
    }
    if (x >= 0) {
      const total = lineTotals[x] as number;
      line[3 * x] = rounded(leftRed + Math.imul(between, red) - rightRed, total);
      line[3 * x + 1] = rounded(leftGreen + Math.imul(between, green) - rightGreen, total);
      line[3 * x + 2] = rounded(leftBlue + Math.imul(between, blue) - rightBlue, total);
    }
    leftRed = rightRed;
    leftGreen = rightGreen;
    leftBlue = rightBlue;
  }
};

/** A line scaled up: each output sees two pixels. */
export const stretchLine: ScaleLine = (
  { line, firsts, lineTotals },
  { data },
  start,
  bytes,
  crop,
  box,
) => {
  for (let x = 0; x < box; x++) {
    for (let c = 0; c < 3; c++) {
      let sum = 0;
      for (let i = firsts[x] as number; i < crop; i++) {
        const weight = weightOf(i, box, x, crop);
        if (weight <= 0) break;
        const value = data[start + i * bytes + c] as number;
        const alpha = bytes === 4 ? (data[start + i * bytes + 3] as number) : 255;
        sum += weight * overWhite(value, alpha);
      }
      line[3 * x + c] = rounded(sum, lineTotals[x] as number);
    }
  }
};

/** Adds the scaled line to every row that it has a part in; rows before `first` are complete. */
export function addLine(
  { line, sums, totals }: Scratch,
  source: number,
  first: number,
  crop: number,
  box: { readonly width: number; readonly height: number },
): void {
  const count = (3 * box.width) | 0;
  for (let y = first; y < box.height; y++) {
    const weight = weightOf(source, box.height, y, crop) | 0;
    if (weight <= 0) break;
    totals[y] = (totals[y] as number) + weight;
    for (let k = 0, to = (y * count) | 0; k < count; k++, to++) {
      sums[to] = (sums[to] as number) + Math.imul(weight, line[k] as number);
    }
  }
}
