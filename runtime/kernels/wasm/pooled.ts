/**
 * A 1x1 convolution with a 2x2 max pool behind it, as runtime/kernels/plain/pooled.ts says. Of the four pixels of a window
 * only one has a gradient in each output channel, so that a quarter of the products of a matrix product is left: here
 * each (window, output channel) finds its pixel by the winner's number.
 */
import { panelBytes } from './gemm';
import { Partial, Whole } from './lanes';
import { loadPartial, madd, storePartial } from './simd';

/** Numbers of the winners, 0 to 3, four channels of a window. */
function storeWinners(to: usize, numbers: v128, lanes: i32): void {
  const bytes = i8x16.narrow_i16x8_u(
    i16x8.narrow_i32x4_u(numbers, numbers),
    i16x8.narrow_i32x4_u(numbers, numbers),
  );
  if (lanes >= 4) {
    v128.store32_lane(to, bytes, 0);
    return;
  }
  store<u8>(to, i8x16.extract_lane_u(bytes, 0) as u8);
  if (lanes > 1) store<u8>(to + 1, i8x16.extract_lane_u(bytes, 1) as u8);
  if (lanes > 2) store<u8>(to + 2, i8x16.extract_lane_u(bytes, 2) as u8);
}

/** Four channels of a line of windows. */
function poolLine<L>(
  x: usize,
  y: usize,
  winners: usize,
  channels: usize,
  below: usize,
  windows: i32,
  lanes: i32,
): void {
  const memory = changetype<L>(0);
  const row = channels << 2;
  for (let w = 0; w < windows; w++, x += row * 2, y += row, winners += channels) {
    let best = memory.load(x, lanes);
    let value = memory.load(x + row, lanes);
    let wins = f32x4.gt(value, best);
    best = v128.bitselect(value, best, wins);
    let number = v128.and(wins, i32x4.splat(1));
    value = memory.load(x + below, lanes);
    wins = f32x4.gt(value, best);
    best = v128.bitselect(value, best, wins);
    number = v128.bitselect(i32x4.splat(2), number, wins);
    value = memory.load(x + below + row, lanes);
    wins = f32x4.gt(value, best);
    memory.store(y, v128.bitselect(value, best, wins), lanes);
    storeWinners(winners, v128.bitselect(i32x4.splat(3), number, wins), lanes);
  }
}

export function maxPoolWinners(
  input: usize,
  output: usize,
  winners: usize,
  outHeight: i32,
  outWidth: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const step = channels as usize;
  const row = step << 2;
  const whole = row & ~15;
  const below = ((outWidth * 2) as usize) * row;
  for (let line = begin * outHeight; line < end * outHeight; line++) {
    const x = input + (line as usize) * 2 * below;
    const first = ((line * outWidth) as usize) * step;
    const y = output + (first << 2);
    const won = winners + first;
    for (let o: usize = 0; o < whole; o += 16) {
      poolLine<Whole>(x + o, y + o, won + (o >> 2), step, below, outWidth, 4);
    }
    if (whole === row) continue;
    poolLine<Partial>(
      x + whole,
      y + whole,
      won + (whole >> 2),
      step,
      below,
      outWidth,
      channels & 3,
    );
  }
}

/** The initial values of sixteen input channels of the four pixels of a window. */
function startWide(
  panel: usize,
  panelStride: usize,
  target: usize,
  inBytes: usize,
  below: usize,
): void {
  for (let number: usize = 0; number < 4; number++) {
    const to = target + (number & 1) * inBytes + (number >> 1) * below;
    v128.store(to, v128.load(panel));
    v128.store(to, v128.load(panel, 16), 16);
    v128.store(to, v128.load(panel + panelStride), 32);
    v128.store(to, v128.load(panel + panelStride, 16), 48);
  }
}

/** Sixteen input channels of a window: each output channel adds its row of weights to its winner, where it lies. */
function spreadWide(
  gradient: usize,
  winners: usize,
  panel: usize,
  panelStride: usize,
  target: usize,
  inBytes: usize,
  below: usize,
  outChannels: i32,
): void {
  startWide(panel, panelStride, target, inBytes, below);
  let b = panel + 32;
  for (let o = 0; o < outChannels; o++, b += 32) {
    const number = load<u8>(winners + (o as usize)) as usize;
    const to = target + (number & 1) * inBytes + (number >> 1) * below;
    const d = v128.load32_splat(gradient + ((o as usize) << 2));
    const s0 = madd(d, v128.load(b), v128.load(to));
    const s1 = madd(d, v128.load(b, 16), v128.load(to, 16));
    const s2 = madd(d, v128.load(b + panelStride), v128.load(to, 32));
    const s3 = madd(d, v128.load(b + panelStride, 16), v128.load(to, 48));
    v128.store(to, s0);
    v128.store(to, s1, 16);
    v128.store(to, s2, 32);
    v128.store(to, s3, 48);
  }
}

/** As spreadWide, of up to four input channels. */
function spreadNarrow(
  gradient: usize,
  winners: usize,
  panel: usize,
  target: usize,
  inBytes: usize,
  below: usize,
  outChannels: i32,
  lanes: i32,
): void {
  for (let number: usize = 0; number < 4; number++) {
    storePartial(target + (number & 1) * inBytes + (number >> 1) * below, v128.load(panel), lanes);
  }
  let b = panel + 32;
  for (let o = 0; o < outChannels; o++, b += 32) {
    const number = load<u8>(winners + (o as usize)) as usize;
    const to = target + (number & 1) * inBytes + (number >> 1) * below;
    const d = v128.load32_splat(gradient + ((o as usize) << 2));
    storePartial(to, madd(d, v128.load(b), loadPartial(to, lanes)), lanes);
  }
}

export function pooledInputGradient(
  gradient: usize,
  winners: usize,
  packed: usize,
  inputGradient: usize,
  outHeight: i32,
  outWidth: i32,
  inChannels: i32,
  outChannels: i32,
  begin: i32,
  end: i32,
): void {
  const inBytes = (inChannels as usize) << 2;
  const out = outChannels as usize;
  const below = ((outWidth * 2) as usize) * inBytes;
  const stride = panelBytes(outChannels);
  for (let line = begin * outHeight; line < end * outHeight; line++) {
    for (let w = 0; w < outWidth; w++) {
      const at = ((line * outWidth + w) as usize) * out;
      const dy = gradient + (at << 2);
      const won = winners + at;
      const to = inputGradient + (line as usize) * 2 * below + ((w * 2) as usize) * inBytes;
      let i = 0;
      for (; i + 16 <= inChannels; i += 16) {
        const panel = packed + ((i >> 3) as usize) * stride;
        spreadWide(dy, won, panel, stride, to + ((i << 2) as usize), inBytes, below, outChannels);
      }
      for (; i < inChannels; i += 4) {
        const panel = packed + ((i >> 3) as usize) * stride + (((i & 4) << 2) as usize);
        const lanes = min(4, inChannels - i);
        spreadNarrow(dy, won, panel, to + ((i << 2) as usize), inBytes, below, outChannels, lanes);
      }
    }
  }
}
