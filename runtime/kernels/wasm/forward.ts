/** The forward product of a convolution, line by line: what the kernels of training and of inference share. */
import { multiplyPanels, panelBytes, panelCount } from './gemm';
import { convolvePaddedLines, isPadded } from './padded';
import { gatherPatches, rowBytes } from './patches';

/** The output's pixels [first, last), counted through the batch, by gathering their patches block by block. */
function convolveGathered(
  input: usize,
  packed: usize,
  output: usize,
  patches: usize,
  block: i32,
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
  first: i32,
  last: i32,
): void {
  const taps = kernelHeight * kernelWidth;
  const inGroup = inChannels / groups;
  const outGroup = outChannels / groups;
  const patchBytes = rowBytes(taps * inChannels);
  const panelStride = panelBytes(taps * inGroup);
  const groupStride = (panelCount(outGroup) as usize) * panelStride;
  const outBytes = (outChannels << 2) as usize;
  for (; first < last; first += block) {
    const count = min(block, last - first);
    gatherPatches(
      input,
      patches,
      patchBytes,
      inHeight,
      inWidth,
      inChannels,
      outHeight,
      outWidth,
      strideY,
      strideX,
      kernelHeight,
      kernelWidth,
      dilationY,
      dilationX,
      -padTop,
      -padLeft,
      first,
      count,
    );
    for (let group = 0; group < groups; group++) {
      multiplyPanels(
        patches + ((group * inGroup) << 2),
        patchBytes,
        1,
        0,
        1,
        0,
        groups === 1 ? 1 : taps,
        groups === 1 ? taps * inChannels : inGroup,
        (inChannels << 2) as usize,
        packed + (group as usize) * groupStride,
        panelStride,
        0,
        output + (first as usize) * outBytes + ((group * outGroup) << 2),
        outBytes,
        count,
        outGroup,
      );
    }
  }
}

/** Up to this many channels gathering a patch costs too much of the time that multiplying it takes. */
const DIRECT_CHANNELS: i32 = 8;

/**
 * Lines [first, last) of the output, counted through the batch; `output` is where line 0 of it would be. `patches` has
 * `patchFloats` floats, as `convolutionScratch` says.
 */
export function convolveLines(
  input: usize,
  packed: usize,
  output: usize,
  patches: usize,
  patchFloats: i32,
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
  first: i32,
  last: i32,
): void {
  if (isPadded(outWidth, strideY, strideX, dilationY, dilationX)) {
    const imageBytes = ((inHeight * inWidth * inChannels) << 2) as usize;
    const outLine = ((outWidth * outChannels) << 2) as usize;
    for (let line = first; line < last; ) {
      const y = line % outHeight;
      const until = min(outHeight, y + last - line);
      convolvePaddedLines(
        input + ((line / outHeight) as usize) * imageBytes,
        packed,
        output + (line as usize) * outLine,
        patches,
        inHeight,
        inWidth,
        inChannels,
        outHeight,
        outWidth,
        outChannels,
        kernelHeight,
        kernelWidth,
        padTop,
        padLeft,
        groups,
        y,
        until,
      );
      line += until - y;
    }
    return;
  }
  const block = (patchFloats << 2) / (rowBytes(kernelHeight * kernelWidth * inChannels) as i32);
  const pixelBytes = (inChannels << 2) as usize;
  const outBytes = (outChannels << 2) as usize;
  // Pixels whose taps are all inside a line: whole tiles of four of them, from a multiple of four.
  const from = (padLeft + strideX - 1) / strideX;
  const low = (from + 3) & ~3;
  const reach = inWidth - kernelWidth + padLeft;
  const high = low + ((min(outWidth, reach < 0 ? 0 : reach / strideX + 1) - low) & ~3);
  const direct = groups === 1 && dilationX === 1 && inChannels <= DIRECT_CHANNELS && high > low;
  // What is gathered next; a line that is read where it lies interrupts it.
  let pending = first * outWidth;
  for (let line = first; direct && line < last; line++) {
    const y = (line % outHeight) * strideY - padTop;
    if (y < 0 || y + (kernelHeight - 1) * dilationY >= inHeight) continue;
    const inside = line * outWidth + low;
    convolveGathered(
      input,
      packed,
      output,
      patches,
      block,
      inHeight,
      inWidth,
      inChannels,
      outHeight,
      outWidth,
      outChannels,
      kernelHeight,
      kernelWidth,
      strideY,
      strideX,
      dilationY,
      dilationX,
      padTop,
      padLeft,
      groups,
      pending,
      inside,
    );
    pending = line * outWidth + high;
    const row = (line / outHeight) * inHeight + y;
    multiplyPanels(
      input + ((row * inWidth + low * strideX - padLeft) as usize) * pixelBytes,
      (strideX as usize) * pixelBytes,
      1,
      0,
      1,
      0,
      kernelHeight,
      kernelWidth * inChannels,
      ((dilationY * inWidth) as usize) * pixelBytes,
      packed,
      panelBytes(kernelHeight * kernelWidth * inChannels),
      0,
      output + (inside as usize) * outBytes,
      outBytes,
      high - low,
      outChannels,
    );
  }
  convolveGathered(
    input,
    packed,
    output,
    patches,
    block,
    inHeight,
    inWidth,
    inChannels,
    outHeight,
    outWidth,
    outChannels,
    kernelHeight,
    kernelWidth,
    strideY,
    strideX,
    dilationY,
    dilationX,
    padTop,
    padLeft,
    groups,
    pending,
    last * outWidth,
  );
}
