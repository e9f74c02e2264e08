/** Convolutions and dense layers of int8 inference. */
import { bytePanel, multiplyBytes } from './byte-gemm';
import { copyLines, FLOATS, finish, lookUp, narrow, storeBytes, TABLE } from './bytes';
import { fusedLines } from './strip';

/** Pixels of a strip of lines that is copied with its padding; as in plain/bytes.ts. */
const STRIP_PIXELS: i32 = 256;
/** Bytes of the input that every panel passes over before the next ones. */
const BLOCK_BYTES: i32 = 16384;

export function convolveBytes(
  input: usize,
  packed: usize,
  table: usize,
  outside: usize,
  output: usize,
  scratch: usize,
  inHeight: i32,
  inWidth: i32,
  inChannels: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideY: i32,
  strideX: i32,
  dilationY: i32,
  dilationX: i32,
  padTop: i32,
  padLeft: i32,
  groups: i32,
  mode: i32,
  low: f32,
  high: f32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const inGroup = inChannels / groups;
  const outGroup = outChannels / groups;
  const wide = groups === 1 && dilationX === 1;
  const runs = wide ? 1 : kernelWidth;
  const quads = ((wide ? kernelWidth * inChannels : inGroup) + 3) >> 2;
  const groupBytes = (((outGroup + 7) >> 3) as usize) * bytePanel(kernelHeight * runs * quads);
  const size: i32 = mode === FLOATS ? 4 : 1;
  const imageBytes = (inHeight * inWidth * inChannels) as usize;
  const outLine = (outWidth * outChannels * size) as usize;
  const single = kernelHeight === 1 && kernelWidth === 1 && strideY === 1 && strideX === 1;
  const dense =
    single && outHeight === inHeight && outWidth === inWidth && padTop === 0 && padLeft === 0;
  const copy = scratch + (((slot * scratchSize) << 2) as usize);
  const columns = (outWidth - 1) * strideX + (kernelWidth - 1) * dilationX + 1;
  const lineBytes = (columns * inChannels) as usize;
  const step = fusedLines(outWidth, outHeight, STRIP_PIXELS, 0);
  const pixels = dense ? outHeight * outWidth : outWidth;
  const block = dense ? max(16, (BLOCK_BYTES / inChannels) & ~3) : outWidth;
  for (let n = begin; n < end; n++) {
    const image = input + (n as usize) * imageBytes;
    const target = output + ((n * outHeight) as usize) * outLine;
    const lines = dense ? 1 : outHeight;
    for (let y = 0; y < lines; y++) {
      let line = image;
      if (!dense) {
        const inStrip = y % step;
        if (inStrip === 0) {
          const count =
            (min(step, outHeight - y) - 1) * strideY + (kernelHeight - 1) * dilationY + 1;
          const top = y * strideY - padTop;
          copyLines(
            image,
            copy,
            inHeight,
            inWidth,
            inChannels,
            top,
            -padLeft,
            count,
            columns,
            outside,
          );
        }
        line = copy + ((inStrip * strideY) as usize) * lineBytes;
      }
      for (let first = 0; first < pixels; first += block) {
        const count = min(block, pixels - first);
        const to = target + (y as usize) * outLine + ((first * outChannels * size) as usize);
        for (let group = 0; group < groups; group++) {
          multiplyBytes(
            line + ((first * strideX * inChannels + group * inGroup) as usize),
            (strideX * inChannels) as usize,
            kernelHeight,
            (dilationY as usize) * lineBytes,
            runs,
            quads,
            (dilationX * inChannels) as usize,
            packed + (group as usize) * groupBytes,
            to + ((group * outGroup * size) as usize),
            (outChannels * size) as usize,
            count,
            outGroup,
            mode,
            low,
            high,
          );
        }
        if (mode === TABLE) lookUp(to, count * outChannels, table);
      }
    }
  }
}

/** Eight channels of a line, two pixels at a time. Bytes up to 255 are taken: their products fit into 16 bits. */
function depthwiseLine(
  source: usize,
  lineBytes: usize,
  pixelBytes: usize,
  tapBytes: usize,
  weights: usize,
  weightBytes: usize,
  kernelHeight: i32,
  kernelWidth: i32,
  header: usize,
  headerRow: usize,
  target: usize,
  targetBytes: usize,
  width: i32,
  lanes: i32,
  mode: i32,
  low: f32,
  high: f32,
): void {
  const first = v128.load(header);
  const second = v128.load(header, 16);
  header += headerRow;
  for (let x = 0; x < width; x += 2, source += 2 * pixelBytes, target += 2 * targetBytes) {
    // The last of an odd number of pixels is computed twice, and stored once.
    const other = x + 1 < width ? pixelBytes : 0;
    let s0 = first;
    let s1 = second;
    let t0 = first;
    let t1 = second;
    let line = source;
    let w = weights;
    for (let ky = 0; ky < kernelHeight; ky++, line += lineBytes) {
      let at = line;
      for (let kx = 0; kx < kernelWidth; kx++, at += tapBytes, w += weightBytes) {
        const weight = v128.load8x8_s(w);
        let product = i16x8.mul(v128.load8x8_u(at), weight);
        s0 = i32x4.add(s0, i32x4.extend_low_i16x8_s(product));
        s1 = i32x4.add(s1, i32x4.extend_high_i16x8_s(product));
        product = i16x8.mul(v128.load8x8_u(at + other), weight);
        t0 = i32x4.add(t0, i32x4.extend_low_i16x8_s(product));
        t1 = i32x4.add(t1, i32x4.extend_high_i16x8_s(product));
      }
    }
    let scale = v128.load(header);
    let zero = v128.load(header + headerRow);
    let factor = v128.load(header + 2 * headerRow);
    s0 = finish(s0, scale, zero, factor, mode, low, high);
    t0 = finish(t0, scale, zero, factor, mode, low, high);
    scale = v128.load(header, 16);
    zero = v128.load(header + headerRow, 16);
    factor = v128.load(header + 2 * headerRow, 16);
    s1 = finish(s1, scale, zero, factor, mode, low, high);
    t1 = finish(t1, scale, zero, factor, mode, low, high);
    storeBytes(target, narrow(s0, s1), lanes);
    if (other) storeBytes(target + targetBytes, narrow(t0, t1), lanes);
  }
}

