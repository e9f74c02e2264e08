/**
 * The products of patches among themselves, as runtime/kernels/plain/stem.ts says. The product of two taps, summed over
 * all patches, is the product of the photo with itself moved by their distance; only at the photo's edges does it
 * matter where in the patch the two lie. So sums are made over whole lines for each distance, for lines that the same
 * taps reach, and what columns at the edge add too much is summed apart.
 */
import { madd } from './simd';
import { stripBytes } from './strip';

const TAPS: i32 = 3;
const CHANNELS: i32 = 3;
/** Pairs of channels. */
const PAIRS: i32 = 9;
/** Distances across: -2 to 2. */
const SHIFTS: i32 = 5;
/** Floats before a plane, zeros as those behind it. */
const MARGIN: i32 = 4;
/** Floats from a tap's products to the next one's. */
const ROW: i32 = 28;
/** Bytes before the sums of the lines themselves. */
const LINE_SUMS: usize = 15 * 9 * 16;
const LINE_EDGES: usize = 27 * 9 * 8;

/** The place of a line among the three that are kept. */
function lineAt(planes: usize, plane: usize, y: i32): usize {
  return planes + ((y % 3) as usize) * plane * 3;
}

/** Three planes of a line of a photo, one a channel, with zeros around. */
function splitLine(line: usize, to: usize, plane: usize, width: i32): void {
  memory.fill(to, 0, plane * 3);
  to += MARGIN << 2;
  let x = 0;
  for (; x + 4 <= width; x += 4, line += 48, to += 16) {
    const a = v128.load(line);
    const b = v128.load(line, 16);
    const c = v128.load(line, 32);
    const red = v128.shuffle<f32>(a, b, 0, 3, 6, 6);
    const green = v128.shuffle<f32>(a, b, 1, 4, 7, 7);
    const blue = v128.shuffle<f32>(a, b, 2, 5, 5, 5);
    v128.store(to, v128.shuffle<f32>(red, c, 0, 1, 2, 5));
    v128.store(to + plane, v128.shuffle<f32>(green, c, 0, 1, 2, 6));
    v128.store(to + plane * 2, v128.shuffle<f32>(blue, c, 0, 1, 4, 7));
  }
  for (; x < width; x++, line += 12, to += 4) {
    store<f32>(to, load<f32>(line));
    store<f32>(to + plane, load<f32>(line, 4));
    store<f32>(to + plane * 2, load<f32>(line, 8));
  }
}

/** Sums of a line go on in float64, two lanes of them: the variance is what is left of much larger sums. */
function addTo(address: usize, sum: v128): void {
  const high = f64x2.promote_low_f32x4(v128.shuffle<f64>(sum, sum, 1, 1));
  const both = f64x2.add(f64x2.promote_low_f32x4(sum), high);
  v128.store(address, f64x2.add(v128.load(address), both));
}

/** What addTo has summed. */
function sumOf(address: usize): f64 {
  return load<f64>(address) + load<f64>(address, 8);
}

function add(address: usize, value: f64): void {
  store<f64>(address, load<f64>(address) + value);
}

/** The products of each channel of a line with each of another one, moved; two lanes of sums a pair. */
function multiplyLines(a: usize, b: usize, plane: usize, vectors: i32, sums: usize): void {
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s20 = s00;
  let s21 = s00;
  let s22 = s00;
  for (; vectors > 0; vectors--, a += 16, b += 16) {
    const a0 = v128.load(a);
    const a1 = v128.load(a + plane);
    const a2 = v128.load(a + plane * 2);
    let v = v128.load(b);
    s00 = madd(a0, v, s00);
    s10 = madd(a1, v, s10);
    s20 = madd(a2, v, s20);
    v = v128.load(b + plane);
    s01 = madd(a0, v, s01);
    s11 = madd(a1, v, s11);
    s21 = madd(a2, v, s21);
    v = v128.load(b + plane * 2);
    s02 = madd(a0, v, s02);
    s12 = madd(a1, v, s12);
    s22 = madd(a2, v, s22);
  }
  addTo(sums, s00);
  addTo(sums + 16, s01);
  addTo(sums + 32, s02);
  addTo(sums + 48, s10);
  addTo(sums + 64, s11);
  addTo(sums + 80, s12);
  addTo(sums + 96, s20);
  addTo(sums + 112, s21);
  addTo(sums + 128, s22);
}

