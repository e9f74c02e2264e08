/** As runtime/kernels/plain/elementwise.ts says. */

import { loadPartial, madd, storePartial } from './simd';
import { pixelsOfBlock } from './sums';

export function addTensors(
  a: usize,
  b: usize,
  output: usize,
  size: i32,
  begin: i32,
  end: i32,
): void {
  let at = ((begin as usize) * (size as usize)) << 2;
  const last = ((end as usize) * (size as usize)) << 2;
  for (; at + 16 <= last; at += 16) {
    v128.store(output + at, f32x4.add(v128.load(a + at), v128.load(b + at)));
  }
  for (; at < last; at += 4) store<f32>(output + at, load<f32>(a + at) + load<f32>(b + at));
}

export function multiplyTensors(
  a: usize,
  b: usize,
  output: usize,
  size: i32,
  begin: i32,
  end: i32,
): void {
  let at = ((begin as usize) * (size as usize)) << 2;
  const last = ((end as usize) * (size as usize)) << 2;
  for (; at + 16 <= last; at += 16) {
    v128.store(output + at, f32x4.mul(v128.load(a + at), v128.load(b + at)));
  }
  for (; at < last; at += 4) store<f32>(output + at, load<f32>(a + at) * load<f32>(b + at));
}

export function scaleChannels(
  input: usize,
  factors: usize,
  output: usize,
  pixels: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  let at = (begin as usize) * (pixels as usize) * row;
  for (let n = begin; n < end; n++) {
    const own = factors + (n as usize) * row;
    for (let p = 0; p < pixels; p++, at += row) {
      for (let c = 0; c < channels; c += 4) {
        const o = (c as usize) << 2;
        const lanes = min(4, channels - c);
        const value = f32x4.mul(loadPartial(input + at + o, lanes), loadPartial(own + o, lanes));
        storePartial(output + at + o, value, lanes);
      }
    }
  }
}

export function scaleChannelsGradient(
  input: usize,
  gradient: usize,
  factorGradient: usize,
  pixels: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const block = pixelsOfBlock(channels);
  for (let n = begin; n < end; n++) {
    const sums = factorGradient + (n as usize) * row;
    memory.fill(sums, 0, row);
    const image = (n as usize) * (pixels as usize) * row;
    for (let first = 0; first < pixels; first += block) {
      const last = min(first + block, pixels);
      for (let c = 0; c < channels; c += 4) {
        const o = (c as usize) << 2;
        const lanes = min(4, channels - c);
        let sum = f32x4.splat(0);
        let at = image + o + (first as usize) * row;
        for (let p = first; p < last; p++, at += row) {
          sum = madd(loadPartial(input + at, lanes), loadPartial(gradient + at, lanes), sum);
        }
        storePartial(sums + o, f32x4.add(loadPartial(sums + o, lanes), sum), lanes);
      }
    }
  }
}

export function copyChannels(
  input: usize,
  output: usize,
  pixels: i32,
  count: i32,
  inputChannels: i32,
  inputFrom: i32,
  outputChannels: i32,
  outputFrom: i32,
  clear: i32,
  begin: i32,
  end: i32,
): void {
  const inputRow = (inputChannels as usize) << 2;
  const outputRow = (outputChannels as usize) << 2;
  const first = (begin as usize) * (pixels as usize);
  const rows = ((end - begin) as usize) * (pixels as usize);
  let to = output + first * outputRow;
  if (clear) memory.fill(to, 0, rows * outputRow);
  let from = input + first * inputRow + ((inputFrom as usize) << 2);
  to += (outputFrom as usize) << 2;
  for (let p: usize = 0; p < rows; p++, from += inputRow, to += outputRow) {
    memory.copy(to, from, (count as usize) << 2);
  }
}

export function shuffleChannels(
  input: usize,
  output: usize,
  pixels: i32,
  channels: i32,
  groups: i32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const each = channels / groups;
  let at = (begin as usize) * (pixels as usize) * row;
  const last = (end as usize) * (pixels as usize) * row;
  for (; at < last; at += row) {
    let from = input + at;
    for (let g = 0; g < groups; g++) {
      let to = output + at + ((g as usize) << 2);
      for (let j = 0; j < each; j++, from += 4, to += (groups as usize) << 2) {
        store<f32>(to, load<f32>(from));
      }
    }
  }
}

export function frameImage(
  input: usize,
  output: usize,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  bottom: i32,
  left: i32,
  right: i32,
  inward: i32,
  begin: i32,
  end: i32,
): void {
  const row = (channels as usize) << 2;
  const innerHeight = height - top - bottom;
  const innerLine = ((width - left - right) as usize) * row;
  const outerLine = (width as usize) * row;
  const outerImage = (height as usize) * outerLine;
  const outer = inward ? input : output;
  const inner = inward ? output : input;
  for (let n = begin; n < end; n++) {
    let o = outer + (n as usize) * outerImage;
    if (!inward) memory.fill(o, 0, outerImage);
    o += (top as usize) * outerLine + (left as usize) * row;
    let i = inner + (n as usize) * (innerHeight as usize) * innerLine;
    for (let y = 0; y < innerHeight; y++, o += outerLine, i += innerLine) {
      if (inward) memory.copy(i, o, innerLine);
      else memory.copy(o, i, innerLine);
    }
  }
}

export function dropElements(
  input: usize,
  output: usize,
  size: i32,
  seed: i32,
  threshold: i32,
  scale: f32,
  begin: i32,
  end: i32,
): void {
  for (let i = begin * size; i < end * size; i++) {
    let h: u32 = (i as u32) * 0x9e3779b1 + (seed as u32);
    h = (h ^ (h >> 16)) * 0x85ebca6b;
    h = (h ^ (h >> 13)) * 0xc2b2ae35;
    h ^= h >> 16;
    const at = (i as usize) << 2;
    store<f32>(output + at, h >= (threshold as u32) ? load<f32>(input + at) * scale : 0);
  }
}
