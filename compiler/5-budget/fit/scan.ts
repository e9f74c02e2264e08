/**
 * Where the cost is no quadratic polynomial of the widths: scale them all alike, by many factors, and ask the compiler
 * each time. Less fine than the search, and right for any network.
 */

import { distance } from './lattice.ts';
import type { Found, Point, Rule } from './search.ts';

/** Time for the compiler's answers. */
const milliseconds = 600;
const factors = 400;

export function scan(
  goal: { readonly target: number; readonly rule: Rule },
  start: readonly number[],
  multipleOf: number,
  count: number,
  cost: (values: readonly number[]) => number | undefined,
): Found {
  const scaled = (scale: number) =>
    start.map((w) => Math.max(multipleOf, Math.round((w * scale) / multipleOf) * multipleOf));
  const end = performance.now() + milliseconds;
  let [low, high] = [1 / 64, 64];
  const points = new Map<string, Point>();
  const tried = new Set<string>();
  const attempt = (scale: number): number | undefined => {
    const values = scaled(scale);
    const key = values.join();
    const known = points.get(key);
    if (known || tried.has(key)) return known?.cost;
    tried.add(key);
    const result = cost(values);
    if (result === undefined) return undefined;
    const far = values.reduce((sum, w, i) => sum + distance(w, (start[i] as number) * scale), 0);
    points.set(key, { values, cost: result, distance: far });
    return result;
  };
  for (let i = 0; i < 24; i++) {
    const middle = Math.sqrt(low * high);
    // What does not compile says nothing about the size; most rules break at small widths.
    if ((attempt(middle) ?? 0) > goal.target) high = middle;
    else low = middle;
  }
  const centre = Math.sqrt(low * high);
  for (let i = 1; i < factors && performance.now() < end; i++) {
    const step = ((i + 1) >> 1) * (i % 2 === 0 ? 1 : -1);
    attempt(centre * (1 + step / factors));
  }
  const kept = [...points.values()].filter(
    (p) =>
      goal.rule === 'nearest' ||
      (goal.rule === 'exactly' ? p.cost === goal.target : p.cost <= goal.target),
  );
  const missed = (p: Point) => Math.abs(p.cost - goal.target);
  const ranked = (kept.length > 0 ? kept : [...points.values()]).sort(
    (a, b) => missed(a) - missed(b) || a.distance - b.distance,
  );
  return { points: ranked.slice(0, count), proven: false };
}
