/**
 * What a student learns from a teacher's logits. All of these add to the gradient to the student's logits; the teacher's
 * are constants. Both are divided by a temperature T first, and losses are multiplied by T^2, so that their gradients
 * keep their size (Hinton, Vinyals and Dean 2015).
 */
import { type Floats, kernel } from '../kernel.ts';

/** log(sum(exp(x))) without overflow. */
function logSum(values: readonly number[]): number {
  const largest = Math.max(...values);
  return largest + Math.log(values.reduce((sum, x) => sum + Math.exp(x - largest), 0));
}

function rowOf(values: Floats, n: number, classes: number): number[] {
  return Array.from(values.subarray(n * classes, (n + 1) * classes));
}

/** Kullback-Leibler divergence of softened probabilities: loss = weight T^2 KL(teacher || student), a sample a unit. */
export const softTargets = kernel({
  name: 'softTargets',
  args: {
    logits: 'in',
    teacher: 'in',
    losses: 'out',
    gradient: 'inout',
    classes: 'i32',
    temperature: 'f32',
    weight: 'f32',
    scale: 'f32',
  },
  unit: 'image',
  plain({ logits, teacher, losses, gradient, classes, temperature, weight, scale }, begin, end) {
    for (let n = begin; n < end; n++) {
      const own = rowOf(logits, n, classes).map((z) => z / temperature);
      const wanted = rowOf(teacher, n, classes).map((z) => z / temperature);
      const [ownSum, wantedSum] = [logSum(own), logSum(wanted)];
      let divergence = 0;
      for (let c = 0; c < classes; c++) {
        const [p, q] = [Math.exp(own[c]! - ownSum), Math.exp(wanted[c]! - wantedSum)];
        divergence += q * (wanted[c]! - wantedSum - (own[c]! - ownSum));
        gradient[n * classes + c]! += weight * temperature * (p - q) * scale;
      }
      losses[n] = weight * temperature * temperature * divergence;
    }
  },
});

/**
 * Decoupled distillation (Zhao et al. 2022): how sure of the true class, and how the others share the rest, apart.
 * loss = T^2 (targetWeight KL of the pair (true, rest) + othersWeight KL of the others among themselves). The true class
 * is the one with the largest target, the first of equals.
 */
export const decoupledTargets = kernel({
  name: 'decoupledTargets',
  args: {
    logits: 'in',
    teacher: 'in',
    targets: 'in',
    losses: 'out',
    gradient: 'inout',
    classes: 'i32',
    temperature: 'f32',
    targetWeight: 'f32',
    othersWeight: 'f32',
    scale: 'f32',
  },
  unit: 'image',
  plain(
    {
      logits,
      teacher,
      targets,
      losses,
      gradient,
      classes,
      temperature,
      targetWeight,
      othersWeight,
      scale,
    },
    begin,
    end,
  ) {
    for (let n = begin; n < end; n++) {
      const row = rowOf(targets, n, classes);
      const label = row.indexOf(Math.max(...row));
      const own = apart(rowOf(logits, n, classes), label, temperature);
      const wanted = apart(rowOf(teacher, n, classes), label, temperature);
      const [a, b] = [Math.exp(own.target), Math.exp(wanted.target)];
      let others = 0;
      for (let c = 0; c < classes; c++) {
        let slope = targetWeight * (a - b);
        if (c !== label) {
          const [p, q] = [Math.exp(own.others[c]!), Math.exp(wanted.others[c]!)];
          others += q * (wanted.others[c]! - own.others[c]!);
          slope = othersWeight * (p - q) - slope * p;
        }
        gradient[n * classes + c]! += temperature * slope * scale;
      }
      const pair =
        b * (wanted.target - own.target) + Math.exp(wanted.rest) * (wanted.rest - own.rest);
      losses[n] = temperature * temperature * (targetWeight * pair + othersWeight * others);
    }
  },
});

/** Logarithms of the probability of the true class, of the rest together, and of each other class among the others. */
function apart(row: readonly number[], label: number, temperature: number) {
  const soft = row.map((z) => z / temperature);
  const total = logSum(soft);
  const rest = logSum(soft.filter((_, c) => c !== label));
  return {
    target: soft[label]! - total,
    rest: rest - total,
    others: soft.map((z) => z - rest),
  };
}

