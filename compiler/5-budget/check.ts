/** Phase 5, budget: the counts of a Graph against the limits of its file. */

import type { Places } from '../1-load/tree.ts';
import type { Limit } from '../2-validate/spec.ts';
import type { NormalSpec } from '../3-normalize/normal.ts';
import { overBudget } from '../diagnostics/codes/budget.ts';
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts';
import type { Counts } from './counts.ts';

export const metrics = [
  'params',
  'macs',
  'activationBytes',
  'weightBytes.fp32',
  'weightBytes.fp16',
  'weightBytes.int8',
] as const;
export type Metric = (typeof metrics)[number];

/** One limit and how the network stands to it. */
export interface Verdict {
  readonly metric: Metric;
  readonly limit: 'exactly' | 'atMost' | 'within';
  /** What is allowed, both ends included. */
  readonly allowed: { readonly minimum: number; readonly maximum: number };
  readonly actual: number;
  readonly ok: boolean;
}

export interface Budgeted {
  readonly verdicts: readonly Verdict[];
  /** One a limit that is not kept; the caller decides whether that is an error. */
  readonly violations: readonly Diagnostic[];
}

export function measured(counts: Counts, metric: Metric): number {
  switch (metric) {
    case 'params':
      return counts.params.trainable;
    case 'macs':
      return counts.macs;
    case 'activationBytes':
      return counts.activationBytes;
    case 'weightBytes.fp32':
      return counts.weightBytes.fp32;
    case 'weightBytes.fp16':
      return counts.weightBytes.fp16;
    case 'weightBytes.int8':
      return counts.weightBytes.int8;
  }
}

export function checkBudget(
  counts: Counts,
  budget: NormalSpec['budget'],
  places: Places,
  /** Whether the file has widths that `fit` could solve. */
  solvable = true,
): Budgeted {
  const verdicts: Verdict[] = [];
  const violations: Diagnostic[] = [];
  for (const metric of metrics) {
    const [key, type] = metric.split('.') as [string, string | undefined];
    const holder = type
      ? (budget?.weightBytes as object | undefined)
      : (budget as object | undefined);
    const limit = (holder as Record<string, Limit> | undefined)?.[type ?? key];
    if (!holder || !limit) continue;
    const verdict = judge(metric, limit, measured(counts, metric));
    verdicts.push(verdict);
    if (verdict.ok) continue;
    violations.push(
      diagnose(overBudget, describe(verdict), {
        place: places.at(holder, type ?? key),
        related: costliest(counts, metric),
        hint: nearestFix(verdict, places.at(holder, type ?? key)?.file ?? 'FILE', solvable),
      }),
    );
  }
  return { verdicts, violations };
}

function judge(metric: Metric, limit: Limit, actual: number): Verdict {
  if (limit.exactly !== undefined) {
    const allowed = { minimum: limit.exactly, maximum: limit.exactly };
    return { metric, limit: 'exactly', allowed, actual, ok: actual === limit.exactly };
  }
  if (limit.within) {
    const slack = Math.floor((limit.within.target * limit.within.percent) / 100);
    const allowed = { minimum: limit.within.target - slack, maximum: limit.within.target + slack };
    const ok = allowed.minimum <= actual && actual <= allowed.maximum;
    return { metric, limit: 'within', allowed, actual, ok };
  }
  const maximum = limit.atMost ?? Number.MAX_SAFE_INTEGER;
  return {
    metric,
    limit: 'atMost',
    allowed: { minimum: 0, maximum },
    actual,
    ok: actual <= maximum,
  };
}

const number = (n: number) => n.toLocaleString('en-US');

function describe({ metric, limit, allowed, actual }: Verdict) {
  const rule =
    limit === 'exactly'
      ? `exactly ${number(allowed.maximum)}`
      : limit === 'atMost'
        ? `at most ${number(allowed.maximum)}`
        : `${number(allowed.minimum)} to ${number(allowed.maximum)}`;
  const over = actual - allowed.maximum;
  const difference =
    over > 0 ? `${number(over)} too many` : `${number(allowed.minimum - actual)} too few`;
  return { metric, actual: number(actual), rule, difference };
}

/** The lines of the file that cost most, several layers of one line taken together. */
function costliest(counts: Counts, metric: Metric) {
  const cost = (l: Counts['layers'][number]) => (metric === 'macs' ? l.macs : l.params);
  if (metric === 'activationBytes') return [];
  const lines = new Map<string, { file: string; line: number; cost: number }>();
  for (const layer of counts.layers) {
    const key = `${layer.file}:${layer.line}`;
    const entry = lines.get(key) ?? { file: layer.file, line: layer.line, cost: 0 };
    lines.set(key, { ...entry, cost: entry.cost + cost(layer) });
  }
  const total = [...lines.values()].reduce((sum, l) => sum + l.cost, 0);
  return [...lines.values()]
    .sort((a, b) => b.cost - a.cost)
    .slice(0, 3)
    .filter((l) => l.cost > 0)
    .map(({ file, line, cost: c }) => {
      const at = { line, col: 1, offset: 0 };
      return {
        place: { file, range: { start: at, end: at } },
        message: `${number(c)} come from this line (${Math.round((100 * c) / total)}%)`,
      };
    });
}

function nearestFix({ metric, allowed }: Verdict, file: string, solvable: boolean): string {
  if (metric === 'params') {
    return solvable
      ? `netlathe fit ${file} --params ${allowed.maximum} finds widths that give it`
      : 'change the lines that cost most; with their widths in a bandwidth list, netlathe fit solves them';
  }
  if (metric === 'macs') return 'a stride or pool further up, or narrower early layers, saves most';
  if (metric === 'activationBytes')
    return 'the peak is at the first layers: pool or stride earlier, or start narrower';
  return 'fewer parameters, or a narrower type: weightBytes.int8';
}
