/**
 * The gradient to the weights of a 1x1 convolution with a 2x2 max pool behind it, as runtime/kernels/plain/pooled.ts says:
 * each (window, output channel) finds its pixel by the winner's number, and adds a run of that pixel's channels to sums
 * that stay in registers over a block of windows.
 */
import { loadPartial, madd } from './simd';

/** Floats of the input in a block of lines, which stays in the first-level cache for all output channels. */
const BLOCK_FLOATS: i32 = 4096;

function addTo(address: usize, sum: v128): void {
  v128.store(address, f32x4.add(v128.load(address), sum));
}

/** sums[i] += the input at the winner, times the gradient, over lines of windows: 16 input channels, one output one. */
function sumWide(
  input: usize,
  inBytes: usize,
  gradient: usize,
  winners: usize,
  outChannels: usize,
  lines: i32,
  windows: i32,
  sums: usize,
): void {
  const below = ((windows * 2) as usize) * inBytes;
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (; lines > 0; lines--, input += below) {
    for (let w = 0; w < windows; w++) {
      const number = load<u8>(winners) as usize;
      const x = input + (number & 1) * inBytes + (number >> 1) * below;
      const d = v128.load32_splat(gradient);
      s0 = madd(v128.load(x), d, s0);
      s1 = madd(v128.load(x, 16), d, s1);
      s2 = madd(v128.load(x, 32), d, s2);
      s3 = madd(v128.load(x, 48), d, s3);
      input += inBytes << 1;
      winners += outChannels;
      gradient += outChannels << 2;
    }
  }
  addTo(sums, s0);
  addTo(sums + 16, s1);
  addTo(sums + 32, s2);
  addTo(sums + 48, s3);
}

/** As sumWide, of 32 input channels. */
function sumWidest(
  input: usize,
  inBytes: usize,
  gradient: usize,
  winners: usize,
  outChannels: usize,
  lines: i32,
  windows: i32,
  sums: usize,
): void {
  const below = ((windows * 2) as usize) * inBytes;
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  for (; lines > 0; lines--, input += below) {
    for (let w = 0; w < windows; w++) {
      const number = load<u8>(winners) as usize;
      const x = input + (number & 1) * inBytes + (number >> 1) * below;
      const d = v128.load32_splat(gradient);
      s0 = madd(v128.load(x), d, s0);
      s1 = madd(v128.load(x, 16), d, s1);
      s2 = madd(v128.load(x, 32), d, s2);
      s3 = madd(v128.load(x, 48), d, s3);
      s4 = madd(v128.load(x, 64), d, s4);
      s5 = madd(v128.load(x, 80), d, s5);
      s6 = madd(v128.load(x, 96), d, s6);
      s7 = madd(v128.load(x, 112), d, s7);
      input += inBytes << 1;
      winners += outChannels;
      gradient += outChannels << 2;
    }
  }
  addTo(sums, s0);
  addTo(sums + 16, s1);
  addTo(sums + 32, s2);
  addTo(sums + 48, s3);
  addTo(sums + 64, s4);
  addTo(sums + 80, s5);
  addTo(sums + 96, s6);
  addTo(sums + 112, s7);
}

/** As sumWide, of up to four input channels. */
function sumNarrow(
  input: usize,
  inBytes: usize,
  gradient: usize,
  winners: usize,
  outChannels: usize,
  lines: i32,
  windows: i32,
  sums: usize,
  lanes: i32,
): void {
  const below = ((windows * 2) as usize) * inBytes;
  let sum = f32x4.splat(0);
  for (; lines > 0; lines--, input += below) {
    for (let w = 0; w < windows; w++) {
      const number = load<u8>(winners) as usize;
      const x = input + (number & 1) * inBytes + (number >> 1) * below;
      sum = madd(loadPartial(x, lanes), v128.load32_splat(gradient), sum);
      input += inBytes << 1;
      winners += outChannels;
      gradient += outChannels << 2;
    }
  }
  addTo(sums, sum);
}

/** partial[i, o] = sums[o, i], whose rows are `stride` bytes apart. */
function transpose(
  sums: usize,
  stride: usize,
  partial: usize,
  inChannels: i32,
  outChannels: i32,
): void {
  const row = (outChannels as usize) << 2;
  const out = outChannels & ~3;
  let i = 0;
  for (; i + 4 <= inChannels; i += 4) {
    let from = sums + ((i as usize) << 2);
    let to = partial + (i as usize) * row;
    for (let o = 0; o < out; o += 4, from += stride << 2, to += 16) {
      const a = v128.load(from);
      const b = v128.load(from + stride);
      const c = v128.load(from + stride * 2);
      const d = v128.load(from + stride * 3);
      const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
      const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
      const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f64>(ab, cd, 0, 2));
      v128.store(to + row, v128.shuffle<f64>(ab, cd, 1, 3));
      v128.store(to + row * 2, v128.shuffle<f64>(abHigh, cdHigh, 0, 2));
      v128.store(to + row * 3, v128.shuffle<f64>(abHigh, cdHigh, 1, 3));
    }
    transposeRest(sums, stride, partial, i, i + 4, out, outChannels);
  }
  transposeRest(sums, stride, partial, i, inChannels, 0, outChannels);
}

function transposeRest(
  sums: usize,
  stride: usize,
  partial: usize,
  from: i32,
  to: i32,
  first: i32,
  outChannels: i32,
): void {
  for (let i = from; i < to; i++) {
    for (let o = first; o < outChannels; o++) {
      const sum = load<f32>(sums + (o as usize) * stride + ((i as usize) << 2));
      store<f32>(partial + ((i * outChannels + o) << 2), sum);
    }
  }
}

export function pooledWeightGradient(
  input: usize,
  gradient: usize,
  winners: usize,
  partials: usize,
  scratch: usize,
  batch: i32,
  outHeight: i32,
  outWidth: i32,
  inChannels: i32,
  outChannels: i32,
  chunks: i32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const inBytes = (inChannels as usize) << 2;
  const out = outChannels as usize;
  const stride = (inBytes + 15) & ~15;
  const sums = scratch + (((slot * scratchSize) << 2) as usize);
  const block = max(1, BLOCK_FLOATS / (4 * outWidth * inChannels));
  for (let chunk = begin; chunk < end; chunk++) {
    memory.fill(sums, 0, out * stride);
    const last = (((chunk + 1) * batch) / chunks) * outHeight;
    for (let line = ((chunk * batch) / chunks) * outHeight; line < last; line += block) {
      const lines = min(block, last - line);
      const x = input + ((line * 4 * outWidth) as usize) * inBytes;
      const at = ((line * outWidth) as usize) * out;
      for (let o: usize = 0; o < out; o++) {
        const dy = gradient + ((at + o) << 2);
        const won = winners + at + o;
        const to = sums + o * stride;
        let i = 0;
        for (; i + 32 <= inChannels; i += 32) {
          const skip = (i as usize) << 2;
          sumWidest(x + skip, inBytes, dy, won, out, lines, outWidth, to + skip);
        }
        for (; i + 16 <= inChannels; i += 16) {
          const skip = (i as usize) << 2;
          sumWide(x + skip, inBytes, dy, won, out, lines, outWidth, to + skip);
        }
        for (; i < inChannels; i += 4) {
          const skip = (i as usize) << 2;
          const lanes = min(4, inChannels - i);
          sumNarrow(x + skip, inBytes, dy, won, out, lines, outWidth, to + skip, lanes);
        }
      }
    }
    transpose(
      sums,
      stride,
      partials + ((chunk * inChannels) as usize) * (out << 2),
      inChannels,
      outChannels,
    );
  }
}