/** The sums of a line itself. */
function sumLine(a: usize, plane: usize, vectors: i32, sums: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  for (; vectors > 0; vectors--, a += 16) {
    s0 = f32x4.add(s0, v128.load(a));
    s1 = f32x4.add(s1, v128.load(a + plane));
    s2 = f32x4.add(s2, v128.load(a + plane * 2));
  }
  addTo(sums, s0);
  addTo(sums + 16, s1);
  addTo(sums + 32, s2);
}

/** Column x of `a`, which tap j of no patch reaches: what each tap of the same patch would have met in `b`. */
function addColumn(a: usize, b: usize, plane: usize, x: i32, j: i32, width: i32, to: usize): void {
  for (let other = 0; other < TAPS; other++) {
    const at = x + other - j;
    if ((at as u32) >= (width as u32)) continue;
    let sum = to + (((j * TAPS + other) * PAIRS) << 3);
    for (let c: usize = 0; c < (CHANNELS as usize); c++) {
      const value = load<f32>(a + c * plane + ((x as usize) << 2)) as f64;
      for (let d: usize = 0; d < (CHANNELS as usize); d++, sum += 8) {
        add(sum, value * (load<f32>(b + d * plane + ((at as usize) << 2)) as f64));
      }
    }
  }
}

/** As addColumn, of the values themselves. */
function addColumnSums(a: usize, plane: usize, x: i32, j: i32, to: usize): void {
  const sum = to + ((j * CHANNELS) << 3);
  for (let c: usize = 0; c < (CHANNELS as usize); c++) {
    add(sum + (c << 3), load<f32>(a + c * plane + ((x as usize) << 2)) as f64);
  }
}

/** Adds the line `a`, times those below it down to `lines`, to the sums; what no patch has of it to the edges. */
function addLine(
  planes: usize,
  plane: usize,
  y: i32,
  lines: i32,
  width: i32,
  outWidth: i32,
  padLeft: i32,
  sums: usize,
  edges: usize,
): void {
  const vectors = (width + 3) >> 2;
  const a = lineAt(planes, plane, y) + (MARGIN << 2);
  for (let down = 0; down < min(TAPS, lines - y); down++) {
    const b = lineAt(planes, plane, y + down) + (MARGIN << 2);
    for (let shift = down ? -2 : 0; shift <= 2; shift++) {
      const sum = sums + (((down * SHIFTS + shift + 2) * PAIRS) << 4);
      multiplyLines(a, b + (shift << 2), plane, vectors, sum);
    }
    const edge = edges + ((down * TAPS * TAPS * PAIRS) << 3);
    for (let j = 0; j < TAPS; j++) {
      // Tap j of the patches reaches the columns [first, end).
      const first = min(width, max(0, j - padLeft));
      const end = max(first, j - padLeft + outWidth);
      for (let x = first > 0 ? 0 : end; x < width; x = x + 1 === first ? end : x + 1) {
        addColumn(a, b, plane, x, j, width, edge);
        if (down === 0) addColumnSums(a, plane, x, j, edges + LINE_EDGES);
      }
    }
  }
  sumLine(a, plane, vectors, sums + LINE_SUMS);
}

/** Lines that the taps [from, to] of patches reach: what they have summed goes to all pairs of such taps. */
function flush(sums: usize, edges: usize, products: usize, from: i32, to: i32): void {
  for (let down = 0; down < TAPS; down++) {
    for (let i = from; i <= min(to, TAPS - 1 - down); i++) {
      for (let j = 0; j < TAPS; j++) {
        for (let other = down ? 0 : j; other < TAPS; other++) {
          const first = (i * TAPS + j) * CHANNELS;
          const second = ((i + down) * TAPS + other) * CHANNELS;
          const shift = down * SHIFTS + other - j + TAPS - 1;
          const edge = (down * TAPS + j) * TAPS + other;
          for (let pair = 0; pair < PAIRS; pair++) {
            const whole = sumOf(sums + ((shift * PAIRS + pair) << 4));
            const sum = whole - load<f64>(edges + ((edge * PAIRS + pair) << 3));
            add(products + (((first + pair / 3) * ROW + second + (pair % 3)) << 3), sum);
          }
        }
      }
    }
  }
  for (let i = from; i <= to; i++) {
    for (let j = 0; j < TAPS; j++) {
      for (let c = 0; c < CHANNELS; c++) {
        const edge = load<f64>(edges + LINE_EDGES + ((j * CHANNELS + c) << 3));
        const sum = sumOf(sums + LINE_SUMS + (c << 4)) - edge;
        add(products + ((((i * TAPS + j) * CHANNELS + c) * ROW + ROW - 1) << 3), sum);
      }
    }
  }
}

