/**
 * The kernels of inference: a product with the activation and the 2x2 max pool behind it, and a depthwise convolution
 * that feeds a pointwise one. Strips of lines go through all of it before the next begins; only the last is stored.
 */
import { correlateImage } from './correlate';
import { convolveLines } from './forward';
import { multiplyPanels, panelBytes } from './gemm';
import { halve } from './halving';
import { activateStrip, fusedLines, fusedPixels, stripBytes } from './strip';

/** Pixels of a strip of a convolution that is no pointwise one. */
const CONVOLUTION_PIXELS: i32 = 128;

export function convolveActivate(
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
  activation: i32,
  parameter: f32,
  pool: i32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const strip = scratch + (((slot * scratchSize) << 2) as usize);
  const step = fusedLines(outWidth, outHeight, CONVOLUTION_PIXELS, pool);
  const lineFloats = outWidth * outChannels;
  const lineBytes = (lineFloats << 2) as usize;
  const kept = pool ? stripBytes(step * lineFloats) : 0;
  for (let n = begin; n < end; n++) {
    for (let y = 0; y < outHeight; y += step) {
      const lines = min(step, outHeight - y);
      const line = n * outHeight + y;
      const to = pool ? strip : output + (line as usize) * lineBytes;
      convolveLines(
        input,
        packed,
        to - (line as usize) * lineBytes,
        strip + kept,
        scratchSize - ((kept >> 2) as i32),
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
        line,
        line + lines,
      );
      activateStrip(to, lines * lineFloats, activation, parameter);
      if (!pool) continue;
      const pooled = output + ((line >> 1) as usize) * (lineBytes >> 1);
      halve(strip, pooled, outWidth >> 1, outChannels, 0, lines >> 1);
    }
  }
}

/** `pixels` rows of `channels` floats to as many of `outChannels`, activated. */
function multiplyActivate(
  from: usize,
  packed: usize,
  to: usize,
  pixels: i32,
  channels: i32,
  outChannels: i32,
  activation: i32,
  parameter: f32,
): void {
  multiplyPanels(
    from,
    (channels << 2) as usize,
    1,
    0,
    1,
    0,
    1,
    channels,
    0,
    packed,
    panelBytes(channels),
    0,
    to,
    (outChannels << 2) as usize,
    pixels,
    outChannels,
  );
  activateStrip(to, pixels * outChannels, activation, parameter);
}

export function pointwiseActivate(
  input: usize,
  packed: usize,
  output: usize,
  scratch: usize,
  height: i32,
  width: i32,
  inChannels: i32,
  outChannels: i32,
  activation: i32,
  parameter: f32,
  pool: i32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const strip = scratch + (((slot * scratchSize) << 2) as usize);
  // Without a pool nothing depends on where a line ends.
  const columns = pool ? width : 1;
  const lines = pool ? (end - begin) * height : (end - begin) * height * width;
  const step = fusedLines(columns, lines, fusedPixels(inChannels), pool);
  const inLine = ((columns * inChannels) << 2) as usize;
  const outLine = ((columns * outChannels) << 2) as usize;
  input += (((begin * height * width * inChannels) as usize) << 2) as usize;
  output += (((begin * height * width * outChannels) as usize) << 2) >> (pool << 1);
  for (let y = 0; y < lines; y += step) {
    const count = min(step, lines - y);
    const to = pool ? strip : output + (y as usize) * outLine;
    multiplyActivate(
      input + (y as usize) * inLine,
      packed,
      to,
      count * columns,
      inChannels,
      outChannels,
      activation,
      parameter,
    );
    if (!pool) continue;
    const pooled = output + ((y >> 1) as usize) * (outLine >> 1);
    halve(strip, pooled, width >> 1, outChannels, 0, count >> 1);
  }
}

export function depthwiseActivate(
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
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  const channels = inChannels * multiplier;
  const outBytes = (channels << 2) as usize;
  const outLine = (outWidth as usize) * outBytes;
  const inImage = ((inHeight * inWidth * inChannels) << 2) as usize;
  const step = fusedLines(outWidth, outHeight, fusedPixels(channels), 0);
  for (let n = begin; n < end; n++) {
    for (let y = 0; y < outHeight; y += step) {
      const lines = min(step, outHeight - y);
      const to = output + ((n * outHeight + y) as usize) * outLine;
      correlateImage(
        input + (n as usize) * inImage,
        weights,
        bias,
        to,
        channels,
        multiplier,
        1,
        inHeight,
        inWidth,
        lines,
        outWidth,
        outLine,
        outBytes,
        strideY,
        strideX,
        kernelHeight,
        kernelWidth,
        dilationY,
        dilationX,
        y * strideY - padTop,
        -padLeft,
        (kernelWidth as isize) * (outBytes as isize),
        outBytes as isize,
        hasBias,
      );
      activateStrip(to, lines * outWidth * channels, activation, parameter);
    }
  }
}

export function depthwisePointwise(
  input: usize,
  weights: usize,
  bias: usize,
  packed: usize,
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
  hasBias: i32,
  innerActivation: i32,
  innerParameter: f32,
  outChannels: i32,
  activation: i32,
  parameter: f32,
  pool: i32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const inner = scratch + (((slot * scratchSize) << 2) as usize);
  const channels = inChannels * multiplier;
  const innerBytes = (channels << 2) as usize;
  const outLine = ((outWidth * outChannels) << 2) as usize;
  const inImage = ((inHeight * inWidth * inChannels) << 2) as usize;
  const step = fusedLines(outWidth, outHeight, fusedPixels(channels), pool);
  const strip = inner + stripBytes(step * outWidth * channels);
  for (let n = begin; n < end; n++) {
    for (let y = 0; y < outHeight; y += step) {
      const lines = min(step, outHeight - y);
      const line = n * outHeight + y;
      correlateImage(
        input + (n as usize) * inImage,
        weights,
        bias,
        inner,
        channels,
        multiplier,
        1,
        inHeight,
        inWidth,
        lines,
        outWidth,
        (outWidth as usize) * innerBytes,
        innerBytes,
        strideY,
        strideX,
        kernelHeight,
        kernelWidth,
        dilationY,
        dilationX,
        y * strideY - padTop,
        -padLeft,
        (kernelWidth as isize) * (innerBytes as isize),
        innerBytes as isize,
        hasBias,
      );
      const pixels = lines * outWidth;
      activateStrip(inner, pixels * channels, innerActivation, innerParameter);
      const to = pool ? strip : output + (line as usize) * outLine;
      multiplyActivate(inner, packed, to, pixels, channels, outChannels, activation, parameter);
      if (!pool) continue;
      const pooled = output + ((line >> 1) as usize) * (outLine >> 1);
      halve(strip, pooled, outWidth >> 1, outChannels, 0, lines >> 1);
    }
  }
}
