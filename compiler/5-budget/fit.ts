/**
 * `fit`: widths with which a network costs what it should.
 *
 *   what varies      entries of the bandwidth list, or its base
 *   what is wanted   params or MACs: exactly, at most (the largest that fits) or nearest to a number
 *   what is best     of equally good costs, the widths closest to the given ones scaled alike: the deviation is the
 *                    root mean square of ln(width / proportional width)
 *
 * Every width that is proposed was compiled; the polynomial only says where to look.
 */

import type { Compiled } from '../compile.ts';
import { cannotFit, noTarget, nothingToVary } from '../diagnostics/codes/fit.ts';
import { diagnose, failed, type Outcome, outcome } from '../diagnostics/diagnostic.ts';
import { checkBudget, type Metric } from './check.ts';
import { count } from './counts.ts';
import { type Bandwidth, build, costsOf, type FitMetric, total } from './fit/evaluate.ts';
import { type Axis, axisOf, ordersOf } from './fit/lattice.ts';
import { type Model, Modeller } from './fit/model.ts';
import { gcd, type Polynomial } from './fit/polynomial.ts';
import { scan } from './fit/scan.ts';
import { type Found, type Point, type Rule, search } from './fit/search.ts';
import { assign, parseVary, showVary, type Variable, type Vary } from './fit/vary.ts';

export type { FitMetric, Rule };

export interface Goal {
  readonly metric: FitMetric;
  readonly target: number;
  readonly rule: Rule;
}

export interface FitRequest {
  /** Default: the budget of the file. */
  readonly goal?: Goal | undefined;
  /** A limit on the other cost. */
  readonly cap?: { readonly metric: FitMetric; readonly maximum: number } | undefined;
  /** As in `--vary`. Default: the base if it meets the target, else every entry. */
  readonly vary?: string | undefined;
  readonly multipleOf?: number | undefined;
  readonly count?: number | undefined;
}

export interface Solution {
  readonly widths: readonly number[];
  /** As the file would say it. */
  readonly bandwidth: Bandwidth;
  readonly params: number;
  readonly macs: number;
  /** Root mean square of ln(width / proportional width). */
  readonly deviation: number;
  /** Other limits of the file that these widths break. */
  readonly broken: readonly Metric[];
}

export interface Fit {
  readonly goal: Goal;
  readonly vary: string;
  /** Entries that stay, because no other value of theirs compiles. */
  readonly frozen: readonly number[];
  readonly current: {
    readonly widths: readonly number[];
    readonly params: number;
    readonly macs: number;
  };
  /** The best first. */
  readonly solutions: readonly Solution[];
  /** The first keeps the rule; otherwise the solutions are the nearest there are. */
  readonly met: boolean;
  /** No better widths exist between a quarter and four times the proportional ones. */
  readonly proven: boolean;
}

export function fitWidths(compiled: Compiled, request: FitRequest = {}): Outcome<Fit> {
  const goal = request.goal ?? goalOf(compiled, 'params') ?? goalOf(compiled, 'macs');
  const { normal, spec } = compiled;
  const place = spec.places.at(spec.spec, 'bandwidth') ?? compiled.document.root;
  if (!goal) return failed(diagnose(noTarget, {}, { place: compiled.document.root }));
  const asked = parseVary(request.vary ?? 'bandwidth', normal);
  if (!asked.ok) return failed(diagnose(nothingToVary, { problem: asked.problem }, { place }));
  const result = fitWithin(compiled, goal, request, asked.vary);
  if (!result || result.solutions.length === 0) {
    const problem = result
      ? 'no widths near the given ratios come near it'
      : 'none of these widths can change alone';
    return failed(diagnose(cannotFit, { goal: showGoal(goal), problem }, { place }));
  }
  return outcome(result, []);
}

