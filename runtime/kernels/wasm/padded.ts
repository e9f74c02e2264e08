/**
 * Convolution without a stride, from a copy of some lines of the image with its zeros around: the matrix product reads
 * patches where they overlap, instead of a row for each pixel. The gradient to the input is the same over the output's.
 */
import { multiplyPanels, panelBytes, panelCount } from './gemm';
import { convolveGroupLines, isSmallGroup } from './groups';
import { accumulateOuter } from './outer';
import { packColumns, rowBytes, zeroPixels } from './patches';
import { accumulateRgb, isRgb, multiplyRgb } from './rgb';

/** Pixels of a strip, at least a line. As in runtime/kernels/plain/scratch.ts. */
const STRIP_PIXELS: i32 = 128;

export function stripLines(width: i32, height: i32): i32 {
  return min(height, max(1, STRIP_PIXELS / width));
}

/** Bytes from pixel to pixel: pixels of many channels lie apart, so that a column of them spreads over the cache. */
function pixelBytes(channels: i32): usize {
  return channels <= 64 ? ((channels << 2) as usize) : rowBytes(channels);
}

/** Bytes of a strip with what its taps reach, and a tile's reading past the end: seven pixels of sixteen channels. */
export function paddedBytes(height: i32, width: i32, channels: i32, tapsY: i32, tapsX: i32): usize {
  const lines = stripLines(width, height) + tapsY - 1;
  return ((lines * (width + tapsX - 1)) as usize) * pixelBytes(channels) + 512;
}

/** Whether tiles of four pixels fill most of a line, without a stride: what `isPadded` in plain/scratch.ts says. */
export function isPadded(
  width: i32,
  strideY: i32,
  strideX: i32,
  dilationY: i32,
  dilationX: i32,
): boolean {
  const steps = strideY === 1 && strideX === 1 && dilationY === 1 && dilationX === 1;
  return steps && (width % 4 === 0 || width > 12);
}

function copyPixel(to: usize, from: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, v128.load(from + i));
  for (; i < bytes; i += 4) f32.store(to + i, f32.load(from + i));
}

/** Lines [top, top + lines) and columns [left, left + columns) of an image, zeros outside of it. */
function copyPadded(
  image: usize,
  to: usize,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  lines: i32,
  columns: i32,
): void {
  const from = (channels << 2) as usize;
  const step = pixelBytes(channels);
  const low = min(max(0, -left), columns);
  const high = max(low, min(columns, width - left));
  for (let y = top; y < top + lines; y++, to += (columns as usize) * step) {
    if ((y as u32) >= (height as u32)) {
      memory.fill(to, 0, (columns as usize) * step);
      continue;
    }
    const inside = (high - low) as usize;
    zeroPixels(to, (low as usize) * step);
    let at = to + (low as usize) * step;
    let source = image + ((y * width + left + low) as usize) * from;
    if (step === from) copyPixel(at, source, inside * step);
    else {
      for (let x = low; x < high; x++, at += step, source += from) copyPixel(at, source, from);
    }
    zeroPixels(to + (high as usize) * step, ((columns - high) as usize) * step);
  }
}

/** Lines [first, last) of one image; `out` is where the first of them goes. Sizes as in `convolvePadded`. */
export function convolvePaddedLines(
  image: usize,
  packed: usize,
  out: usize,
  padded: usize,
  sourceHeight: i32,
  sourceWidth: i32,
  sourceChannels: i32,
  height: i32,
  width: i32,
  channels: i32,
  tapsY: i32,
  tapsX: i32,
  padTop: i32,
  padLeft: i32,
  groups: i32,
  first: i32,
  last: i32,
): void {
  const fromGroup = sourceChannels / groups;
  const toGroup = channels / groups;
  const strip = stripLines(width, height);
  if (isSmallGroup(groups, fromGroup)) {
    convolveGroupLines(
      image,
      packed,
      out,
      padded,
      sourceHeight,
      sourceWidth,
      sourceChannels,
      width,
      channels,
      tapsY,
      tapsX,
      padTop,
      padLeft,
      groups,
      strip,
      first,
      last,
    );
    return;
  }
  const columns = width + tapsX - 1;
  const step = pixelBytes(sourceChannels);
  const lineBytes = (columns as usize) * step;
  const dense = groups === 1 && step === ((sourceChannels << 2) as usize);
  const panelStride = panelBytes(tapsY * tapsX * fromGroup);
  const groupStride = (panelCount(toGroup) as usize) * panelStride;
  const toBytes = (channels << 2) as usize;
  for (let y = first; y < last; y += strip) {
    const lines = min(strip, last - y);
    copyPadded(
      image,
      padded,
      sourceHeight,
      sourceWidth,
      sourceChannels,
      y - padTop,
      -padLeft,
      lines + tapsY - 1,
      columns,
    );
    if (isRgb(groups, sourceChannels, tapsX)) {
      multiplyRgb(padded, lineBytes, tapsY, packed, panelStride, out, lines, width, channels);
      out += ((lines * width) as usize) * toBytes;
      continue;
    }
    for (let group = 0; group < groups; group++) {
      multiplyPanels(
        padded + ((group * fromGroup) << 2),
        step,
        lines,
        lineBytes,
        tapsY,
        lineBytes,
        dense ? 1 : tapsX,
        dense ? tapsX * fromGroup : fromGroup,
        step,
        packed + (group as usize) * groupStride,
        panelStride,
        0,
        out + ((group * toGroup) << 2),
        toBytes,
        width,
        toGroup,
      );
    }
    out += ((lines * width) as usize) * toBytes;
  }
}

