/**
 * `resizePhoto` of runtime/kernels/plain/augment.ts: whole numbers throughout, so that any engine gives the same. A line
 * of the photo is scaled once, and kept while the rows of the input below it still need it.
 */

const ROW: usize = 12 << 2;
/**
 * Scaled lines that are kept, a power of two, as in `resizeScratch`. Where two rows of the input share more of them, some
 * are scaled twice.
 */
const KEPT: i32 = 8;
/** Bytes of a column: its first tap, the one after its last, half its total and, as a double, 1 / total. */
const COLUMN: usize = 24;

// A thread's room, as `resizeScratch` counts it: which lines are kept, columns, sums of a row, lines.
const COLUMNS: usize = 64;

function whole(row: usize, index: i32): i32 {
  return load<f32>(row + ((index as usize) << 2)) as i32;
}

/** The weight of source pixel i for the output whose doubled centre is given; negative or 0 outside the triangle. */
function weightOf(i: i32, box: i32, centre: i32, support: i32): i32 {
  return support - abs((2 * i + 1) * box - centre);
}

function firstTap(centre: i32, support: i32, box: i32, crop: i32): i32 {
  let first = centre > support ? (centre - support) / (2 * box) : 0;
  while (first < crop && weightOf(first, box, centre, support) <= 0) first++;
  return first;
}

function planColumns(columns: usize, crop: i32, box: i32): void {
  const support = max(2 * box, 2 * crop);
  for (let x = 0; x < box; x++, columns += COLUMN) {
    const centre = (2 * x + 1) * crop;
    const first = firstTap(centre, support, box, crop);
    let total: u32 = 0;
    let i = first;
    for (; i < crop; i++) {
      const weight = weightOf(i, box, centre, support);
      if (weight <= 0) break;
      total += weight as u32;
    }
    store<i32>(columns, first);
    store<i32>(columns, i, 4);
    store<u32>(columns, total / 2, 8);
    store<f64>(columns, 1 / (total as f64), 16);
  }
}

/**
 * (sum + half) / total of each lane, rounded down: exactly, as another 0.5 in the numerator keeps the quotient further from
 * a whole number (0.5 / 2^32 at least) than a double of up to 256 can be off (2^-44).
 */
function quotients(sums: v128, half: u32, reciprocal: f64): v128 {
  const below = i32x4.add(sums, i32x4.splat(half as i32));
  const above = v128.shuffle<i32>(below, below, 2, 3, 2, 3);
  const scale = f64x2.splat(reciprocal);
  const middle = f64x2.splat(0.5);
  const low = f64x2.mul(f64x2.add(f64x2.convert_low_i32x4_u(below), middle), scale);
  const high = f64x2.mul(f64x2.add(f64x2.convert_low_i32x4_u(above), middle), scale);
  return v128.shuffle<i32>(
    i32x4.trunc_sat_f64x2_u_zero(low),
    i32x4.trunc_sat_f64x2_u_zero(high),
    0,
    1,
    4,
    5,
  );
}

/** The bytes of a pixel of three or four times a weight. A fourth byte is always there: see PHOTO_SLACK. */
function weighted(pixel: usize, weight: i32): v128 {
  const bytes = i16x8.extend_low_i8x16_u(v128.load32_zero(pixel));
  return i32x4.mul(i32x4.extend_low_i16x8_u(bytes), i32x4.splat(weight));
}

/** A line of the photo at the width of the box, in 4 bytes a pixel. */
function scaleLine(line: usize, columns: usize, to: usize, crop: i32, box: i32): void {
  const support = max(2 * box, 2 * crop);
  for (let x = 0; x < box; x++, columns += COLUMN, to += 4) {
    const centre = (2 * x + 1) * crop;
    const first = load<i32>(columns);
    const end = load<i32>(columns, 4);
    let sums = i32x4.splat(0);
    let pixel = line + (first as usize) * 3;
    for (let i = first; i < end; i++, pixel += 3) {
      sums = i32x4.add(sums, weighted(pixel, weightOf(i, box, centre, support)));
    }
    const values = quotients(sums, load<u32>(columns, 8), load<f64>(columns, 16));
    const narrow = i16x8.narrow_i32x4_u(values, values);
    v128.store_lane<i32>(to, i8x16.narrow_i16x8_u(narrow, narrow), 0);
  }
}

