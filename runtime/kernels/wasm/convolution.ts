/**
 * Convolution as a matrix product over blocks of gathered patches. The gradient to the input is the same product over
 * the output's gradient, once for each residue class of the stride.
 */
import { classStep, lastTapOfClass, tapsBeforeClass, tapsOfClass } from './classes';
import { convolveLines } from './forward';
import { multiplyPanels, PANEL, panelBytes, panelCount } from './gemm';
import { accumulateOuter } from './outer';
import { convolvePadded, gradientPadded, isPadded, paddedBytes } from './padded';
import { gatherPatches, packColumns, rowBytes } from './patches';

export function convolution(
  input: usize,
  packed: usize,
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
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  convolveLines(
    input,
    packed,
    output,
    scratch + (((slot * scratchSize) << 2) as usize),
    scratchSize,
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
    begin * outHeight,
    end * outHeight,
  );
}

export function convolutionInputGradient(
  gradient: usize,
  packed: usize,
  inputGradient: usize,
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
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const inGroup = inChannels / groups;
  const outGroup = outChannels / groups;
  const patches = scratch + (((slot * scratchSize) << 2) as usize);
  if (isPadded(inWidth, strideY, strideX, dilationY, dilationX)) {
    convolvePadded(
      gradient,
      packed,
      inputGradient,
      patches,
      outHeight,
      outWidth,
      outChannels,
      inHeight,
      inWidth,
      inChannels,
      kernelHeight,
      kernelWidth,
      kernelHeight - 1 - padTop,
      kernelWidth - 1 - padLeft,
      groups,
      begin,
      end,
    );
    return;
  }
  const panelStride = panelBytes(kernelHeight * kernelWidth * outGroup);
  const groupStride = (panelCount(inGroup) as usize) * panelStride;
  const pixelBytes = (inChannels << 2) as usize;
  for (let phaseY = 0; phaseY < min(strideY, inHeight); phaseY++) {
    const classY = (phaseY + padTop) % strideY;
    const tapsY = tapsOfClass(kernelHeight, strideY, dilationY, classY);
    const beforeY = tapsBeforeClass(kernelHeight, strideY, dilationY, classY);
    const lastY = lastTapOfClass(kernelHeight, strideY, dilationY, classY);
    const gridHeight = (inHeight - phaseY + strideY - 1) / strideY;
    for (let phaseX = 0; phaseX < min(strideX, inWidth); phaseX++) {
      const classX = (phaseX + padLeft) % strideX;
      const tapsX = tapsOfClass(kernelWidth, strideX, dilationX, classX);
      const beforeX = tapsBeforeClass(kernelWidth, strideX, dilationX, classX);
      const lastX = lastTapOfClass(kernelWidth, strideX, dilationX, classX);
      const gridWidth = (inWidth - phaseX + strideX - 1) / strideX;
      const taps = tapsY * tapsX;
      const skip = (beforeY * kernelWidth + tapsY * beforeX) * outGroup * PANEL;
      const patchBytes = rowBytes(taps * outChannels);
      const block = (scratchSize << 2) / (patchBytes as i32);
      // Without a stride the pixels of a whole range lie in a row; with one, those of a line do.
      const dense = strideY === 1 && strideX === 1;
      const line = dense ? (end - begin) * inHeight * inWidth : gridWidth;
      const lines = dense ? 1 : (end - begin) * gridHeight;
      for (let i = 0; i < lines; i++) {
        const start = begin * gridHeight * gridWidth + i * line;
        const y = phaseY + (i % gridHeight) * strideY;
        const image = begin + i / gridHeight;
        const to =
          inputGradient + (((image * inHeight + y) * inWidth + phaseX) as usize) * pixelBytes;
        for (let first = 0; first < line; first += block) {
          const count = min(block, line - first);
          gatherPatches(
            gradient,
            patches,
            patchBytes,
            outHeight,
            outWidth,
            outChannels,
            gridHeight,
            gridWidth,
            1,
            1,
            tapsY,
            tapsX,
            classStep(strideY, dilationY),
            classStep(strideX, dilationX),
            (phaseY + padTop - lastY * dilationY) / strideY,
            (phaseX + padLeft - lastX * dilationX) / strideX,
            start + first,
            count,
          );
          for (let group = 0; group < groups; group++) {
            multiplyPanels(
              patches + ((group * outGroup) << 2),
              patchBytes,
              1,
              0,
              1,
              0,
              groups === 1 ? min(taps, 1) : taps,
              groups === 1 ? taps * outChannels : outGroup,
              (outChannels << 2) as usize,
              packed + (group as usize) * groupStride,
              panelStride,
              (skip << 2) as usize,
              to + ((first * strideX) as usize) * pixelBytes + ((group * inGroup) << 2),
              (strideX as usize) * pixelBytes,
              count,
              inGroup,
            );
          }
        }
      }
    }
  }
}

export function convolutionWeightGradient(
  input: usize,
  gradient: usize,
  partials: usize,
  scratch: usize,
  batch: i32,
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
  chunks: i32,
  kernelRows: i32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const inGroup = inChannels / groups;
  const outGroup = outChannels / groups;
  const pixels = outHeight * outWidth;
  const outBytes = (outChannels << 2) as usize;
  const patchBytes = rowBytes(kernelRows * kernelWidth * inChannels);
  const panels = panelCount(outGroup);
  const columnBytes = ((panels * groups) << 5) as usize;
  const patches = scratch + (((slot * scratchSize) << 2) as usize);
  const block = (scratchSize << 2) / ((patchBytes + columnBytes) as i32);
  const columns = patches + (block as usize) * patchBytes;
  const blocks = kernelHeight / kernelRows;
  const whole = blocks === 1 && isPadded(outWidth, strideY, strideX, dilationY, dilationX);
  const taps = kernelRows * kernelWidth;
  const size = ((taps * inGroup) as usize) * outBytes;
  for (let unit = begin; unit < end; unit++) {
    const chunk = unit / blocks;
    const tapY = (unit % blocks) * kernelRows;
    // Units are (chunk, rows of the kernel), in the order of their partial sums.
    const partial = partials + (unit as usize) * size;
    memory.fill(partial, 0, size);
    if (whole) {
      gradientPadded(
        input,
        gradient,
        partial,
        patches,
        paddedBytes(outHeight, outWidth, inChannels, kernelHeight, kernelWidth),
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
        (chunk * batch) / chunks,
        ((chunk + 1) * batch) / chunks,
      );
      continue;
    }
    const last = (((chunk + 1) * batch) / chunks) * pixels;
    for (let first = ((chunk * batch) / chunks) * pixels; first < last; first += block) {
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
        kernelRows,
        kernelWidth,
        dilationY,
        dilationX,
        tapY * dilationY - padTop,
        -padLeft,
        first,
        count,
      );
      packColumns(gradient + (first as usize) * outBytes, columns, count, outGroup, groups);
      for (let group = 0; group < groups; group++) {
        accumulateOuter(
          patches + ((group * inGroup) << 2),
          patchBytes,
          1,
          0,
          1,
          0,
          groups === 1 ? 1 : taps,
          groups === 1 ? taps * inChannels : inGroup,
          (inChannels << 2) as usize,
          columns + ((group * panels * count) << 5),
          (count << 5) as usize,
          partial + ((group * outGroup) << 2),
          outBytes,
          count,
          outGroup,
        );
      }
    }
  }
}