/** `target` has `height` by `width` pixels; (y, x) has its first tap at (y - padTop, x - padLeft) of the source. */
export function convolvePadded(
  source: usize,
  packed: usize,
  target: usize,
  padded: usize,
  sourceHeight: i32,
  sourceWidth: i32,
  sourceChannels: i32,
  height: i32,
  width: i32,
  channels: i32,
  tapsY: i32,
  tapsX: i32,
  padTop: i32,
  padLeft: i32,
  groups: i32,
  begin: i32,
  end: i32,
): void {
  const sourceBytes = ((sourceHeight * sourceWidth * sourceChannels) << 2) as usize;
  const targetBytes = ((height * width * channels) << 2) as usize;
  for (let n = begin; n < end; n++) {
    convolvePaddedLines(
      source + (n as usize) * sourceBytes,
      packed,
      target + (n as usize) * targetBytes,
      padded,
      sourceHeight,
      sourceWidth,
      sourceChannels,
      height,
      width,
      channels,
      tapsY,
      tapsX,
      padTop,
      padLeft,
      groups,
      0,
      height,
    );
  }
}

/** Adds the images [first, last) to `sums`, [tapsY, tapsX, inChannels / groups, outChannels]. */
export function gradientPadded(
  input: usize,
  gradient: usize,
  sums: usize,
  padded: usize,
  paddedBytes: usize,
  inHeight: i32,
  inWidth: i32,
  inChannels: i32,
  height: i32,
  width: i32,
  channels: i32,
  tapsY: i32,
  tapsX: i32,
  padTop: i32,
  padLeft: i32,
  groups: i32,
  first: i32,
  last: i32,
): void {
  const inGroup = inChannels / groups;
  const outGroup = channels / groups;
  const columnsX = width + tapsX - 1;
  const step = pixelBytes(inChannels);
  const lineBytes = (columnsX as usize) * step;
  const dense = groups === 1 && step === ((inChannels << 2) as usize);
  const panels = panelCount(outGroup);
  const outBytes = (channels << 2) as usize;
  const strip = stripLines(width, height);
  const packed = padded + paddedBytes;
  const imageBytes = ((inHeight * inWidth * inChannels) << 2) as usize;
  for (let n = first; n < last; n++) {
    const image = input + (n as usize) * imageBytes;
    for (let y = 0; y < height; y += strip) {
      const lines = min(strip, height - y);
      copyPadded(
        image,
        padded,
        inHeight,
        inWidth,
        inChannels,
        y - padTop,
        -padLeft,
        lines + tapsY - 1,
        columnsX,
      );
      const count = lines * width;
      const from = gradient + (((n * height + y) * width) as usize) * outBytes;
      packColumns(from, packed, count, outGroup, groups);
      if (isRgb(groups, inChannels, tapsX)) {
        const panel = (count << 5) as usize;
        accumulateRgb(padded, lineBytes, tapsY, packed, panel, sums, lines, width, channels);
        continue;
      }
      for (let group = 0; group < groups; group++) {
        accumulateOuter(
          padded + ((group * inGroup) << 2),
          step,
          lines,
          lineBytes,
          tapsY,
          lineBytes,
          dense ? 1 : tapsX,
          dense ? tapsX * inGroup : inGroup,
          step,
          packed + ((group * panels * count) << 5),
          (count << 5) as usize,
          sums + ((group * outGroup) << 2),
          outBytes,
          width,
          outGroup,
        );
      }
    }
  }
}
