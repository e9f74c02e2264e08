/**
 * The arithmetic that every kernel shares. All of these are small enough for Binaryen to inline at -O3, so they cost
 * nothing; AssemblyScript's `@inline` is not used because no TypeScript tool parses a decorator on a function.
 */

/** a * b + c, rounded twice in the strict build and once (where the machine can) in the relaxed one. */
export function madd(a: v128, b: v128, c: v128): v128 {
  return RELAXED ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** madd for scalar tails: the relaxed build goes through a vector, so that a tail rounds as the body does. */
export function maddScalar(a: f32, b: f32, c: f32): f32 {
  return RELAXED
    ? f32x4.extract_lane(f32x4.relaxed_madd(f32x4.splat(a), f32x4.splat(b), f32x4.splat(c)), 0)
    : a * b + c;
}

/** Sum of the four lanes, in a fixed order. */
export function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** The first `count` floats (1 to 4) at `address`, the other lanes zero: reads nothing past the last one. */
export function loadPartial(address: usize, count: i32): v128 {
  if (count >= 4) return v128.load(address);
  let v = v128.load32_zero(address);
  if (count > 1) v = v128.load_lane<f32>(address + 4, v, 1);
  if (count > 2) v = v128.load_lane<f32>(address + 8, v, 2);
  return v;
}

/** Stores the first `count` lanes (1 to 4). */
export function storePartial(address: usize, v: v128, count: i32): void {
  if (count >= 4) {
    v128.store(address, v);
    return;
  }
  v128.store_lane<f32>(address, v, 0);
  if (count > 1) v128.store_lane<f32>(address + 4, v, 1);
  if (count > 2) v128.store_lane<f32>(address + 8, v, 2);
}