/** Probabilities of logits divided by a temperature. */
export const softenRows = kernel({
  name: 'softenRows',
  args: { logits: 'in', probabilities: 'out', classes: 'i32', temperature: 'f32' },
  unit: 'image',
  plain({ logits, probabilities, classes, temperature }, begin, end) {
    for (let n = begin; n < end; n++) {
      const row = rowOf(logits, n, classes).map((z) => z / temperature);
      const total = logSum(row);
      row.forEach((z, c) => {
        probabilities[n * classes + c] = Math.exp(z - total);
      });
    }
  },
});

/** Keeps the correlation of rows that do not vary finite. */
const tiny = 1e-8;

/** 1 - Pearson's correlation of two rows, and its slope to the first. */
function unrelated(p: readonly number[], q: readonly number[]) {
  const mean = (row: readonly number[]) => row.reduce((sum, x) => sum + x, 0) / row.length;
  const [pMean, qMean] = [mean(p), mean(q)];
  const a = p.map((x) => x - pMean);
  const b = q.map((x) => x - qMean);
  const dot = a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const aNorm = Math.sqrt(a.reduce((sum, x) => sum + x * x, 0));
  const bNorm = Math.sqrt(b.reduce((sum, x) => sum + x * x, 0));
  const size = aNorm * bNorm + tiny;
  const pull = aNorm === 0 ? 0 : (dot * bNorm) / (size * size * aNorm);
  return { loss: 1 - dot / size, slope: a.map((x, i) => pull * x - b[i]! / size) };
}

/**
 * DIST (Huang et al. 2022), between classes: weight (1 - correlation of a sample's softened probabilities with the
 * teacher's), a sample a unit. `gradient` is to the student's probabilities.
 */
export const relateRows = kernel({
  name: 'relateRows',
  args: {
    probabilities: 'in',
    teacher: 'in',
    losses: 'out',
    gradient: 'out',
    classes: 'i32',
    weight: 'f32',
  },
  unit: 'image',
  plain({ probabilities, teacher, losses, gradient, classes, weight }, begin, end) {
    for (let n = begin; n < end; n++) {
      const { loss, slope } = unrelated(
        rowOf(probabilities, n, classes),
        rowOf(teacher, n, classes),
      );
      losses[n] = weight * loss;
      slope.forEach((x, c) => {
        gradient[n * classes + c] = weight * x;
      });
    }
  },
});

/** DIST, within a class: the same over the samples of the batch, a class a unit. Adds to the gradient. */
export const relateColumns = kernel({
  name: 'relateColumns',
  args: {
    probabilities: 'in',
    teacher: 'in',
    losses: 'out',
    gradient: 'inout',
    batch: 'i32',
    classes: 'i32',
    weight: 'f32',
  },
  unit: 'class',
  plain({ probabilities, teacher, losses, gradient, batch, classes, weight }, begin, end) {
    const column = (values: Floats, c: number) =>
      Array.from({ length: batch }, (_, n) => values[n * classes + c]!);
    for (let c = begin; c < end; c++) {
      const { loss, slope } = unrelated(column(probabilities, c), column(teacher, c));
      losses[c] = weight * loss;
      slope.forEach((x, n) => {
        gradient[n * classes + c]! += weight * x;
      });
    }
  },
});

/** From the gradient to softened probabilities to that to logits, added to what is there. */
export const softenGradient = kernel({
  name: 'softenGradient',
  args: {
    probabilities: 'in',
    gradient: 'in',
    logitGradient: 'inout',
    classes: 'i32',
    temperature: 'f32',
    scale: 'f32',
  },
  unit: 'image',
  plain({ probabilities, gradient, logitGradient, classes, temperature, scale }, begin, end) {
    for (let n = begin; n < end; n++) {
      const p = rowOf(probabilities, n, classes);
      const g = rowOf(gradient, n, classes);
      const mean = p.reduce((sum, x, c) => sum + x * g[c]!, 0);
      p.forEach((x, c) => {
        logitGradient[n * classes + c]! += ((x * (g[c]! - mean)) / temperature) * scale;
      });
    }
  },
});
