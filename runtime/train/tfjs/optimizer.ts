/**
 * The optimizer steps of runtime/kernels/plain/optimizers.ts in ops of TensorFlow.js, whose own optimizers use other
 * formulas: no Nesterov as in PyTorch, no decoupled decay, epsilon elsewhere.
 */

import type * as tfjs from '@tensorflow/tfjs';
import type { Tf } from '../../../compiler/7-emit/tfjs/index.ts';
import type { StepScalars } from '../pace.ts';
import type { OptimizerRecipe } from '../recipe.ts';

export interface Trainable {
  readonly variable: tfjs.Variable;
  /** Whether weight decay applies to it. */
  readonly decays: boolean;
}

interface Change {
  readonly weight: tfjs.Tensor;
  /** The state afterwards, in its order. */
  readonly state: readonly tfjs.Tensor[];
}

type Rule = (
  weight: tfjs.Tensor,
  /** Scaled. */
  gradient: tfjs.Tensor,
  state: readonly tfjs.Tensor[],
  decay: number,
  scalars: StepScalars,
) => Change;

export class TfjsOptimizer {
  /** Of each weight, one tensor or two. */
  readonly state: readonly (readonly tfjs.Variable[])[];
  readonly #tf: Tf;
  readonly #rule: Rule;
  readonly #decay: number;
  readonly #weights: readonly Trainable[];

  constructor(tf: Tf, recipe: OptimizerRecipe, weights: readonly Trainable[]) {
    this.#tf = tf;
    this.#rule = ruleOf(tf, recipe);
    this.#decay = recipe.weightDecay;
    this.#weights = weights;
    const count = recipe.name === 'sgd' ? 1 : 2;
    this.state = weights.map(({ variable }) =>
      Array.from({ length: count }, () =>
        tf.tidy(() => tf.variable(tf.zerosLike(variable), false)),
      ),
    );
  }

  update(gradients: readonly tfjs.Tensor[], scalars: StepScalars): void {
    const tf = this.#tf;
    tf.tidy(() => {
      this.#weights.forEach(({ variable, decays }, i) => {
        const state = this.state[i] as readonly tfjs.Variable[];
        const gradient = tf.mul(gradients[i] as tfjs.Tensor, scalars.gradientScale);
        const decay = decays ? this.#decay : 0;
        const after = this.#rule(variable, gradient, state, decay, scalars);
        variable.assign(after.weight);
        state.forEach((held, k) => {
          held.assign(after.state[k] as tfjs.Tensor);
        });
      });
    });
  }

  dispose(): void {
    this.#tf.dispose(this.state.flat());
  }
}

function ruleOf(tf: Tf, recipe: OptimizerRecipe): Rule {
  switch (recipe.name) {
    case 'sgd':
      return sgdRule(tf, recipe);
    case 'rmsprop':
      return rmspropRule(tf, recipe);
    default:
      return adamRule(tf, recipe);
  }
}

function sgdRule(tf: Tf, { momentum, nesterov }: OptimizerRecipe): Rule {
  return (weight, gradient, state, decay, { rate }) => {
    const g = tf.add(gradient, tf.mul(weight, decay));
    const buffer = tf.add(tf.mul(state[0] as tfjs.Tensor, momentum), g);
    const step = nesterov ? tf.add(g, tf.mul(buffer, momentum)) : buffer;
    return { weight: tf.sub(weight, tf.mul(step, rate)), state: [buffer] };
  };
}

function adamRule(tf: Tf, { name, beta1, beta2, epsilon }: OptimizerRecipe): Rule {
  const decoupled = name === 'adamw';
  return (weight, gradient, state, decay, { rate, correction1, correction2 }) => {
    const [first, second] = state as [tfjs.Tensor, tfjs.Tensor];
    const kept = decoupled ? tf.mul(weight, 1 - rate * decay) : weight;
    const g = decoupled ? gradient : tf.add(gradient, tf.mul(weight, decay));
    const m = tf.add(first, tf.mul(tf.sub(g, first), 1 - beta1));
    const v = tf.add(tf.mul(second, beta2), tf.mul(tf.square(g), 1 - beta2));
    const root = tf.add(tf.div(tf.sqrt(v), correction2), epsilon);
    return { weight: tf.sub(kept, tf.div(tf.mul(m, rate / correction1), root)), state: [m, v] };
  };
}

/** `beta2` is the smoothing. */
function rmspropRule(tf: Tf, { momentum, beta2, epsilon }: OptimizerRecipe): Rule {
  return (weight, gradient, state, decay, { rate }) => {
    const [buffer, square] = state as [tfjs.Tensor, tfjs.Tensor];
    const g = tf.add(gradient, tf.mul(weight, decay));
    const s = tf.add(tf.mul(square, beta2), tf.mul(tf.square(g), 1 - beta2));
    const b = tf.add(tf.mul(buffer, momentum), tf.div(g, tf.add(tf.sqrt(s), epsilon)));
    return { weight: tf.sub(weight, tf.mul(b, rate)), state: [b, s] };
  };
}
