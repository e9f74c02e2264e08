/** As runtime/kernels/plain/alter.ts says. A pixel is one vector; changes go from one of two buffers to the other. */
import { loadPartial, madd, storePartial } from './simd';

const ROW: usize = 36 << 2;
const CHANGE: usize = 8 << 2;
const ERASE: usize = 32 << 2;
const CHANGES: i32 = 4;
const GREY: f32 = 127.5;

const AFFINE: i32 = 1;
const BRIGHTNESS: i32 = 2;
const CONTRAST: i32 = 3;
const SATURATION: i32 = 4;
const SHARPNESS: i32 = 5;
const POSTERIZE: i32 = 6;
const SOLARIZE: i32 = 7;
const AUTOCONTRAST: i32 = 8;
const EQUALIZE: i32 = 9;

function bound(v: v128): v128 {
  return f32x4.pmin(f32x4.pmax(v, f32x4.splat(0)), f32x4.splat(255));
}

function luma(v: v128, channels: i32): f32 {
  if (channels !== 3) return f32x4.extract_lane(v, 0);
  return (
    f32x4.extract_lane(v, 0) * 0.299 +
    f32x4.extract_lane(v, 1) * 0.587 +
    f32x4.extract_lane(v, 2) * 0.114
  );
}

export function alterImages(
  image: usize,
  other: usize,
  tables: usize,
  rows: usize,
  norms: usize,
  output: usize,
  height: i32,
  width: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const size = ((height * width * channels) as usize) << 2;
  for (let n = begin; n < end; n++) {
    const offset = (n as usize) * size;
    const row = rows + (n as usize) * ROW;
    let from = image + offset;
    let to = other + offset;
    for (let k = 0; k < CHANGES; k++) {
      const change = row + (k as usize) * CHANGE;
      const code = load<f32>(change) as i32;
      if (code === 0) continue;
      const amount = load<f32>(change + 4);
      if (code === AFFINE) {
        affine(from, to, change, height, width, channels);
      } else if (code === SHARPNESS) {
        sharpen(from, to, height, width, channels, amount);
      } else if (code === EQUALIZE) {
        const table = tables + ((n as usize) << 10);
        equalize(from, to, table, height * width, channels);
      } else if (code === AUTOCONTRAST) {
        stretch(from, to, height * width, channels);
      } else {
        recolour(from, to, height * width, channels, code, amount);
      }
      const held = from;
      from = to;
      to = held;
    }
    finish(from, output + offset, row + ERASE, norms, height, width, channels);
  }
}

/** v * amount + base * (1 - amount), and the changes of single values. */
function recolour(
  from: usize,
  to: usize,
  pixels: i32,
  channels: i32,
  code: i32,
  amount: f32,
): void {
  const step = (channels as usize) << 2;
  const end = from + (pixels as usize) * step;
  const factor = f32x4.splat(amount);
  let base = f32x4.splat(0);
  if (code === CONTRAST) base = f32x4.splat((1 - amount) * meanLuma(from, end, step, channels));
  for (; from < end; from += step, to += step) {
    let v = loadPartial(from, channels);
    if (code === BRIGHTNESS || code === CONTRAST) {
      v = bound(madd(v, factor, base));
    } else if (code === SATURATION) {
      v = bound(madd(v, factor, f32x4.splat((1 - amount) * luma(v, channels))));
    } else if (code === POSTERIZE) {
      const whole = f32x4.floor(f32x4.add(v, f32x4.splat(0.5)));
      v = f32x4.mul(f32x4.floor(f32x4.div(whole, factor)), factor);
    } else if (code === SOLARIZE) {
      const inverted = f32x4.sub(f32x4.splat(255), v);
      v = v128.bitselect(inverted, v, f32x4.ge(v, factor));
    }
    storePartial(to, v, channels);
  }
}

function meanLuma(from: usize, end: usize, step: usize, channels: i32): f32 {
  let sum: f64 = 0;
  const count = ((end - from) / step) as f64;
  for (; from < end; from += step) sum += luma(loadPartial(from, channels), channels) as f64;
  return (sum / count) as f32;
}

/** Black beyond the image. */
function tap(image: usize, x: i32, y: i32, height: i32, width: i32, channels: i32): v128 {
  if ((x as u32) >= (width as u32) || (y as u32) >= (height as u32)) return f32x4.splat(0);
  return loadPartial(image + (((y * width + x) * channels) as usize) * 4, channels);
}

