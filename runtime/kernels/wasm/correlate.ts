/**
 * Depthwise correlation of one image: the forward pass and, with its taps taken backwards, the gradient to the input.
 * Pixel (y, x) of the target's grid has its tap (i, j) at (y * stepY + originY + i * tapStepY, and likewise in x) of the
 * source. Strides are in bytes; those of the weights are negative when the taps run backwards.
 */
import { madd, maddScalar } from './simd';

/** The first tap of a pixel whose taps start at `start` that lies at or past 0. */
export function firstTap(start: i32, step: i32): i32 {
  return start >= 0 ? 0 : (step - 1 - start) / step;
}

/** One past the last tap that lies before `size`. */
export function endTap(start: i32, step: i32, taps: i32, size: i32): i32 {
  return start >= size ? 0 : min(taps, (size - 1 - start) / step + 1);
}

/** A line of a 3x3 correlation, step 1, all three source lines inside; nine weights stay in registers. */
function line3x3(
  top: usize,
  middle: usize,
  bottom: usize,
  width: i32,
  pixelBytes: usize,
  target: usize,
  targetBytes: usize,
  gridWidth: i32,
  originX: i32,
  weights: usize,
  weightRow: isize,
  weightColumn: isize,
  initial: v128,
): void {
  const w00 = v128.load(weights);
  const w01 = v128.load(weights + weightColumn);
  const w02 = v128.load(weights + 2 * weightColumn);
  weights += weightRow;
  const w10 = v128.load(weights);
  const w11 = v128.load(weights + weightColumn);
  const w12 = v128.load(weights + 2 * weightColumn);
  weights += weightRow;
  const w20 = v128.load(weights);
  const w21 = v128.load(weights + weightColumn);
  const w22 = v128.load(weights + 2 * weightColumn);
  // A column of the source is read once, for the three pixels it reaches: two wait for their remaining columns.
  let next = initial;
  let last = initial;
  target -= 2 * targetBytes;
  let offset = (originX as usize) * pixelBytes;
  const end = gridWidth + 2;
  for (let i = 0; i < end; i++) {
    let done = last;
    last = next;
    next = initial;
    if (((i + originX) as u32) < (width as u32)) {
      let v = v128.load(top + offset);
      let s0 = f32x4.mul(v, w00);
      let s1 = f32x4.mul(v, w01);
      let s2 = f32x4.mul(v, w02);
      v = v128.load(middle + offset);
      s0 = madd(v, w10, s0);
      s1 = madd(v, w11, s1);
      s2 = madd(v, w12, s2);
      v = v128.load(bottom + offset);
      s0 = madd(v, w20, s0);
      s1 = madd(v, w21, s1);
      s2 = madd(v, w22, s2);
      done = f32x4.add(done, s2);
      last = f32x4.add(last, s1);
      next = f32x4.add(next, s0);
    }
    if (i >= 2) v128.store(target, done);
    target += targetBytes;
    offset += pixelBytes;
  }
}

/** Four channels of one pixel, the taps [fromX, toX) of each of `rows` source lines. */
function pixelTaps(
  source: usize,
  weights: usize,
  rows: i32,
  fromX: i32,
  toX: i32,
  lineBytes: usize,
  tapBytes: usize,
  weightRow: isize,
  weightColumn: isize,
  initial: v128,
): v128 {
  let sum = initial;
  for (let i = 0; i < rows; i++) {
    let from = source + (fromX as usize) * tapBytes;
    let weight = weights + (fromX as isize) * weightColumn;
    for (let j = fromX; j < toX; j++) {
      sum = madd(v128.load(from), v128.load(weight), sum);
      from += tapBytes;
      weight += weightColumn;
    }
    source += lineBytes;
    weights += weightRow;
  }
  return sum;
}

/** A line of any correlation for four channels: four pixels at a time where all taps lie inside. */
function lineAny(
  source: usize,
  weights: usize,
  rows: i32,
  tapsX: i32,
  width: i32,
  lineBytes: usize,
  pixelBytes: usize,
  target: usize,
  targetBytes: usize,
  gridWidth: i32,
  stepX: i32,
  tapStepX: i32,
  originX: i32,
  weightRow: isize,
  weightColumn: isize,
  initial: v128,
): void {
  const tapBytes = (tapStepX as usize) * pixelBytes;
  const stepBytes = (stepX as usize) * pixelBytes;
  const inside = originX >= 0 ? 0 : (stepX - 1 - originX) / stepX;
  const reach = width - 1 - (tapsX - 1) * tapStepX - originX;
  const outside = reach < 0 ? 0 : min(gridWidth, reach / stepX + 1);
  for (let x = 0; x < gridWidth; ) {
    const start = x * stepX + originX;
    const at = source + (start as usize) * pixelBytes;
    const to = target + (x as usize) * targetBytes;
    if (x < inside || x + 4 > outside) {
      const fromX = firstTap(start, tapStepX);
      const toX = endTap(start, tapStepX, tapsX, width);
      v128.store(
        to,
        pixelTaps(
          at,
          weights,
          rows,
          fromX,
          toX,
          lineBytes,
          tapBytes,
          weightRow,
          weightColumn,
          initial,
        ),
      );
      x++;
      continue;
    }
    let s0 = initial;
    let s1 = initial;
    let s2 = initial;
    let s3 = initial;
    let line = at;
    let weightLine = weights;
    for (let i = 0; i < rows; i++) {
      let p0 = line;
      let p2 = line + 2 * stepBytes;
      let weight = weightLine;
      for (let j = 0; j < tapsX; j++) {
        const w = v128.load(weight);
        s0 = madd(v128.load(p0), w, s0);
        s1 = madd(v128.load(p0 + stepBytes), w, s1);
        s2 = madd(v128.load(p2), w, s2);
        s3 = madd(v128.load(p2 + stepBytes), w, s3);
        p0 += tapBytes;
        p2 += tapBytes;
        weight += weightColumn;
      }
      line += lineBytes;
      weightLine += weightRow;
    }
    v128.store(to, s0);
    v128.store(to + targetBytes, s1);
    v128.store(to + 2 * targetBytes, s2);
    v128.store(to + 3 * targetBytes, s3);
    x += 4;
  }
}

