import { endTap, firstTap } from './correlate';
import { madd, maddScalar } from './simd';

function addTo(address: usize, sum: v128): void {
  v128.store(address, f32x4.add(v128.load(address), sum));
}

/** A line of the output, 3x3 taps with step 1 and all three source lines inside: nine sums in registers. */
function gradient3x3(
  top: usize,
  middle: usize,
  bottom: usize,
  width: i32,
  gradient: usize,
  gridWidth: i32,
  pixelBytes: usize,
  originX: i32,
  partial: usize,
): void {
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s20 = s00;
  let s21 = s00;
  let s22 = s00;
  // Column i of the source meets the gradients of pixels i, i - 1 and i - 2: a window that slides with it.
  const first = max(0, -originX);
  const end = min(gridWidth + 2, width - originX);
  let offset = ((first + originX) as usize) * pixelBytes;
  let from = gradient + (first as usize) * pixelBytes;
  let d1 = f32x4.splat(0);
  let d2 = d1;
  if (first > 0 && first - 1 < gridWidth) d1 = v128.load(from - pixelBytes);
  if (first > 1 && first - 2 < gridWidth) d2 = v128.load(from - 2 * pixelBytes);
  for (let i = first; i < end; i++) {
    let d0 = f32x4.splat(0);
    if (i < gridWidth) d0 = v128.load(from);
    let v = v128.load(top + offset);
    s00 = madd(v, d0, s00);
    s01 = madd(v, d1, s01);
    s02 = madd(v, d2, s02);
    v = v128.load(middle + offset);
    s10 = madd(v, d0, s10);
    s11 = madd(v, d1, s11);
    s12 = madd(v, d2, s12);
    v = v128.load(bottom + offset);
    s20 = madd(v, d0, s20);
    s21 = madd(v, d1, s21);
    s22 = madd(v, d2, s22);
    d2 = d1;
    d1 = d0;
    offset += pixelBytes;
    from += pixelBytes;
  }
  addTo(partial, s00);
  addTo(partial + pixelBytes, s01);
  addTo(partial + 2 * pixelBytes, s02);
  partial += 3 * pixelBytes;
  addTo(partial, s10);
  addTo(partial + pixelBytes, s11);
  addTo(partial + 2 * pixelBytes, s12);
  partial += 3 * pixelBytes;
  addTo(partial, s20);
  addTo(partial + pixelBytes, s21);
  addTo(partial + 2 * pixelBytes, s22);
}

/** The sum of products of two strided runs of pixels, four channels: four sums, as one would wait for itself. */
function dotPixels(a: usize, aStep: usize, b: usize, bStep: usize, count: i32): v128 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let i = count;
  for (; i >= 4; i -= 4) {
    s0 = madd(v128.load(a), v128.load(b), s0);
    s1 = madd(v128.load(a + aStep), v128.load(b + bStep), s1);
    a += 2 * aStep;
    b += 2 * bStep;
    s2 = madd(v128.load(a), v128.load(b), s2);
    s3 = madd(v128.load(a + aStep), v128.load(b + bStep), s3);
    a += 2 * aStep;
    b += 2 * bStep;
  }
  for (; i > 0; i--, a += aStep, b += bStep) s0 = madd(v128.load(a), v128.load(b), s0);
  return f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
}

/** One tap of a line: the pixels [from, to) of the output whose source column lies inside. */
function gradientTap(
  line: usize,
  gradient: usize,
  channels: i32,
  multiplier: i32,
  vectors: i32,
  strideX: i32,
  start: i32,
  from: i32,
  to: i32,
  partial: usize,
): void {
  const inBytes = (channels << 2) as usize;
  const outBytes = ((channels * multiplier) << 2) as usize;
  const a = line + ((from * strideX + start) as usize) * inBytes;
  const b = gradient + (from as usize) * outBytes;
  const step = (strideX as usize) * inBytes;
  for (let channel = 0; channel < vectors; channel += 4) {
    const skip = (channel << 2) as usize;
    addTo(partial + skip, dotPixels(a + skip, step, b + skip, outBytes, to - from));
  }
  for (let channel = vectors; channel < channels * multiplier; channel++) {
    let p = a + (((channel / multiplier) << 2) as usize);
    let q = b + ((channel << 2) as usize);
    let sum: f32 = 0;
    for (let i = from; i < to; i++, p += step, q += outBytes) {
      sum = maddScalar(f32.load(p), f32.load(q), sum);
    }
    const address = partial + ((channel << 2) as usize);
    f32.store(address, f32.load(address) + sum);
  }
}

export function depthwiseWeightGradient(
  input: usize,
  gradient: usize,
  partials: usize,
  batch: i32,
  inHeight: i32,
  inWidth: i32,
  inChannels: i32,
  outHeight: i32,
  outWidth: i32,
  multiplier: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideY: i32,
  strideX: i32,
  dilationY: i32,
  dilationX: i32,
  padTop: i32,
  padLeft: i32,
  chunks: i32,
  begin: i32,
  end: i32,
): void {
  const lineBytes = ((inWidth * inChannels) << 2) as usize;
  const tapBytes = ((inChannels * multiplier) << 2) as usize;
  const size = ((kernelHeight * kernelWidth) as usize) * tapBytes;
  const tapLines = (dilationY as usize) * lineBytes;
  const vectors = multiplier === 1 ? inChannels & ~3 : 0;
  const is3x3 =
    kernelHeight === 3 &&
    kernelWidth === 3 &&
    strideX === 1 &&
    dilationX === 1 &&
    vectors === inChannels;
  for (let chunk = begin; chunk < end; chunk++) {
    const partial = partials + (chunk as usize) * size;
    memory.fill(partial, 0, size);
    const last = ((chunk + 1) * batch) / chunks;
    for (let image = (chunk * batch) / chunks; image < last; image++) {
      for (let y = 0; y < outHeight; y++) {
        const from = gradient + (((image * outHeight + y) * outWidth) as usize) * tapBytes;
        const start = y * strideY - padTop;
        const fromY = firstTap(start, dilationY);
        const toY = endTap(start, dilationY, kernelHeight, inHeight);
        const line = input + ((image * inHeight + start + fromY * dilationY) as usize) * lineBytes;
        if (is3x3 && toY - fromY === 3) {
          for (let skip: usize = 0; skip < tapBytes; skip += 16) {
            gradient3x3(
              line + skip,
              line + skip + tapLines,
              line + skip + 2 * tapLines,
              inWidth,
              from + skip,
              outWidth,
              tapBytes,
              -padLeft,
              partial + skip,
            );
          }
          continue;
        }
        for (let tapY = fromY; tapY < toY; tapY++) {
          for (let tapX = 0; tapX < kernelWidth; tapX++) {
            const origin = tapX * dilationX - padLeft;
            const first = firstTap(origin, strideX);
            const stop = endTap(origin, strideX, outWidth, inWidth);
            if (first >= stop) continue;
            gradientTap(
              line + ((tapY - fromY) as usize) * tapLines,
              from,
              inChannels,
              multiplier,
              vectors,
              strideX,
              origin,
              first,
              stop,
              partial + ((tapY * kernelWidth + tapX) as usize) * tapBytes,
            );
          }
        }
      }
    }
  }
}