/** The products of one photo, in float64: those of a tap with later ones, and with 1. */
function sumPhoto(
  photo: usize,
  products: usize,
  planes: usize,
  plane: usize,
  sums: usize,
  edges: usize,
  sumsEnd: usize,
  height: i32,
  width: i32,
  outHeight: i32,
  outWidth: i32,
  padTop: i32,
  padLeft: i32,
): void {
  const lineBytes = (width as usize) * 12;
  memory.fill(sums, 0, sumsEnd - sums);
  let from = 0;
  let to = -1;
  for (let y = 0, split = 0; y < height; y++) {
    for (; split < min(y + TAPS, height); split++) {
      splitLine(photo + (split as usize) * lineBytes, lineAt(planes, plane, split), plane, width);
    }
    // The lines of taps that reach this line in some patch.
    const first = max(0, y + padTop - outHeight + 1);
    const last = min(TAPS - 1, y + padTop);
    if (first !== from || last !== to) {
      flush(sums, edges, products, from, to);
      memory.fill(sums, 0, sumsEnd - sums);
      from = first;
      to = last;
    }
    addLine(planes, plane, y, height, width, outWidth, padLeft, sums, edges);
  }
  flush(sums, edges, products, from, to);
}

/** All products as floats; those below the diagonal are those above it. */
function storeProducts(products: usize, to: usize): void {
  for (let i = 0; i < ROW - 1; i++) {
    for (let j = 0; j < ROW; j++, to += 4) {
      const at = j < i ? j * ROW + i : i * ROW + j;
      store<f32>(to, load<f64>(products + (at << 3)) as f32);
    }
  }
}

/** The mean of each channel of the convolution, and the sum of squares of what differs from it. */
function storeStatistics(
  products: usize,
  weights: usize,
  bias: usize,
  to: usize,
  pixels: i32,
  channels: i32,
): void {
  const row = (channels as usize) << 2;
  for (let c = 0; c < channels; c++, weights += 4, to += 4) {
    let sum: f64 = 0;
    let squares: f64 = 0;
    for (let i = 0; i < ROW - 1; i++) {
      let product = products + ((i * (ROW + 1)) << 3);
      const weight = load<f32>(weights + (i as usize) * row) as f64;
      // Each pair of taps counts twice, but for a tap with itself.
      let column: f64 = load<f64>(product) * weight * 0.5;
      for (let j = i + 1; j < ROW - 1; j++) {
        product += 8;
        column += load<f64>(product) * (load<f32>(weights + (j as usize) * row) as f64);
      }
      sum += weight * load<f64>(product, 8);
      squares += 2 * weight * column;
    }
    const mean = sum / (pixels as f64);
    const start: f64 = bias ? (load<f32>(bias + ((c as usize) << 2)) as f64) : 0;
    store<f32>(to, (mean + start) as f32);
    store<f32>(to + row, max<f64>(squares - mean * sum, 0) as f32);
  }
}

export function stemProducts(
  image: usize,
  weights: usize,
  bias: usize,
  products: usize,
  partials: usize,
  scratch: usize,
  inHeight: i32,
  inWidth: i32,
  outHeight: i32,
  outWidth: i32,
  padTop: i32,
  padLeft: i32,
  channels: i32,
  hasBias: i32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const photoBytes = ((inHeight * inWidth) as usize) * 12;
  const size = (ROW - 1) * ROW;
  const floats = ((inWidth + 3) & ~3) + 2 * MARGIN;
  const planes = scratch + (((slot * scratchSize) << 2) as usize);
  const own = planes + stripBytes(3 * CHANNELS * floats);
  const sums = own + stripBytes(2 * size);
  const edges = sums + stripBytes(4 * (15 * 9 + 3));
  const sumsEnd = edges + stripBytes(2 * (27 * 9 + 9));
  for (let n = begin; n < end; n++) {
    memory.fill(own, 0, (size << 3) as usize);
    sumPhoto(
      image + (n as usize) * photoBytes,
      own,
      planes,
      (floats << 2) as usize,
      sums,
      edges,
      sumsEnd,
      inHeight,
      inWidth,
      outHeight,
      outWidth,
      padTop,
      padLeft,
    );
    storeProducts(own, products + ((n * size) << 2));
    const to = partials + (((n * 2 * channels) << 2) as usize);
    storeStatistics(own, weights, hasBias ? bias : 0, to, outHeight * outWidth, channels);
  }
}
