import { classStep, classTapStep, lastTapOfClass, tapsOfClass } from './classes';
import { correlateImage } from './correlate';

export function depthwise(
  input: usize,
  weights: usize,
  bias: usize,
  output: usize,
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
  hasBias: i32,
  begin: i32,
  end: i32,
): void {
  const outBytes = ((inChannels * multiplier) << 2) as usize;
  const inImage = ((inHeight * inWidth * inChannels) << 2) as usize;
  const outImage = ((outHeight * outWidth) as usize) * outBytes;
  for (let image = begin; image < end; image++) {
    correlateImage(
      input + (image as usize) * inImage,
      weights,
      bias,
      output + (image as usize) * outImage,
      inChannels * multiplier,
      multiplier,
      1,
      inHeight,
      inWidth,
      outHeight,
      outWidth,
      (outWidth as usize) * outBytes,
      outBytes,
      strideY,
      strideX,
      kernelHeight,
      kernelWidth,
      dilationY,
      dilationX,
      -padTop,
      -padLeft,
      (kernelWidth as isize) * (outBytes as isize),
      outBytes as isize,
      hasBias,
    );
  }
}

export function depthwiseInputGradient(
  gradient: usize,
  weights: usize,
  inputGradient: usize,
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
  begin: i32,
  end: i32,
): void {
  const inBytes = (inChannels << 2) as usize;
  const outBytes = ((inChannels * multiplier) << 2) as usize;
  const inLine = (inWidth as usize) * inBytes;
  const outImage = ((outHeight * outWidth) as usize) * outBytes;
  for (let image = begin; image < end; image++) {
    const target = inputGradient + ((image * inHeight) as usize) * inLine;
    for (let phaseY = 0; phaseY < min(strideY, inHeight); phaseY++) {
      const classY = (phaseY + padTop) % strideY;
      const lastY = lastTapOfClass(kernelHeight, strideY, dilationY, classY);
      for (let phaseX = 0; phaseX < min(strideX, inWidth); phaseX++) {
        const classX = (phaseX + padLeft) % strideX;
        const lastX = lastTapOfClass(kernelWidth, strideX, dilationX, classX);
        correlateImage(
          gradient + (image as usize) * outImage,
          weights + ((lastY * kernelWidth + lastX) as usize) * outBytes,
          0,
          target + (phaseY as usize) * inLine + (phaseX as usize) * inBytes,
          inChannels,
          1,
          multiplier,
          outHeight,
          outWidth,
          (inHeight - phaseY + strideY - 1) / strideY,
          (inWidth - phaseX + strideX - 1) / strideX,
          (strideY as usize) * inLine,
          (strideX as usize) * inBytes,
          1,
          1,
          tapsOfClass(kernelHeight, strideY, dilationY, classY),
          tapsOfClass(kernelWidth, strideX, dilationX, classX),
          classStep(strideY, dilationY),
          classStep(strideX, dilationX),
          (phaseY + padTop - lastY * dilationY) / strideY,
          (phaseX + padLeft - lastX * dilationX) / strideX,
          -((classTapStep(strideY, dilationY) * kernelWidth) as isize) * (outBytes as isize),
          -(classTapStep(strideX, dilationX) as isize) * (outBytes as isize),
          0,
        );
      }
    }
  }
}