/** One output channel of a line, where a multiplier spreads the input's channels. */
function depthwiseChannel(
  source: usize,
  lineBytes: usize,
  pixelBytes: usize,
  tapBytes: usize,
  weights: usize,
  weightBytes: usize,
  kernelHeight: i32,
  kernelWidth: i32,
  header: usize,
  headerRow: usize,
  target: usize,
  targetBytes: usize,
  width: i32,
  mode: i32,
  low: f32,
  high: f32,
): void {
  const initial = i32.load(header);
  const scale = f32x4.splat(f32.load(header + headerRow));
  const zero = f32x4.splat(f32.load(header + 2 * headerRow));
  const factor = f32x4.splat(f32.load(header + 3 * headerRow));
  for (let x = 0; x < width; x++, source += pixelBytes, target += targetBytes) {
    let sum = initial;
    let w = weights;
    for (let ky = 0; ky < kernelHeight; ky++) {
      let at = source + (ky as usize) * lineBytes;
      for (let kx = 0; kx < kernelWidth; kx++, at += tapBytes, w += weightBytes) {
        sum += i32.load8_u(at) * i32.load8_s(w);
      }
    }
    const value = finish(i32x4.splat(sum), scale, zero, factor, mode, low, high);
    i32.store8(target, i32x4.extract_lane(value, 0));
  }
}

/** `packed`: sums (i32), scales, zeros and factors (f32) of all channels, then the weights [tap, channel]; rows padded to eights. */
export function depthwiseBytes(
  input: usize,
  packed: usize,
  table: usize,
  outside: usize,
  output: usize,
  scratch: usize,
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
  mode: i32,
  low: f32,
  high: f32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const channels = inChannels * multiplier;
  const row = ((channels + 7) & ~7) as usize;
  const weights = packed + 16 * row;
  const copy = scratch + (((slot * scratchSize) << 2) as usize);
  const columns = (outWidth - 1) * strideX + (kernelWidth - 1) * dilationX + 1;
  const lineBytes = (columns * inChannels) as usize;
  const outLine = (outWidth * channels) as usize;
  const step = fusedLines(outWidth, outHeight, STRIP_PIXELS, 0);
  const bandBytes = (dilationY as usize) * lineBytes;
  const pixelBytes = (strideX * inChannels) as usize;
  const tapBytes = (dilationX * inChannels) as usize;
  for (let n = begin; n < end; n++) {
    const image = input + ((n * inHeight * inWidth * inChannels) as usize);
    for (let y = 0; y < outHeight; y++) {
      const inStrip = y % step;
      if (inStrip === 0) {
        const count = (min(step, outHeight - y) - 1) * strideY + (kernelHeight - 1) * dilationY + 1;
        const top = y * strideY - padTop;
        copyLines(
          image,
          copy,
          inHeight,
          inWidth,
          inChannels,
          top,
          -padLeft,
          count,
          columns,
          outside,
        );
      }
      const source = copy + ((inStrip * strideY) as usize) * lineBytes;
      const target = output + ((n * outHeight + y) as usize) * outLine;
      for (let c = 0; c < channels; c += multiplier === 1 ? 8 : 1) {
        const at = c as usize;
        if (multiplier === 1) {
          depthwiseLine(
            source + at,
            bandBytes,
            pixelBytes,
            tapBytes,
            weights + at,
            row,
            kernelHeight,
            kernelWidth,
            packed + 4 * at,
            4 * row,
            target + at,
            channels as usize,
            outWidth,
            channels - c,
            mode,
            low,
            high,
          );
        } else {
          depthwiseChannel(
            source + ((c / multiplier) as usize),
            bandBytes,
            pixelBytes,
            tapBytes,
            weights + at,
            row,
            kernelHeight,
            kernelWidth,
            packed + 4 * at,
            4 * row,
            target + at,
            channels as usize,
            outWidth,
            mode,
            low,
            high,
          );
        }
      }
      if (mode === TABLE) lookUp(target, outWidth * channels, table);
    }
  }
}
