/** What a teacher adds to the loss, in ops of TensorFlow.js: the formulas of runtime/kernels/plain/distill.ts. */

import type * as tfjs from '@tensorflow/tfjs';
import type { DistillLoss } from '../../../compiler/6-lower/distill.ts';
import type { Tf } from '../../../compiler/7-emit/tfjs/index.ts';

export interface DistillTensors {
  /** All are [batch, classes]. */
  readonly logits: tfjs.Tensor2D;
  readonly teacher: tfjs.Tensor2D;
  readonly targets: tfjs.Tensor2D;
}

/** Summed over the batch. The caller tidies. */
export function distillationLoss(tf: Tf, loss: DistillLoss, tensors: DistillTensors): tfjs.Scalar {
  const strength = loss.alpha * loss.temperature ** 2;
  return tf.mul(comparison(tf, loss, tensors), strength) as tfjs.Scalar;
}

function comparison(
  tf: Tf,
  loss: DistillLoss,
  { logits, teacher, targets }: DistillTensors,
): tfjs.Tensor {
  const own = tf.div(logits, loss.temperature) as tfjs.Tensor2D;
  const wanted = tf.div(teacher, loss.temperature) as tfjs.Tensor2D;
  switch (loss.method) {
    case 'kd':
      return divergence(tf, tf.logSoftmax(wanted), tf.logSoftmax(own));
    case 'dkd':
      return decoupled(tf, loss, { logits: own, teacher: wanted, targets });
    case 'dist': {
      const [batch, classes] = logits.shape;
      const [p, q] = [tf.softmax(own), tf.softmax(wanted)];
      const within = unrelated(tf, tf.transpose(p), tf.transpose(q));
      return tf.add(
        tf.mul(tf.sum(unrelated(tf, p, q)), loss.inter),
        tf.mul(tf.sum(within), (loss.intra * batch) / classes),
      );
    }
  }
}

/** Of two tables of log probabilities, summed. */
function divergence(tf: Tf, wanted: tfjs.Tensor, own: tfjs.Tensor): tfjs.Tensor {
  return tf.sum(tf.mul(tf.exp(wanted), tf.sub(wanted, own)));
}

function decoupled(
  tf: Tf,
  { target, others }: DistillLoss,
  { logits, teacher, targets }: DistillTensors,
): tfjs.Tensor {
  const classes = logits.shape[1];
  const label = tf.oneHot(tf.argMax(targets, 1) as tfjs.Tensor1D, classes);
  const mask = tf.cast(label, 'float32');
  const apart = (rows: tfjs.Tensor2D) => {
    const total = tf.logSumExp(rows, 1, true);
    // So far below the others that it counts for nothing.
    const masked = tf.sub(rows, tf.mul(mask, 1e4));
    const rest = tf.logSumExp(masked, 1, true);
    const own = tf.sum(tf.mul(rows, mask), 1, true);
    const pair = tf.concat([tf.sub(own, total), tf.sub(rest, total)], 1);
    return { pair, others: tf.mul(tf.sub(rows, rest), tf.sub(1, mask)), open: tf.sub(1, mask) };
  };
  const [own, wanted] = [apart(logits), apart(teacher)];
  const shares = tf.mul(tf.exp(wanted.others), wanted.open);
  const among = tf.sum(tf.mul(shares, tf.sub(wanted.others, own.others)));
  return tf.add(tf.mul(divergence(tf, wanted.pair, own.pair), target), tf.mul(among, others));
}

/** 1 - Pearson's correlation, row by row. */
function unrelated(tf: Tf, p: tfjs.Tensor, q: tfjs.Tensor): tfjs.Tensor {
  const centred = (rows: tfjs.Tensor) => tf.sub(rows, tf.mean(rows, 1, true));
  const norm = (rows: tfjs.Tensor) => tf.sqrt(tf.sum(tf.square(rows), 1));
  const [a, b] = [centred(p), centred(q)];
  const size = tf.add(tf.mul(norm(a), norm(b)), 1e-8);
  return tf.sub(1, tf.div(tf.sum(tf.mul(a, b), 1), size));
}
