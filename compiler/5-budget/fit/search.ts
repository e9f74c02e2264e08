/**
 * Integer points of a polynomial near a target, those with the least distance from the given ratios first.
 *
 * All variables but one are enumerated within a ball around the proportional widths; the last follows from the target
 * by solving a quadratic equation. The ball grows until it holds enough points that meet the target, so the nearest of
 * those are among them: small networks are searched completely, large ones meet an exact target within a small ball.
 */

import { type Axis, distance, type Order } from './lattice.ts';
import type { Polynomial } from './polynomial.ts';

export type Rule = 'exactly' | 'atMost' | 'nearest';

export interface Task {
  /** In the steps of the axes. */
  readonly goal: Polynomial;
  readonly target: number;
  readonly rule: Rule;
  /** Another cost that must stay below a number. */
  readonly cap: { readonly polynomial: Polynomial; readonly maximum: number } | undefined;
  readonly axes: readonly Axis[];
  readonly orders: readonly Order[];
  /** How many to find. */
  readonly count: number;
}

export interface Point {
  readonly values: readonly number[];
  readonly cost: number;
  /** Sum of the squared logarithms of the ratios. */
  readonly distance: number;
}

export interface Found {
  readonly points: readonly Point[];
  /** Nothing better exists among the widths that were allowed. */
  readonly proven: boolean;
}

/** Choices of all variables but the last; a million take about 0.2 s. */
const leafLimit = 700_000;
const growth = 1.35;

export function search(task: Task): Found {
  if (task.axes.length === 0) return { points: [], proven: true };
  const target = reachable(task);
  if (target === undefined) return { points: [], proven: true };
  const walk = new Walk(task, target);
  let radius = walk.least + 1e-4;
  for (;;) {
    const complete = walk.run(radius);
    const inside = walk.best.filter((p) => p.cost === target && p.distance <= radius).length;
    if (complete && (inside >= task.count || !walk.pruned))
      return { points: walk.best, proven: true };
    if (!complete) {
      // What meets the target is the best there is; whether a nearer one does is not known.
      return { points: walk.best, proven: false };
    }
    radius = walk.least + (radius - walk.least) * growth;
  }
}

/** The best cost that the steps allow at all: values of the polynomial fall in one residue class. */
function reachable({ goal, target, rule }: Task): number | undefined {
  const modulus = goal.modulus();
  if (modulus === 0) return goal.constant;
  const below = target - ((((target - goal.constant) % modulus) + modulus) % modulus);
  if (below === target || rule === 'atMost') return below;
  if (rule === 'exactly') return undefined;
  return target - below <= below + modulus - target ? below : below + modulus;
}

class Walk {
  best: Point[] = [];
  /** Whether the radius kept anything out in the last run. */
  pruned = false;
  readonly least: number;
  readonly #task: Task;
  readonly #target: number;
  /** Variables in the order of assignment; the last one is solved for. */
  readonly #order: readonly number[];
  readonly #choices: readonly (readonly { readonly v: number; readonly distance: number }[])[];
  /** Least distance that the variables from this depth on must add. */
  readonly #rest: readonly number[];
  readonly #v: number[];
  readonly #set: boolean[];
  /** By variable. */
  readonly #ordersOf: readonly (readonly Order[])[];
  #radius = 0;
  #leaves = 0;

