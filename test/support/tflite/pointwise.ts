/** Activations, number by number. */

export const relu6 = (x: number): number => Math.min(6, Math.max(0, x));
export const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** Abramowitz and Stegun 7.1.26: 1.5e-7 at most. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const terms = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
  const sum = terms.reduceRight((total, term) => (total + term) * t, 0);
  return Math.sign(x) * (1 - sum * Math.exp(-x * x));
}

export function gelu(x: number, isApproximate: boolean): number {
  const inner = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
  return 0.5 * x * (1 + (isApproximate ? Math.tanh(inner) : erf(x / Math.SQRT2)));
}