/** Channels a vector cannot take, and multipliers: each target channel sums `fold` source channels. */
function lineScalar(
  source: usize,
  weights: usize,
  bias: usize,
  firstChannel: i32,
  targetChannels: i32,
  spread: i32,
  fold: i32,
  rows: i32,
  tapsX: i32,
  width: i32,
  lineBytes: usize,
  pixelBytes: usize,
  target: usize,
  targetBytes: usize,
  gridWidth: i32,
  stepX: i32,
  tapStepX: i32,
  originX: i32,
  weightRow: isize,
  weightColumn: isize,
  hasBias: i32,
): void {
  for (let x = 0; x < gridWidth; x++) {
    const start = x * stepX + originX;
    const fromX = firstTap(start, tapStepX);
    const toX = endTap(start, tapStepX, tapsX, width);
    for (let channel = firstChannel; channel < targetChannels; channel++) {
      const first = (channel / spread) * fold;
      let sum: f32 = hasBias ? f32.load(bias + ((channel << 2) as usize)) : 0;
      for (let i = 0; i < rows; i++) {
        for (let j = fromX; j < toX; j++) {
          const from =
            source +
            (i as usize) * lineBytes +
            ((start + j * tapStepX) as usize) * pixelBytes +
            ((first << 2) as usize);
          const tap = weights + (i as isize) * weightRow + (j as isize) * weightColumn;
          for (let m = 0; m < fold; m++) {
            const weight = fold > 1 ? first + m : channel;
            sum = maddScalar(
              f32.load(from + ((m << 2) as usize)),
              f32.load(tap + ((weight << 2) as usize)),
              sum,
            );
          }
        }
      }
      f32.store(target + (x as usize) * targetBytes + ((channel << 2) as usize), sum);
    }
  }
}

/** `spread` target channels read each source channel, or `fold` source channels feed each target one; one of them is 1. */
export function correlateImage(
  source: usize,
  weights: usize,
  bias: usize,
  target: usize,
  targetChannels: i32,
  spread: i32,
  fold: i32,
  height: i32,
  width: i32,
  gridHeight: i32,
  gridWidth: i32,
  targetRow: usize,
  targetBytes: usize,
  stepY: i32,
  stepX: i32,
  tapsY: i32,
  tapsX: i32,
  tapStepY: i32,
  tapStepX: i32,
  originY: i32,
  originX: i32,
  weightRow: isize,
  weightColumn: isize,
  hasBias: i32,
): void {
  const pixelBytes = (((targetChannels / spread) * fold) << 2) as usize;
  const lineBytes = (width as usize) * pixelBytes;
  const tapLines = (tapStepY as usize) * lineBytes;
  const vectors = spread === 1 && fold === 1 ? targetChannels & ~3 : 0;
  const is3x3 = tapsY === 3 && tapsX === 3 && stepX === 1 && tapStepX === 1;
  for (let y = 0; y < gridHeight; y++) {
    const start = y * stepY + originY;
    const fromY = firstTap(start, tapStepY);
    const rows = max(0, endTap(start, tapStepY, tapsY, height) - fromY);
    const line = source + ((start + fromY * tapStepY) as usize) * lineBytes;
    const taps = weights + (fromY as isize) * weightRow;
    const to = target + (y as usize) * targetRow;
    for (let channel = 0; channel < vectors; channel += 4) {
      const skip = (channel << 2) as usize;
      const initial = hasBias ? v128.load(bias + skip) : f32x4.splat(0);
      if (is3x3 && rows === 3) {
        line3x3(
          line + skip,
          line + skip + tapLines,
          line + skip + 2 * tapLines,
          width,
          pixelBytes,
          to + skip,
          targetBytes,
          gridWidth,
          originX,
          taps + skip,
          weightRow,
          weightColumn,
          initial,
        );
      } else {
        lineAny(
          line + skip,
          taps + skip,
          rows,
          tapsX,
          width,
          tapLines,
          pixelBytes,
          to + skip,
          targetBytes,
          gridWidth,
          stepX,
          tapStepX,
          originX,
          weightRow,
          weightColumn,
          initial,
        );
      }
    }
    if (vectors < targetChannels) {
      lineScalar(
        line,
        taps,
        bias,
        vectors,
        targetChannels,
        spread,
        fold,
        rows,
        tapsX,
        width,
        tapLines,
        pixelBytes,
        to,
        targetBytes,
        gridWidth,
        stepX,
        tapStepX,
        originX,
        weightRow,
        weightColumn,
        hasBias,
      );
    }
  }
}