/** Within the file's own limit on the other cost, if there are such widths; without it, if not. */
function fitWithin(
  compiled: Compiled,
  goal: Goal,
  request: FitRequest,
  vary: Vary,
): Fit | undefined {
  const other: FitMetric = goal.metric === 'params' ? 'macs' : 'params';
  const maximum = compiled.normal.budget?.[other]?.atMost;
  if (request.cap === undefined && maximum !== undefined) {
    const capped = fitBaseOr(vary, compiled, goal, { ...request, cap: { metric: other, maximum } });
    if (capped?.met && capped.solutions[0]?.broken.length === 0) return capped;
  }
  return fitBaseOr(vary, compiled, goal, request);
}

/** Nobody having said what varies, the base alone does where that meets the target. */
function fitBaseOr(
  vary: Vary,
  compiled: Compiled,
  goal: Goal,
  request: FitRequest,
): Fit | undefined {
  const fitter = new Fitter(compiled, goal, request);
  if (request.vary === undefined && compiled.normal.base !== undefined) {
    const byBase = fitter.fit({ kind: 'base' });
    if (byBase?.solutions[0] && byBase.solutions[0][goal.metric] === goal.target) return byBase;
  }
  return fitter.fit(vary);
}

/** What the file asks for. `within` is met best at its target. */
export function goalOf({ normal }: Compiled, metric: FitMetric): Goal | undefined {
  const limit = normal.budget?.[metric];
  if (limit?.exactly !== undefined) return { metric, target: limit.exactly, rule: 'exactly' };
  if (limit?.atMost !== undefined) return { metric, target: limit.atMost, rule: 'atMost' };
  if (limit?.within) return { metric, target: limit.within.target, rule: 'nearest' };
  return undefined;
}

export function showGoal({ metric, target, rule }: Goal): string {
  const words = { exactly: 'exactly', atMost: 'at most', nearest: 'nearest to' };
  return `${metric} ${words[rule]} ${target.toLocaleString('en-US')}`;
}

class Fitter {
  readonly #compiled: Compiled;
  readonly #goal: Goal;
  readonly #request: FitRequest;
  readonly #modeller: Modeller;

  constructor(compiled: Compiled, goal: Goal, request: FitRequest) {
    this.#compiled = compiled;
    this.#goal = goal;
    this.#request = request;
    const { spec, normal, graph } = compiled;
    this.#modeller = new Modeller(spec, normal, costsOf(graph));
  }