function addLine(line: usize, sums: usize, weight: i32, box: i32): void {
  const end = sums + ((box as usize) << 4);
  for (; sums < end; sums += 16, line += 4) {
    v128.store(sums, i32x4.add(v128.load(sums), weighted(line, weight)));
  }
}

/** Sums of one row of the box over the lines that it sees; gives their total weight. */
function sumRow(photo: usize, row: usize, room: usize, sums: usize, y: i32): u32 {
  const crop = whole(row, 6);
  const box = whole(row, 10);
  const across = whole(row, 9);
  const centre = (2 * y + 1) * crop;
  const support = max(2 * box, 2 * crop);
  const lines = sums + ((across as usize) << 4);
  memory.fill(sums, 0, (across as usize) << 4);
  let total: u32 = 0;
  for (let j = firstTap(centre, support, box, crop); j < crop; j++) {
    const weight = weightOf(j, box, centre, support);
    if (weight <= 0) break;
    total += weight as u32;
    const place = j & (KEPT - 1);
    const mark = room + ((place as usize) << 2);
    const kept = lines + (((place * across) as usize) << 2);
    if (load<i32>(mark) !== j) {
      const from = photo + ((whole(row, 4) + j) * whole(row, 1) + whole(row, 3)) * 3;
      scaleLine(from, room + COLUMNS, kept, whole(row, 5), across);
      store<i32>(mark, j);
    }
    addLine(kept, sums, weight, across);
  }
  return total;
}

export function resizePhoto(
  photos: usize,
  rows: usize,
  norms: usize,
  output: usize,
  scratch: usize,
  height: i32,
  width: i32,
  channels: i32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const room = scratch + (((slot * scratchSize) as usize) << 2);
  const pixel = (channels as usize) << 2;
  const line = (width as usize) * pixel;
  let to = output + (begin as usize) * (height as usize) * line;
  for (let n = begin; n < end; n++) {
    const row = rows + (n as usize) * ROW;
    const photo = photos + ((whole(row, 0) as usize) << 6);
    const left = whole(row, 7);
    const top = whole(row, 8);
    const box = whole(row, 9);
    const sums = room + COLUMNS + (box as usize) * COLUMN;
    memory.fill(room, 0xff, (KEPT as usize) << 2);
    planColumns(room + COLUMNS, whole(row, 5), box);
    for (let y = 0; y < height; y++, to += line) {
      if (y < top || y >= top + whole(row, 10)) {
        surround(to, norms, pixel, width);
        continue;
      }
      const total = sumRow(photo, row, room, sums, y - top);
      surround(to, norms, pixel, left);
      finishRow(sums, to + (left as usize) * pixel, norms, pixel, box, total);
      surround(to + ((left + box) as usize) * pixel, norms, pixel, width - left - box);
    }
  }
}

function finishRow(sums: usize, to: usize, norms: usize, step: usize, box: i32, total: u32): void {
  const reciprocal = 1 / (total as f64);
  for (let x = 0; x < box; x++, sums += 16, to += step) {
    const rgb = quotients(v128.load(sums), total / 2, reciprocal);
    storePixel(
      to,
      i32x4.extract_lane(rgb, 0),
      i32x4.extract_lane(rgb, 1),
      i32x4.extract_lane(rgb, 2),
      norms,
      step,
    );
  }
}

/** Mid grey. */
function surround(to: usize, norms: usize, step: usize, pixels: i32): void {
  for (let x = 0; x < pixels; x++, to += step) storePixel(to, 128, 128, 128, norms, step);
}

function storePixel(to: usize, r: i32, g: i32, b: i32, norms: usize, step: usize): void {
  if (step === 4) {
    normalise(to, (r * 299 + g * 587 + b * 114 + 500) / 1000, norms, step, 0);
    return;
  }
  normalise(to, r, norms, step, 0);
  normalise(to, g, norms, step, 1);
  normalise(to, b, norms, step, 2);
}

function normalise(to: usize, value: i32, norms: usize, step: usize, channel: usize): void {
  const at = norms + (channel << 2);
  store<f32>(to + (channel << 2), (value as f32) * load<f32>(at) + load<f32>(at + step));
}
