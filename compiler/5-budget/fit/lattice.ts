/** The values that each variable may take, and how far each is from the width it should have. */

import type { Variable } from './vary.ts';

/** Widths from a quarter to four times the proportional one are tried. */
const spread = 4;

export interface Axis {
  /** `value = origin + step * v` */
  readonly origin: number;
  readonly step: number;
  /** The width in the given ratios. */
  readonly ideal: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** `undefined` where no multiple of `multipleOf` can be reached in the variable's steps. */
export function axisOf(variable: Variable, multipleOf: number, scale: number): Axis | undefined {
  const { start, stride } = variable;
  const ideal = start * scale;
  const step = lcm(stride, multipleOf);
  const lowest = ((start % stride) + stride) % stride;
  for (let origin = lowest; origin < lowest + step; origin += stride) {
    if (origin % multipleOf !== 0) continue;
    const up = (limit: number) => origin + Math.ceil((limit - origin) / step) * step;
    const smallest = up(Math.max(1, Math.ceil(ideal / spread)));
    // Where steps are coarse, one to each side is there even if it is further away.
    const largest = Math.max(smallest, up(Math.floor(ideal * spread) - step + 1), up(ideal));
    const lowestAllowed = up(1);
    const below = Math.max(lowestAllowed, Math.min(smallest, up(ideal) - step));
    return { origin, step, ideal, minimum: below, maximum: largest };
  }
  return undefined;
}

/** Squared logarithm of the ratio: 10% too wide and 10% too narrow weigh the same. */
export function distance(value: number, ideal: number): number {
  const log = Math.log(value / ideal);
  return log * log;
}

function lcm(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** `lower` may not be wider than `upper`: positions of variables, or a width that stays. */
export interface Order {
  readonly lower: Bound;
  readonly upper: Bound;
}
export type Bound = { readonly variable: number } | { readonly width: number };

/** Neighbours of the list that rise or fall keep doing so; equal ones follow the list if it goes one way. */
export function ordersOf(
  widths: readonly number[],
  variables: readonly Variable[],
): readonly Order[] {
  const of = new Map(variables.flatMap((v, k) => v.entries.map((i) => [i, k] as const)));
  const bound = (i: number): Bound => {
    const variable = of.get(i);
    return variable === undefined ? { width: widths[i] as number } : { variable };
  };
  const rises = widths.every((w, i) => i === 0 || (widths[i - 1] as number) <= w);
  const falls = widths.every((w, i) => i === 0 || (widths[i - 1] as number) >= w);
  const orders: Order[] = [];
  for (let i = 1; i < widths.length; i++) {
    const [before, after] = [widths[i - 1] as number, widths[i] as number];
    if (before < after || (before === after && rises)) {
      orders.push({ lower: bound(i - 1), upper: bound(i) });
    } else if (before > after || (before === after && falls)) {
      orders.push({ lower: bound(i), upper: bound(i - 1) });
    }
  }
  return orders.filter(({ lower, upper }) => 'variable' in lower || 'variable' in upper);
}
