import { kernel } from '../kernel.ts';

/**
 * Folds a batch norm with fixed statistics into the convolution before it (Jacob et al. 2018, section 3.2):
 * weights' = weights * scale and bias' = (bias - mean) * scale + beta, with scale = gamma / sqrt(variance + epsilon).
 * Weights are [rows, channels]. One unit is all of it: it runs once before inference.
 */
export const foldNorm = kernel({
  name: 'foldNorm',
  args: {
    weights: 'in',
    bias: 'in',
    gamma: 'in',
    beta: 'in',
    mean: 'in',
    variance: 'in',
    folded: 'out',
    foldedBias: 'out',
    rows: 'i32',
    channels: 'i32',
    hasBias: 'i32',
    affine: 'i32',
    epsilon: 'f32',
  },
  unit: 'whole',
  plain(a, begin, end) {
    if (begin === end) return;
    for (let c = 0; c < a.channels; c++) {
      const gamma = a.affine ? a.gamma[c]! : 1;
      const beta = a.affine ? a.beta[c]! : 0;
      const scale = gamma / Math.sqrt(a.variance[c]! + a.epsilon);
      const bias = a.hasBias ? a.bias[c]! : 0;
      a.foldedBias[c] = (bias - a.mean[c]!) * scale + beta;
      for (let row = 0; row < a.rows; row++) {
        a.folded[row * a.channels + c] = a.weights[row * a.channels + c]! * scale;
      }
    }
  },
});
