/** Activation functions and their derivatives in float64: what wasm/activation.ts approximates. */
import { ACTIVATION_CODES } from '../activation-codes.ts';

/** erf x = 2 / sqrt(pi) exp(-x^2) (x + 2 x^3 / 3 + 4 x^5 / 15 + ...), whose terms all have the sign of x. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function relu6(x: number): number {
  return Math.min(Math.max(x, 0), 6);
}

function geluArgument(x: number): number {
  return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
}

export function activate(x: number, code: number, parameter: number): number {
  switch (code) {
    case ACTIVATION_CODES.relu:
      return Math.max(x, 0);
    case ACTIVATION_CODES.relu6:
      return relu6(x);
    case ACTIVATION_CODES.hardSwish:
      return (x * relu6(x + 3)) / 6;
    case ACTIVATION_CODES.hardSigmoid:
      return relu6(x + 3) / 6;
    case ACTIVATION_CODES.leakyRelu:
      return x > 0 ? x : x * parameter;
    case ACTIVATION_CODES.elu:
      return x > 0 ? x : parameter * Math.expm1(x);
    case ACTIVATION_CODES.sigmoid:
      return sigmoid(x);
    case ACTIVATION_CODES.tanh:
      return Math.tanh(x);
    case ACTIVATION_CODES.silu:
      return x * sigmoid(x);
    case ACTIVATION_CODES.gelu:
      return 0.5 * x * (1 + erf(x * Math.SQRT1_2));
    case ACTIVATION_CODES.geluTanh:
      return 0.5 * x * (1 + Math.tanh(geluArgument(x)));
    default:
      return x;
  }
}

export function derivative(x: number, code: number, parameter: number): number {
  switch (code) {
    case ACTIVATION_CODES.relu:
      return x > 0 ? 1 : 0;
    case ACTIVATION_CODES.relu6:
      return x > 0 && x < 6 ? 1 : 0;
    case ACTIVATION_CODES.hardSwish:
      if (x <= -3) return 0;
      return x < 3 ? x / 3 + 0.5 : 1;
    case ACTIVATION_CODES.hardSigmoid:
      return x > -3 && x < 3 ? 1 / 6 : 0;
    case ACTIVATION_CODES.leakyRelu:
      return x > 0 ? 1 : parameter;
    case ACTIVATION_CODES.elu:
      return x > 0 ? 1 : parameter * Math.exp(x);
    case ACTIVATION_CODES.sigmoid:
      return sigmoid(x) * (1 - sigmoid(x));
    case ACTIVATION_CODES.tanh:
      return 1 - Math.tanh(x) ** 2;
    case ACTIVATION_CODES.silu:
      return sigmoid(x) * (1 + x * (1 - sigmoid(x)));
    case ACTIVATION_CODES.gelu:
      return (
        0.5 * (1 + erf(x * Math.SQRT1_2)) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)
      );
    case ACTIVATION_CODES.geluTanh: {
      const t = Math.tanh(geluArgument(x));
      const inner = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
      return 0.5 * (1 + t + x * (1 - t * t) * inner);
    }
    default:
      return 1;
  }
}
