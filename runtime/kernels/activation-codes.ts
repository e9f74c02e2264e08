/**
 * The activations that kernels know, by the code they are passed as. wasm/activation.ts has the same numbers.
 * `parameter` is elu's alpha and leakyRelu's slope; the others ignore it. Formulas are PyTorch's.
 */
export const ACTIVATION_CODES = {
  identity: 0,
  relu: 1,
  /** min(max(x, 0), 6) */
  relu6: 2,
  /** x relu6(x + 3) / 6 */
  hardSwish: 3,
  /** relu6(x + 3) / 6 */
  hardSigmoid: 4,
  /** x > 0 ? x : slope x */
  leakyRelu: 5,
  /** x > 0 ? x : alpha (exp(x) - 1) */
  elu: 6,
  sigmoid: 7,
  tanh: 8,
  /** x sigmoid(x) */
  silu: 9,
  /** x (1 + erf(x / sqrt 2)) / 2 */
  gelu: 10,
  /** x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 */
  geluTanh: 11,
} as const;

export type ActivationName = keyof typeof ACTIVATION_CODES;
