/** What logits say about a set of labelled photos. */

export interface Figures {
  readonly count: number;
  /** Mean cross-entropy. */
  readonly loss: number;
  readonly top1: number;
  readonly top5: number;
  /** Rows are the true class, columns the predicted one. */
  readonly confusion: readonly (readonly number[])[];
  readonly predictions: readonly Prediction[];
}

export interface Prediction {
  readonly label: number;
  readonly predicted: number;
  /** Softmax probability of what was predicted. */
  readonly confidence: number;
}

export function figuresOf(
  logits: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
): Figures {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const predictions: Prediction[] = [];
  let loss = 0;
  let top1 = 0;
  let top5 = 0;
  const count = labels.length;
  for (let n = 0; n < count; n++) {
    const row = logits.subarray(n * classes, (n + 1) * classes);
    const label = labels[n] as number;
    const { predicted, confidence, lossOfLabel } = softmaxOf(row, label);
    loss += lossOfLabel;
    if (predicted === label) top1++;
    if (rankOf(row, label) < 5) top5++;
    const line = confusion[label];
    if (line) line[predicted] = (line[predicted] as number) + 1;
    predictions.push({ label, predicted, confidence });
  }
  const share = (n: number) => (count === 0 ? 0 : n / count);
  return { count, loss: share(loss), top1: share(top1), top5: share(top5), confusion, predictions };
}

/** Softmax of a row; the first of equal logits counts as the largest. */
export function softmax(row: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(row);
  const largest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const exponentials = values.map((x) => Math.exp(x - largest));
  const total = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((e) => e / total);
}

function softmaxOf(row: Float32Array, label: number) {
  const probabilities = softmax(row);
  let predicted = 0;
  for (let c = 1; c < row.length; c++) {
    if ((row[c] as number) > (row[predicted] as number)) predicted = c;
  }
  return {
    predicted,
    confidence: probabilities[predicted] as number,
    lossOfLabel: -Math.log(Math.max(probabilities[label] as number, Number.MIN_VALUE)),
  };
}

/** How many classes come before the label. */
function rankOf(row: Float32Array, label: number): number {
  const own = row[label] as number;
  let rank = 0;
  for (let c = 0; c < row.length; c++) {
    if ((row[c] as number) > own || ((row[c] as number) === own && c < label)) rank++;
  }
  return rank;
}
