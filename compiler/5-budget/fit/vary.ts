/** What `fit` may change: the base, or entries of the bandwidth list. */

import type { NormalSpec } from '../../3-normalize/normal.ts';
import type { Bandwidth } from './evaluate.ts';

/** The base, or positions in the list. */
export type Vary =
  | { readonly kind: 'base' }
  | { readonly kind: 'entries'; readonly indices: readonly number[] };

export type VaryResult =
  | { readonly ok: true; readonly vary: Vary }
  | { readonly ok: false; readonly problem: string };

/** `bandwidth`, `bandwidth.base`, `bandwidth[3]`, `bandwidth[3..7]`, `bandwidth[1,3..7]`. */
export function parseVary(text: string, normal: NormalSpec): VaryResult {
  const { bandwidth, base } = normal;
  if (bandwidth.length === 0)
    return refuse('the file has no bandwidth: there are no widths to vary');
  const word = text.replaceAll(/\s/g, '');
  if (word === 'bandwidth.base' || word === 'base') {
    if (base === undefined) return refuse('the bandwidth is a plain list and has no base');
    return { ok: true, vary: { kind: 'base' } };
  }
  if (word === 'bandwidth') return entries(bandwidth.map((_, i) => i));
  const inside = /^bandwidth\[([\d.,]+)\]$/.exec(word)?.[1];
  if (inside === undefined) {
    return refuse(`"${text}" is not bandwidth, bandwidth.base, bandwidth[3] or bandwidth[3..7]`);
  }
  const indices = new Set<number>();
  for (const part of inside.split(',')) {
    const range = /^(\d{1,4})(?:\.\.(\d{1,4}))?$/.exec(part);
    if (!range) return refuse(`"${part}" is no index and no range such as 3..7`);
    const first = Number(range[1]);
    const last = range[2] === undefined ? first : Number(range[2]);
    if (last < first) return refuse(`the range ${part} runs backwards`);
    if (last >= bandwidth.length) {
      return refuse(
        `bandwidth has ${bandwidth.length} entries; the last is bandwidth[${bandwidth.length - 1}]`,
      );
    }
    for (let i = first; i <= last; i++) indices.add(i);
  }
  return entries([...indices].sort((a, b) => a - b));
}

function entries(indices: readonly number[]): VaryResult {
  return { ok: true, vary: { kind: 'entries', indices } };
}

function refuse(problem: string): VaryResult {
  return { ok: false, problem };
}

/** How the user wrote it, or would. */
export function showVary(vary: Vary, length: number): string {
  if (vary.kind === 'base') return 'bandwidth.base';
  const { indices } = vary;
  if (indices.length === length) return 'bandwidth';
  const runs: [number, number][] = [];
  for (const i of indices) {
    const last = runs.at(-1);
    if (last && last[1] === i - 1) last[1] = i;
    else runs.push([i, i]);
  }
  return `bandwidth[${runs.map(([a, b]) => (a === b ? `${a}` : `${a}..${b}`)).join(',')}]`;
}

/**
 * One unknown. Entries that must change together (the two sides of a residual sum, say) are one variable. `start` is
 * the value in the file; every value `start + k * stride` compiles, as far as was probed.
 */
export interface Variable {
  /** Positions in the list; none for the base. */
  readonly entries: readonly number[];
  readonly start: number;
  readonly stride: number;
}

/** The bandwidth with values for some variables, in the form that the evaluator takes. */
export function assign(
  current: Bandwidth,
  widths: readonly number[],
  variables: readonly Variable[],
  values: readonly number[],
): Bandwidth {
  const list = [...widths];
  let base: number | undefined;
  variables.forEach((variable, k) => {
    if (variable.entries.length === 0) base = values[k];
    for (const i of variable.entries) list[i] = values[k] as number;
  });
  if (base === undefined) return list;
  return Array.isArray(current) ? list : { ...current, base };
}
