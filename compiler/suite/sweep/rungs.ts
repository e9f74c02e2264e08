/**
 * Successive halving (Jamieson and Talwalkar 2016; the inner loop of Hyperband, Li et al. 2017): all candidates train for
 * few epochs, one in `eta` of them for `eta` times as many, and so on up to the whole recipe.
 */

export interface Rung {
  readonly epochs: number;
  /** Candidates that are trained for so long. */
  readonly count: number;
}

export function rungsOf(
  candidates: number,
  epochs: number,
  { eta, minEpochs }: { readonly eta: number; readonly minEpochs: number | undefined },
): readonly Rung[] {
  // A tiny more than the quotient of logarithms, which may fall short of a whole number.
  const log = (value: number) => Math.floor(Math.log(value) / Math.log(eta) + 1e-9);
  const halvings =
    minEpochs === undefined || minEpochs >= epochs
      ? 0
      : Math.min(log(epochs / minEpochs), log(candidates));
  return Array.from({ length: halvings + 1 }, (_, k) => ({
    epochs: Math.max(1, Math.round(epochs / eta ** (halvings - k))),
    count: Math.max(1, Math.floor(candidates / eta ** k)),
  }));
}

/** Epochs in all, and those of training all candidates to the end. */
export function costOf(rungs: readonly Rung[]): { readonly epochs: number; readonly full: number } {
  const epochs = rungs.reduce((sum, rung) => sum + rung.epochs * rung.count, 0);
  return { epochs, full: (rungs[0]?.count ?? 0) * (rungs.at(-1)?.epochs ?? 0) };
}
