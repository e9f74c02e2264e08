/** The codes are those of netlathe's runtime/kernels/activation-codes.ts. */
export function activate(x: number, code: number, parameter: number): number {
  switch (code) {
    case 1:
      return Math.max(x, 0);
    case 2:
      return clamp6(x);
    case 3:
      return (x * clamp6(x + 3)) / 6;
    case 4:
      return clamp6(x + 3) / 6;
    case 5:
      return x > 0 ? x : x * parameter;
    case 6:
      return x > 0 ? x : parameter * Math.expm1(x);
    case 7:
      return 1 / (1 + Math.exp(-x));
    case 8:
      return Math.tanh(x);
    case 9:
      return x / (1 + Math.exp(-x));
    case 10:
      return 0.5 * x * (1 + errorFunction(x * Math.SQRT1_2));
    case 11:
      return 0.5 * x * (1 + Math.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
    default:
      return x;
  }
}

function clamp6(x: number): number {
  return Math.min(Math.max(x, 0), 6);
}

/** Abramowitz and Stegun 7.1.26 is off by 1.5e-7 at most, which is below what a float of this size resolves. */
function errorFunction(x: number): number {
  const size = Math.abs(x);
  const t = 1 / (1 + 0.3275911 * size);
  let p = 1.061405429 * t - 1.453152027;
  p = p * t + 1.421413741;
  p = p * t - 0.284496736;
  p = p * t + 0.254829592;
  const y = 1 - p * t * Math.exp(-size * size);
  return x < 0 ? -y : y;
}
