import { kernel } from '../kernel.ts';

/**
 * Softmax cross-entropy against soft targets, one sample a unit: probabilities, the loss of each sample
 * (-sum of target * ln probability), and the gradient to the logits times `scale`. Targets need not sum to 1: a class
 * weight multiplies them.
 */
export const softmaxCrossEntropy = kernel({
  name: 'softmaxCrossEntropy',
  args: {
    logits: 'in',
    targets: 'in',
    probabilities: 'out',
    losses: 'out',
    gradient: 'out',
    classes: 'i32',
    scale: 'f32',
  },
  unit: 'image',
  plain({ logits, targets, probabilities, losses, gradient, classes, scale }, begin, end) {
    for (let n = begin; n < end; n++) {
      const row = Array.from(logits.subarray(n * classes, (n + 1) * classes));
      const largest = Math.max(...row);
      const total = row.reduce((sum, x) => sum + Math.exp(x - largest), 0);
      const weight = row.reduce((sum, _, c) => sum + targets[n * classes + c]!, 0);
      let loss = 0;
      row.forEach((x, c) => {
        const i = n * classes + c;
        const p = Math.exp(x - largest) / total;
        probabilities[i] = p;
        loss += targets[i]! * (Math.log(total) - (x - largest));
        gradient[i] = (p * weight - targets[i]!) * scale;
      });
      losses[n] = loss;
    }
  },
});