  constructor(task: Task, target: number) {
    this.#task = task;
    this.#target = target;
    const { axes } = task;
    const fineness = (k: number) => (axes[k] as Axis).ideal / (axes[k] as Axis).step;
    // Coarse ones first, where the radius cuts most; the finest is solved for.
    this.#order = axes.map((_, k) => k).sort((a, b) => fineness(a) - fineness(b));
    this.#choices = this.#order.map((k) => choices(axes[k] as Axis));
    const minima = this.#choices.map((list) => list[0]?.distance ?? 0);
    this.#rest = minima.map((_, depth) => minima.slice(depth).reduce((sum, d) => sum + d, 0));
    this.least = this.#rest[0] ?? 0;
    const concerns = (bound: Order['lower'], k: number) =>
      'variable' in bound && bound.variable === k;
    this.#ordersOf = axes.map((_, k) =>
      task.orders.filter((o) => concerns(o.lower, k) || concerns(o.upper, k)),
    );
    this.#v = new Array<number>(axes.length).fill(0);
    this.#set = new Array<boolean>(axes.length).fill(false);
  }

  /** False where the limit on the work ended it. */
  run(radius: number): boolean {
    this.#radius = radius;
    this.pruned = false;
    return this.#descend(0, 0, this.#task.goal.constant);
  }

  /** `cost`: the polynomial with 0 for all that has no value yet. */
  #descend(depth: number, spent: number, cost: number): boolean {
    if (depth === this.#order.length - 1) {
      this.#solve(this.#order[depth] as number, spent, cost);
      return ++this.#leaves < leafLimit;
    }
    const k = this.#order[depth] as number;
    const rest = this.#rest[depth + 1] ?? 0;
    for (const { v, distance: d } of this.#choices[depth] as readonly {
      v: number;
      distance: number;
    }[]) {
      if (spent + d + rest > this.#radius) {
        this.pruned = true;
        break;
      }
      this.#v[k] = v;
      this.#set[k] = true;
      const goesOn =
        !this.#isOrdered(k) || this.#descend(depth + 1, spent + d, cost + this.#added(k, depth));
      this.#set[k] = false;
      if (!goesOn) return false;
    }
    return true;
  }

  /** What variable k adds to the cost beside those assigned before it. */
  #added(k: number, depth: number): number {
    const { goal } = this.#task;
    const x = this.#v[k] as number;
    const row = goal.product[k] as readonly number[];
    let slope = (goal.first[k] as number) + ((goal.second[k] as number) * (x - 1)) / 2;
    for (let d = 0; d < depth; d++) {
      const l = this.#order[d] as number;
      slope += (row[l] as number) * (this.#v[l] as number);
    }
    return slope * x;
  }

  #value(k: number): number {
    const axis = this.#task.axes[k] as Axis;
    return axis.origin + axis.step * (this.#v[k] as number);
  }

  /** Against the neighbours that have a value already. */
  #isOrdered(k: number): boolean {
    const own = this.#value(k);
    return (this.#ordersOf[k] as readonly Order[]).every(({ lower, upper }) => {
      if ('variable' in lower && lower.variable === k) {
        const above = this.#bound(upper);
        return above === undefined || own <= above;
      }
      if ('variable' in upper && upper.variable === k) {
        const below = this.#bound(lower);
        return below === undefined || below <= own;
      }
      return true;
    });
  }

  #bound(bound: Order['lower']): number | undefined {
    if ('width' in bound) return bound.width;
    return this.#set[bound.variable] ? this.#value(bound.variable) : undefined;
  }

  /** The last variable: the polynomial is now `second v (v - 1) / 2 + first v + constant` and rises with v. */
  #solve(k: number, spent: number, constant: number): void {
    const { goal, cap, axes, rule } = this.#task;
    const axis = axes[k] as Axis;
    const [low, widest] = this.#window(k, axis);
    const v = this.#v;
    v[k] = 0;
    const second = goal.second[k] as number;
    const first = slope(goal, k, v);
    const half = second / 2;
    const root = Math.floor(positiveRoot(half, first - half, constant - this.#task.target));
    const high = cap ? Math.min(widest, rootOf(cap.polynomial, k, v, cap.maximum)) : widest;
    if (low > high) return;
    const near = [Math.min(root, high), ...(rule === 'nearest' ? [root + 1] : [])];
    for (const candidate of near) {
      const at = Math.max(low, Math.min(high, candidate));
      const cost = constant + first * at + (second * at * (at - 1)) / 2;
      if (
        rule === 'atMost' ? cost > this.#task.target : rule === 'exactly' && cost !== this.#target
      )
        continue;
      v[k] = at;
      this.#offer(cost, spent + distance(axis.origin + axis.step * at, axis.ideal));
    }
  }

  /** What the order of the list and the spread leave for the last variable. */
  #window(k: number, axis: Axis): readonly [number, number] {
    let [minimum, maximum] = [axis.minimum, axis.maximum];
    for (const { lower, upper } of this.#ordersOf[k] as readonly Order[]) {
      if ('variable' in lower && lower.variable === k) {
        maximum = Math.min(maximum, this.#bound(upper) ?? maximum);
      }
      if ('variable' in upper && upper.variable === k) {
        minimum = Math.max(minimum, this.#bound(lower) ?? minimum);
      }
    }
    return [
      Math.ceil((minimum - axis.origin) / axis.step),
      Math.floor((maximum - axis.origin) / axis.step),
    ];
  }

  #offer(cost: number, far: number): void {
    const { target, count, axes } = this.#task;
    const missed = Math.abs(cost - target);
    const worst = this.best.length < count ? undefined : this.best.at(-1);
    if (worst && !isBefore(missed, far, Math.abs(worst.cost - target), worst.distance)) return;
    const values = axes.map((_, k) => this.#value(k));
    if (this.best.some((p) => p.values.every((w, k) => w === values[k]))) return;
    const at = this.best.findIndex((p) =>
      isBefore(missed, far, Math.abs(p.cost - target), p.distance),
    );
    this.best.splice(at < 0 ? this.best.length : at, 0, { values, cost, distance: far });
    if (this.best.length > count) this.best.pop();
  }
}

function isBefore(missed: number, far: number, otherMissed: number, otherFar: number): boolean {
  return missed < otherMissed || (missed === otherMissed && far < otherFar - 1e-12);
}

function choices(axis: Axis): readonly { readonly v: number; readonly distance: number }[] {
  const list: { v: number; distance: number }[] = [];
  for (let value = axis.minimum; value <= axis.maximum; value += axis.step) {
    list.push({ v: (value - axis.origin) / axis.step, distance: distance(value, axis.ideal) });
  }
  return list.sort((a, b) => a.distance - b.distance);
}

function slope(goal: Polynomial, k: number, v: readonly number[]): number {
  const row = goal.product[k] as readonly number[];
  let sum = goal.first[k] as number;
  for (let l = 0; l < v.length; l++) if (l !== k) sum += (row[l] as number) * (v[l] as number);
  return sum;
}

/** The largest value of variable k, whose own entry is 0 in `v`, with which the polynomial stays at or below a limit. */
function rootOf(polynomial: Polynomial, k: number, v: readonly number[], limit: number): number {
  const half = (polynomial.second[k] as number) / 2;
  const b = slope(polynomial, k, v) - half;
  return Math.floor(positiveRoot(half, b, polynomial.value(v) - limit));
}

/** The larger root of `a v^2 + b v + c`, where the parabola rises. */
function positiveRoot(a: number, b: number, c: number): number {
  if (a === 0) return b === 0 ? (c <= 0 ? Number.MAX_SAFE_INTEGER : -1) : -c / b;
  const inside = b * b - 4 * a * c;
  if (inside < 0) return -1;
  // The stable form: no difference of nearly equal numbers.
  const root = Math.sqrt(inside);
  const result = b >= 0 ? (-2 * c) / (b + root) : (root - b) / (2 * a);
  return Math.abs(result - Math.round(result)) < 1e-7 ? Math.round(result) : result;
}
