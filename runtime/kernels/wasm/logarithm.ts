/** Method: x = 2^e m with m near 1; ln m = 2 artanh((m - 1) / (m + 1)) by its series. For positive normal x. */
export function logarithm(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  let exponent = (((bits >> 52) & 0x7ff) as i32) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent++;
  }
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let sum: f64 = 0;
  for (let k = 19; k > 0; k -= 2) sum = sum * z + 1.0 / (k as f64);
  return 2 * s * sum + (exponent as f64) * 0.6931471805599453;
}