  /** `undefined` where nothing can vary. */
  fit(vary: Vary): Fit | undefined {
    const { normal, counts } = this.#compiled;
    const count = this.#request.count ?? 1;
    const model = this.#modeller.model(vary);
    if (model && model.variables.length === 0) return undefined;
    const { points, proven } = model ? this.#search(model, count) : this.#scan(vary, count);
    const variables =
      model?.variables ?? [plainVariables(vary, normal.bandwidth, normal.base)].flat();
    const solutions = points
      .map((point) => this.#solution(variables, point))
      .filter((s) => s !== undefined)
      .slice(0, count);
    const first = solutions[0]?.[this.#goal.metric];
    return {
      goal: this.#goal,
      vary: showVary(vary, normal.bandwidth.length),
      frozen: model?.frozen ?? [],
      current: { widths: normal.bandwidth, params: counts.params.trainable, macs: counts.macs },
      solutions,
      met: first !== undefined && keeps(this.#goal, first),
      proven,
    };
  }

  #search(model: Model, count: number): Found {
    const { metric, target, rule } = this.#goal;
    const { cap } = this.#request;
    const axes = this.#axes(model);
    if (!axes) return { points: [], proven: true };
    const origin = axes.map((a, k) => (a.origin - startOf(model, k)) / strideOf(model, k));
    const step = axes.map((a, k) => a.step / strideOf(model, k));
    const task = {
      goal: model.polynomials[metric].over(origin, step),
      target,
      cap: cap && {
        polynomial: model.polynomials[cap.metric].over(origin, step),
        maximum: cap.maximum,
      },
      axes,
      orders: ordersOf(this.#compiled.normal.bandwidth, model.variables),
      // A few more than asked for, since some may not compile.
      count: count + 4,
    };
    const found = search({ ...task, rule });
    if (found.points.length > 0 || rule === 'nearest') return found;
    return search({ ...task, rule: 'nearest' });
  }

  #axes(model: Model): readonly Axis[] | undefined {
    const { metric, target } = this.#goal;
    const { cap } = this.#request;
    const scales = [scaleFor(model.polynomials[metric], target, model)];
    if (cap) scales.push(scaleFor(model.polynomials[cap.metric], cap.maximum, model));
    const scale = Math.min(...scales);
    const axes = model.variables.map((v) => axisOf(v, this.#multipleFor(v), scale));
    return axes.every((a) => a !== undefined) ? axes : undefined;
  }

  /** Of a base, what makes every width that follows from it a multiple. */
  #multipleFor(variable: Variable): number {
    const { multipleOf = 1 } = this.#request;
    const { bandwidth, base = 1 } = this.#compiled.normal;
    if (variable.entries.length > 0) return multipleOf;
    return bandwidth.reduce((multiple, width) => {
      const needed = multipleOf / gcd(multipleOf, Math.max(1, Math.floor(width / base)));
      return (multiple / gcd(multiple, needed)) * needed;
    }, 1);
  }

  #scan(vary: Vary, count: number): Found {
    const { normal, spec } = this.#compiled;
    const variables = plainVariables(vary, normal.bandwidth, normal.base);
    const current = spec.spec.bandwidth as Bandwidth;
    const cost = (values: readonly number[]) => {
      const built = build(spec, assign(current, normal.bandwidth, variables, values));
      return built && total(costsOf(built.graph)[this.#goal.metric]);
    };
    return scan(
      this.#goal,
      variables.map((v) => v.start),
      this.#request.multipleOf ?? 1,
      count,
      cost,
    );
  }

  /** Compiled in full; what does not compile, or goes beyond the cap, is none. */
  #solution(variables: readonly Variable[], point: Point): Solution | undefined {
    const { spec, normal } = this.#compiled;
    const current = spec.spec.bandwidth as Bandwidth;
    const bandwidth = assign(current, normal.bandwidth, variables, point.values);
    const built = build(spec, bandwidth);
    if (!built) return undefined;
    const counts = count(built.graph);
    const costs = { params: counts.params.trainable, macs: counts.macs };
    const { cap } = this.#request;
    if (cap && costs[cap.metric] > cap.maximum) return undefined;
    const { verdicts } = checkBudget(counts, built.normal.budget, spec.places);
    return {
      widths: built.normal.bandwidth,
      bandwidth,
      ...costs,
      deviation: Math.sqrt(point.distance / Math.max(1, variables.length)),
      broken: verdicts.filter((v) => !v.ok && v.metric !== this.#goal.metric).map((v) => v.metric),
    };
  }
}

function keeps({ target, rule }: Goal, cost: number): boolean {
  return rule === 'nearest' || (rule === 'exactly' ? cost === target : cost <= target);
}

function plainVariables(
  vary: Vary,
  widths: readonly number[],
  base: number | undefined,
): readonly Variable[] {
  if (vary.kind === 'base') return [{ entries: [], start: base ?? 1, stride: 1 }];
  return vary.indices.map((i) => ({ entries: [i], start: widths[i] as number, stride: 1 }));
}

function startOf(model: Model, k: number): number {
  return (model.variables[k] as Variable).start;
}

function strideOf(model: Model, k: number): number {
  return (model.variables[k] as Variable).stride;
}

/** By what all widths would have to be multiplied, were they no integers. */
function scaleFor(polynomial: Polynomial, target: number, { variables }: Model): number {
  const at = (scale: number) =>
    polynomial.value(variables.map((v) => ((scale - 1) * v.start) / v.stride));
  let [low, high] = [1 / 256, 256];
  for (let i = 0; i < 60; i++) {
    const middle = Math.sqrt(low * high);
    if (at(middle) > target) high = middle;
    else low = middle;
  }
  return Math.sqrt(low * high);
}
