/** What the parts of `augment` share: a row's numbers (runtime/kernels/plain/augment.ts names them), greys and bounds. */

const ROW: usize = 20 << 2;

export function rowOf(rows: usize, n: i32): usize {
  return rows + (n as usize) * ROW;
}

export function number(row: usize, index: i32): f32 {
  return load<f32>(row + ((index as usize) << 2));
}

export function bound(v: v128): v128 {
  return f32x4.pmin(f32x4.pmax(v, f32x4.splat(0)), f32x4.splat(255));
}

export function luma(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) * 0.299 +
    f32x4.extract_lane(v, 1) * 0.587 +
    f32x4.extract_lane(v, 2) * 0.114
  );
}

/** Samples a direction that an output pixel takes. */
export function sampleCount(row: usize, height: i32, width: i32): i32 {
  const scaleX = number(row, 5) / (width as f32);
  const scaleY = number(row, 6) / (height as f32);
  return min(4, max(1, ceil<f32>(max(scaleX, scaleY) - 0.01) as i32));
}
