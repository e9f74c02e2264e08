/** As runtime/kernels/plain/pooling.ts says; four channels at a time. */

import { halve, halveGradient, halves } from './halving';
import { loadPartial, storePartial } from './simd';
import { pixelsOfBlock } from './sums';

export function maxPool(
  input: usize,
  output: usize,
  inHeight: i32,
  inWidth: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
  padTop: i32,
  padLeft: i32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const line = (inWidth as usize) * row;
  if (halves(inHeight, inWidth, outHeight, outWidth, windowHeight, windowWidth, strideY, strideX)) {
    halve(input, output, outWidth, channels, begin * outHeight, end * outHeight);
    return;
  }
  let to = output + (begin as usize) * (outHeight as usize) * (outWidth as usize) * row;
  for (let n = begin; n < end; n++) {
    const image = input + (n as usize) * (inHeight as usize) * line;
    for (let oy = 0; oy < outHeight; oy++) {
      const top = max(0, oy * strideY - padTop);
      const bottom = min(inHeight, oy * strideY - padTop + windowHeight);
      for (let ox = 0; ox < outWidth; ox++, to += row) {
        const left = max(0, ox * strideX - padLeft);
        const right = min(inWidth, ox * strideX - padLeft + windowWidth);
        for (let c = 0; c < channels; c += 4) {
          const o = (c as usize) << 2;
          const lanes = min(4, channels - c);
          let best = loadPartial(image + (top as usize) * line + (left as usize) * row + o, lanes);
          for (let y = top; y < bottom; y++) {
            let at = image + (y as usize) * line + (left as usize) * row + o;
            for (let x = left; x < right; x++, at += row)
              best = f32x4.max(best, loadPartial(at, lanes));
          }
          storePartial(to + o, best, lanes);
        }
      }
    }
  }
}

export function maxPoolGradient(
  input: usize,
  gradient: usize,
  inputGradient: usize,
  inHeight: i32,
  inWidth: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
  padTop: i32,
  padLeft: i32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const line = (inWidth as usize) * row;
  const size = (inHeight as usize) * line;
  if (halves(inHeight, inWidth, outHeight, outWidth, windowHeight, windowWidth, strideY, strideX)) {
    halveGradient(
      input,
      gradient,
      inputGradient,
      outWidth,
      channels,
      begin * outHeight,
      end * outHeight,
    );
    return;
  }
  memory.fill(inputGradient + (begin as usize) * size, 0, ((end - begin) as usize) * size);
  let from = gradient + (begin as usize) * (outHeight as usize) * (outWidth as usize) * row;
  for (let n = begin; n < end; n++) {
    const image = (n as usize) * size;
    for (let oy = 0; oy < outHeight; oy++) {
      const top = max(0, oy * strideY - padTop);
      const bottom = min(inHeight, oy * strideY - padTop + windowHeight);
      for (let ox = 0; ox < outWidth; ox++, from += row) {
        const left = max(0, ox * strideX - padLeft);
        const right = min(inWidth, ox * strideX - padLeft + windowWidth);
        const corner = image + (top as usize) * line + (left as usize) * row;
        for (let c = 0; c < channels; c += 4) {
          const o = (c as usize) << 2;
          routeGradient(
            input + corner + o,
            inputGradient + corner + o,
            loadPartial(from + o, min(4, channels - c)),
            bottom - top,
            right - left,
            row,
            line,
            min(4, channels - c),
          );
        }
      }
    }
  }
}

/** Adds the gradient of one window to its largest input: the place is found by its number in the window. */
function routeGradient(
  input: usize,
  to: usize,
  gradient: v128,
  height: i32,
  width: i32,
  row: usize,
  line: usize,
  lanes: i32,
): void {
  let best = loadPartial(input, lanes);
  let winner = i32x4.splat(0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = loadPartial(input + (y as usize) * line + (x as usize) * row, lanes);
      const larger = f32x4.gt(value, best);
      best = v128.bitselect(value, best, larger);
      winner = v128.bitselect(i32x4.splat(y * width + x), winner, larger);
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = to + (y as usize) * line + (x as usize) * row;
      const share = v128.and(gradient, i32x4.eq(winner, i32x4.splat(y * width + x)));
      storePartial(at, f32x4.add(loadPartial(at, lanes), share), lanes);
    }
  }
}