function affine(
  from: usize,
  to: usize,
  change: usize,
  height: i32,
  width: i32,
  channels: i32,
): void {
  const a = load<f32>(change + 4);
  const b = load<f32>(change + 8);
  const c = load<f32>(change + 12) + (width as f32) * 0.5 - 0.5;
  const d = load<f32>(change + 16);
  const e = load<f32>(change + 20);
  const f = load<f32>(change + 24) + (height as f32) * 0.5 - 0.5;
  const step = (channels as usize) << 2;
  for (let py = 0; py < height; py++) {
    const dy = (py as f32) + 0.5 - (height as f32) * 0.5;
    for (let px = 0; px < width; px++, to += step) {
      const dx = (px as f32) + 0.5 - (width as f32) * 0.5;
      const x = a * dx + b * dy + c;
      const y = d * dx + e * dy + f;
      const x0 = floor<f32>(x);
      const y0 = floor<f32>(y);
      const ix = x0 as i32;
      const iy = y0 as i32;
      const fx = f32x4.splat(x - x0);
      const p = tap(from, ix, iy, height, width, channels);
      const q = tap(from, ix, iy + 1, height, width, channels);
      const pRight = tap(from, ix + 1, iy, height, width, channels);
      const qRight = tap(from, ix + 1, iy + 1, height, width, channels);
      const top = madd(f32x4.sub(pRight, p), fx, p);
      const bottom = madd(f32x4.sub(qRight, q), fx, q);
      storePartial(to, madd(f32x4.sub(bottom, top), f32x4.splat(y - y0), top), channels);
    }
  }
}

function sharpen(
  from: usize,
  to: usize,
  height: i32,
  width: i32,
  channels: i32,
  amount: f32,
): void {
  const step = (channels as usize) << 2;
  const line = (width as usize) * step;
  const factor = f32x4.splat(amount);
  const rest = f32x4.splat((1 - amount) / 13);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, from += step, to += step) {
      const v = loadPartial(from, channels);
      if (x === 0 || y === 0 || x === width - 1 || y === height - 1) {
        storePartial(to, bound(v), channels);
        continue;
      }
      let sum = f32x4.mul(v, f32x4.splat(5));
      for (let at = from - line - step; at <= from + line - step; at += line) {
        sum = f32x4.add(sum, loadPartial(at, channels));
        if (at + step !== from) sum = f32x4.add(sum, loadPartial(at + step, channels));
        sum = f32x4.add(sum, loadPartial(at + step + step, channels));
      }
      storePartial(to, bound(madd(sum, rest, f32x4.mul(v, factor))), channels);
    }
  }
}

function stretch(from: usize, to: usize, pixels: i32, channels: i32): void {
  const step = (channels as usize) << 2;
  const end = from + (pixels as usize) * step;
  let low = f32x4.splat(Infinity);
  let high = f32x4.splat(-Infinity);
  for (let at = from; at < end; at += step) {
    const v = loadPartial(at, channels);
    low = f32x4.pmin(low, v);
    high = f32x4.pmax(high, v);
  }
  const range = f32x4.sub(high, low);
  const varies = f32x4.gt(range, f32x4.splat(0));
  for (; from < end; from += step, to += step) {
    const v = loadPartial(from, channels);
    const wide = f32x4.div(f32x4.mul(f32x4.sub(v, low), f32x4.splat(255)), range);
    storePartial(to, v128.bitselect(wide, v, varies), channels);
  }
}

function level(at: usize): usize {
  return (floor<f32>(load<f32>(at) + 0.5) as usize) << 2;
}

/** Channel by channel: counts, then the levels that make them even. */
function equalize(from: usize, to: usize, table: usize, pixels: i32, channels: i32): void {
  const step = (channels as usize) << 2;
  const size = (pixels as usize) * step;
  for (let c: usize = 0; c < step; c += 4) {
    memory.fill(table, 0, 1024);
    for (let o = c; o < size; o += step) {
      const place = table + level(from + o);
      store<i32>(place, load<i32>(place) + 1);
    }
    let last = 255;
    while (load<i32>(table + ((last as usize) << 2)) === 0) last--;
    const even = (pixels - load<i32>(table + ((last as usize) << 2))) / 255;
    if (even === 0) {
      for (let o = c; o < size; o += step) store<f32>(to + o, load<f32>(from + o));
      continue;
    }
    let sum = even >> 1;
    for (let place = table; place < table + 1024; place += 4) {
      const count = load<i32>(place);
      store<i32>(place, min(255, sum / even));
      sum += count;
    }
    for (let o = c; o < size; o += step) {
      store<f32>(to + o, load<i32>(table + level(from + o)) as f32);
    }
  }
}

function finish(
  from: usize,
  to: usize,
  box: usize,
  norms: usize,
  height: i32,
  width: i32,
  channels: i32,
): void {
  const step = (channels as usize) << 2;
  const scale = loadPartial(norms, channels);
  const shift = loadPartial(norms + step, channels);
  const left = load<f32>(box) as i32;
  const top = load<f32>(box + 4) as i32;
  const right = left + (load<f32>(box + 8) as i32);
  const bottom = top + (load<f32>(box + 12) as i32);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, from += step, to += step) {
      const erased = x >= left && x < right && y >= top && y < bottom;
      const v = erased ? f32x4.splat(GREY) : loadPartial(from, channels);
      storePartial(to, madd(v, scale, shift), channels);
    }
  }
}
