/**
 * Params and MACs as polynomials in the widths. A layer costs a product of two widths at most, so the sum is a
 * quadratic polynomial; it is read off the compiler's answers for a few choices of widths by integer differences,
 * which are exact, and then tried on two more.
 */

import type { CheckedSpec } from '../../2-validate/validate.ts';
import type { NormalSpec } from '../../3-normalize/normal.ts';
import {
  type Bandwidth,
  build,
  type Costs,
  costsOf,
  type FitMetric,
  fitMetrics,
  total,
} from './evaluate.ts';
import { Polynomial } from './polynomial.ts';
import { assign, type Variable, type Vary } from './vary.ts';

export interface Model {
  readonly variables: readonly Variable[];
  /** In steps from the start: `width = start + stride * u`. */
  readonly polynomials: Readonly<Record<FitMetric, Polynomial>>;
  /** Entries that were asked for but cannot change alone or together with their equals. */
  readonly frozen: readonly number[];
}

/** Widths a search may try before it gives up on an entry. */
const largestStride = 64;

export class Modeller {
  readonly #checked: CheckedSpec;
  readonly #normal: NormalSpec;
  readonly #current: Bandwidth;
  readonly #start: Costs;
  readonly #known = new Map<string, Costs | undefined>();

  constructor(checked: CheckedSpec, normal: NormalSpec, start: Costs) {
    this.#checked = checked;
    this.#normal = normal;
    this.#current = checked.spec.bandwidth as Bandwidth;
    this.#start = start;
  }

  /** `undefined` where the costs are no quadratic polynomial of what varies. */
  model(vary: Vary): Model | undefined {
    const { variables, frozen } = this.#variables(vary);
    const polynomials = this.#polynomials(variables);
    return polynomials && { variables, frozen, polynomials };
  }

  /** The real costs at some steps from the start. */
  costs(variables: readonly Variable[], steps: readonly number[]): Costs | undefined {
    const values = variables.map((v, k) => v.start + v.stride * (steps[k] ?? 0));
    const bandwidth = assign(this.#current, this.#normal.bandwidth, variables, values);
    const key = JSON.stringify(bandwidth);
    if (!this.#known.has(key)) this.#known.set(key, this.#evaluate(bandwidth));
    return this.#known.get(key);
  }

  #evaluate(bandwidth: Bandwidth): Costs | undefined {
    const built = build(this.#checked, bandwidth);
    const costs = built && costsOf(built.graph);
    // Another number of layers is another network: not one that this polynomial speaks of.
    return costs?.params.length === this.#start.params.length ? costs : undefined;
  }

  #variables(vary: Vary): Pick<Model, 'variables' | 'frozen'> {
    const widths = this.#normal.bandwidth;
    if (vary.kind === 'base') {
      const start = this.#normal.base as number;
      const stride = this.#stride([], start);
      return stride === undefined
        ? { variables: [], frozen: [] }
        : { variables: [{ entries: [], start, stride }], frozen: [] };
    }
    const variables: Variable[] = [];
    const frozen: number[] = [];
    const taken = new Set<number>();
    for (const i of vary.indices) {
      if (taken.has(i)) continue;
      const free = vary.indices.filter((j) => !taken.has(j) && widths[j] === widths[i]);
      const variable = this.#variable(i, free);
      if (!variable) frozen.push(i);
      else if (this.#matters(variable)) variables.push(variable);
      for (const j of variable?.entries ?? [i]) taken.add(j);
    }
    return { variables, frozen };
  }

  /** The entry alone, or with the fewest of its equals that it must go along with. */
  #variable(i: number, equals: readonly number[]): Variable | undefined {
    const start = this.#normal.bandwidth[i] as number;
    const alone = this.#stride([i], start);
    if (alone !== undefined) return { entries: [i], start, stride: alone };
    let entries = equals;
    let stride = this.#stride(entries, start);
    if (stride === undefined) return undefined;
    for (const j of equals) {
      if (j === i) continue;
      const fewer = entries.filter((e) => e !== j);
      const found = this.#stride(fewer, start);
      if (found !== undefined) [entries, stride] = [fewer, found];
    }
    return { entries, start, stride: stride as number };
  }

  /** The smallest step that compiles once and twice: what group counts and divisions allow. */
  #stride(entries: readonly number[], start: number): number | undefined {
    for (let stride = 1; stride <= largestStride; stride++) {
      const variable = [{ entries, start, stride }];
      if (this.costs(variable, [1]) && this.costs(variable, [2])) return stride;
    }
    return undefined;
  }

  #matters(variable: Variable): boolean {
    const one = this.costs([variable], [1]);
    return fitMetrics.some((m) => one?.[m].some((cost, i) => cost !== this.#start[m][i]));
  }

  #polynomials(variables: readonly Variable[]): Model['polynomials'] | undefined {
    const n = variables.length;
    const at = (...steps: readonly [number, number][]) => {
      const all = new Array<number>(n).fill(0);
      for (const [k, u] of steps) all[k] = u;
      return this.costs(variables, all);
    };
    const ones = variables.map((_, k) => at([k, 1]));
    const twos = variables.map((_, k) => at([k, 2]));
    const together = this.costs(variables, new Array<number>(n).fill(1));
    if (!together || ![...ones, ...twos].every((c) => c !== undefined)) return undefined;
    const pairs = new Map<string, Costs>();
    const found: Partial<Record<FitMetric, Polynomial>> = {};
    for (const metric of fitMetrics) {
      const polynomial = new Polynomial(n, total(this.#start[metric]));
      this.#start[metric].forEach((start, layer) => {
        const value = (costs: Costs | undefined) => costs?.[metric][layer] as number;
        const touched = variables
          .map((_, k) => k)
          .filter((k) => value(ones[k]) !== start || value(twos[k]) !== start);
        for (const k of touched) {
          polynomial.addSingle(
            k,
            value(ones[k]) - start,
            value(twos[k]) - 2 * value(ones[k]) + start,
          );
        }
        for (const [a, b] of pairsOf(touched)) {
          const key = `${a},${b}`;
          // Where only two take part, the run with all of them moved already shows their product.
          const both = touched.length === 2 ? together : (pairs.get(key) ?? at([a, 1], [b, 1]));
          if (both && touched.length > 2) pairs.set(key, both);
          polynomial.addProduct(a, b, value(both) - value(ones[a]) - value(ones[b]) + start);
        }
      });
      found[metric] = polynomial;
    }
    const polynomials = found as Model['polynomials'];
    return this.#agrees(variables, polynomials) ? polynomials : undefined;
  }

  /** Two points that took no part in the fit. */
  #agrees(variables: readonly Variable[], polynomials: Model['polynomials']): boolean {
    const trials = [
      variables.map((_, k) => 3 + (k % 3)),
      variables.map((_, k) => 1 + ((k * 7) % 5)),
    ];
    return trials.every((steps) => {
      const costs = this.costs(variables, steps);
      // Where widths stand in a relation that these steps break, nothing can be learnt from them.
      return !costs || fitMetrics.every((m) => total(costs[m]) === polynomials[m].value(steps));
    });
  }
}

function pairsOf(list: readonly number[]): readonly (readonly [number, number])[] {
  return list.flatMap((a, i) => list.slice(i + 1).map((b) => [a, b] as const));
}
