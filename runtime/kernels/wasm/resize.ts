/** `resizePhoto` of runtime/kernels/plain/augment.ts: whole numbers throughout, so that any engine gives the same. */

const ROW: usize = 12 << 2;

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

function acrossLine(line: usize, x: i32, crop: i32, box: i32): i32 {
  const centre = (2 * x + 1) * crop;
  const support = max(2 * box, 2 * crop);
  let total: u32 = 0;
  let sum: u32 = 0;
  for (let i = firstTap(centre, support, box, crop); i < crop; i++) {
    const weight = weightOf(i, box, centre, support);
    if (weight <= 0) break;
    total += weight as u32;
    sum += (weight as u32) * (load<u8>(line + (i as usize) * 3) as u32);
  }
  return ((sum + total / 2) / total) as i32;
}

function resized(photo: usize, row: usize, x: i32, y: i32): i32 {
  const width = whole(row, 1);
  const crop = whole(row, 6);
  const box = whole(row, 10);
  const centre = (2 * y + 1) * crop;
  const support = max(2 * box, 2 * crop);
  const corner = photo + (whole(row, 3) as usize) * 3;
  let total: u32 = 0;
  let sum: u32 = 0;
  for (let j = firstTap(centre, support, box, crop); j < crop; j++) {
    const weight = weightOf(j, box, centre, support);
    if (weight <= 0) break;
    const line = corner + ((whole(row, 4) + j) as usize) * (width as usize) * 3;
    total += weight as u32;
    sum += (weight as u32) * (acrossLine(line, x, whole(row, 5), whole(row, 9)) as u32);
  }
  return ((sum + total / 2) / total) as i32;
}

export function resizePhoto(
  photos: usize,
  rows: usize,
  norms: usize,
  output: usize,
  height: i32,
  width: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const step = (channels as usize) << 2;
  let to = output + ((begin * height * width) as usize) * step;
  for (let n = begin; n < end; n++) {
    const row = rows + (n as usize) * ROW;
    const photo = photos + ((whole(row, 0) as usize) << 6);
    for (let y = 0; y < height; y++) {
      const by = y - whole(row, 8);
      for (let x = 0; x < width; x++, to += step) {
        const bx = x - whole(row, 7);
        const inside = bx >= 0 && bx < whole(row, 9) && by >= 0 && by < whole(row, 10);
        const r = inside ? resized(photo, row, bx, by) : 128;
        const g = inside ? resized(photo + 1, row, bx, by) : 128;
        const b = inside ? resized(photo + 2, row, bx, by) : 128;
        if (channels === 1) {
          normalise(to, (r * 299 + g * 587 + b * 114 + 500) / 1000, norms, step, 0);
        } else {
          normalise(to, r, norms, step, 0);
          normalise(to, g, norms, step, 1);
          normalise(to, b, norms, step, 2);
        }
      }
    }
  }
}

function normalise(to: usize, value: i32, norms: usize, step: usize, channel: usize): void {
  const at = norms + (channel << 2);
  store<f32>(to + (channel << 2), (value as f32) * load<f32>(at) + load<f32>(at + step));
}