export function avgPool(
  input: usize,
  output: usize,
  inHeight: i32,
  inWidth: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
  padTop: i32,
  padLeft: i32,
  countPadding: i32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const line = (inWidth as usize) * row;
  let to = output + (begin as usize) * (outHeight as usize) * (outWidth as usize) * row;
  for (let n = begin; n < end; n++) {
    const image = input + (n as usize) * (inHeight as usize) * line;
    for (let oy = 0; oy < outHeight; oy++) {
      const top = max(0, oy * strideY - padTop);
      const bottom = min(inHeight, oy * strideY - padTop + windowHeight);
      for (let ox = 0; ox < outWidth; ox++, to += row) {
        const left = max(0, ox * strideX - padLeft);
        const right = min(inWidth, ox * strideX - padLeft + windowWidth);
        const places = countPadding ? windowHeight * windowWidth : (bottom - top) * (right - left);
        const share = f32x4.splat(1 / (places as f32));
        for (let c = 0; c < channels; c += 4) {
          const o = (c as usize) << 2;
          const lanes = min(4, channels - c);
          let sum = f32x4.splat(0);
          for (let y = top; y < bottom; y++) {
            let at = image + (y as usize) * line + (left as usize) * row + o;
            for (let x = left; x < right; x++, at += row)
              sum = f32x4.add(sum, loadPartial(at, lanes));
          }
          storePartial(to + o, f32x4.mul(sum, share), lanes);
        }
      }
    }
  }
}

export function avgPoolGradient(
  gradient: usize,
  inputGradient: usize,
  inHeight: i32,
  inWidth: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
  padTop: i32,
  padLeft: i32,
  countPadding: i32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const line = (inWidth as usize) * row;
  const size = (inHeight as usize) * line;
  memory.fill(inputGradient + (begin as usize) * size, 0, ((end - begin) as usize) * size);
  let from = gradient + (begin as usize) * (outHeight as usize) * (outWidth as usize) * row;
  for (let n = begin; n < end; n++) {
    const image = inputGradient + (n as usize) * size;
    for (let oy = 0; oy < outHeight; oy++) {
      const top = max(0, oy * strideY - padTop);
      const bottom = min(inHeight, oy * strideY - padTop + windowHeight);
      for (let ox = 0; ox < outWidth; ox++, from += row) {
        const left = max(0, ox * strideX - padLeft);
        const right = min(inWidth, ox * strideX - padLeft + windowWidth);
        const places = countPadding ? windowHeight * windowWidth : (bottom - top) * (right - left);
        const part = f32x4.splat(1 / (places as f32));
        for (let c = 0; c < channels; c += 4) {
          const o = (c as usize) << 2;
          const lanes = min(4, channels - c);
          const share = f32x4.mul(loadPartial(from + o, lanes), part);
          for (let y = top; y < bottom; y++) {
            let at = image + (y as usize) * line + (left as usize) * row + o;
            for (let x = left; x < right; x++, at += row) {
              storePartial(at, f32x4.add(loadPartial(at, lanes), share), lanes);
            }
          }
        }
      }
    }
  }
}

export function globalAvgPool(
  input: usize,
  output: usize,
  pixels: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const block = pixelsOfBlock(channels);
  const share = f32x4.splat(1 / (pixels as f32));
  for (let n = begin; n < end; n++) {
    const image = input + (n as usize) * (pixels as usize) * row;
    for (let c = 0; c < channels; c += 4) {
      const o = (c as usize) << 2;
      const lanes = min(4, channels - c);
      let total = f32x4.splat(0);
      for (let first = 0; first < pixels; first += block) {
        let sum = f32x4.splat(0);
        let at = image + o + (first as usize) * row;
        const last = min(first + block, pixels);
        for (let p = first; p < last; p++, at += row) sum = f32x4.add(sum, loadPartial(at, lanes));
        total = f32x4.add(total, sum);
      }
      storePartial(output + (n as usize) * row + o, f32x4.mul(total, share), lanes);
    }
  }
}

export function globalAvgPoolGradient(
  gradient: usize,
  inputGradient: usize,
  pixels: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const share = f32x4.splat(1 / (pixels as f32));
  let to = inputGradient + (begin as usize) * (pixels as usize) * row;
  for (let n = begin; n < end; n++) {
    const from = gradient + (n as usize) * row;
    for (let p = 0; p < pixels; p++, to += row) {
      for (let c = 0; c < channels; c += 4) {
        const o = (c as usize) << 2;
        const lanes = min(4, channels - c);
        storePartial(to + o, f32x4.mul(loadPartial(from + o, lanes), share), lanes);
      }
    }
  }
}
