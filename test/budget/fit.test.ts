/** `fit`: every proposal compiles to what it says, keeps the rules, and small cases are solved as by trying all. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bandwidth, build, costsOf, total } from '../../compiler/5-budget/fit/evaluate.ts';
import { rewrite } from '../../compiler/5-budget/fit/rewrite.ts';
import { parseVary, showVary } from '../../compiler/5-budget/fit/vary.ts';
import {
  type Fit,
  type FitRequest,
  fitWidths,
  type Solution,
} from '../../compiler/5-budget/fit.ts';
import type { Compiled } from '../../compiler/compile.ts';
import { chain, compiled, compiledFrom } from './support.ts';

function fitted(arch: Compiled, request: FitRequest): Fit {
  const result = fitWidths(arch, request);
  if (!result.ok) throw new Error(result.diagnostics.map((d) => d.message).join('\n'));
  return result.value;
}

const best = (found: Fit) => found.solutions[0] as Solution;

function params(arch: Compiled, bandwidth: Bandwidth): number | undefined {
  const built = build(arch.spec, bandwidth);
  return built && total(costsOf(built.graph).params);
}

const rising = fc
  .array(fc.integer({ min: 2, max: 40 }), { minLength: 2, maxLength: 5 })
  .map((widths) => widths.sort((a, b) => a - b));
const rule = fc.constantFrom('exactly' as const, 'atMost' as const, 'nearest' as const);

describe('fit', () => {
  it('compiles to what it promises, keeps rule, multiple and order', () => {
    fc.assert(
      fc.property(
        rising,
        rule,
        fc.constantFrom(1, 2, 4),
        fc.integer({ min: 50, max: 400 }),
        (widths, wanted, multipleOf, percent) => {
          const arch = compiled(chain(`[${widths.join(', ')}]`));
          const target = Math.round((arch.counts.params.trainable * percent) / 100);
          const goal = { metric: 'params' as const, target, rule: wanted };
          const result = fitWidths(arch, { goal, multipleOf, count: 3 });
          if (!result.ok) return;
          for (const solution of result.value.solutions) {
            expect(params(arch, solution.bandwidth)).toBe(solution.params);
            expect(solution.widths.every((w) => w % multipleOf === 0)).toBe(true);
            expect([...solution.widths].sort((a, b) => a - b)).toEqual(solution.widths);
            if (!result.value.met) continue;
            if (wanted === 'exactly') expect(solution.params).toBe(target);
            if (wanted === 'atMost') expect(solution.params).toBeLessThanOrEqual(target);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps the limit of the file on the other cost, where that can be', () => {
    const goal = { metric: 'params', target: 20_000, rule: 'atMost' } as const;
    const [free] = fitted(compiled(chain('[8, 16, 32]')), { goal }).solutions;
    const macs = Math.round((free?.macs ?? 0) * 0.7);
    const limited = compiled(chain('[8, 16, 32]', `budget: { macs: { atMost: ${macs} } }\n`));
    const found = best(fitted(limited, { goal }));
    expect(found.macs).toBeLessThanOrEqual(macs);
    expect(found.broken).toEqual([]);
    const hopeless = compiled(chain('[8, 16, 32]', 'budget: { macs: { atMost: 1 } }\n'));
    expect(best(fitted(hopeless, { goal }))).toMatchObject({
      params: free?.params,
      broken: ['macs'],
    });
  });

  it('points at the bandwidth where it cannot vary', () => {
    const result = fitWidths(compiled(chain('[8, 16, 32]')), {
      goal: { metric: 'params', target: 1000, rule: 'atMost' },
      vary: 'bandwidth.base',
    });
    const [said] = result.diagnostics;
    expect(said?.code).toBe('E611');
    expect(said?.place?.range.start.line).toBe(
      chain('[8, 16, 32]')
        .split('\n')
        .findIndex((line) => line.startsWith('bandwidth:')) + 1,
    );
  });

  it('finds what trying all widths finds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 7 }), { minLength: 2, maxLength: 3 }),
        fc.integer({ min: 60, max: 250 }),
        fc.constantFrom('atMost' as const, 'nearest' as const),
        (unsorted, percent, wanted) => {
          const widths = unsorted.sort((a, b) => a - b);
          const arch = compiled(chain(`[${widths.join(', ')}]`));
          const target = Math.round((arch.counts.params.trainable * percent) / 100);
          const found = fitted(arch, { goal: { metric: 'params', target, rule: wanted } });
          // Inside what fit looks at for any of these targets: a quarter to four times the proportional width.
          const all = combinations(widths.length, 4 * Math.max(...widths))
            .filter((w) => w.every((x, i) => i === 0 || x >= (w[i - 1] as number)))
            .filter((w) => w.every((x, i) => x >= 0.65 * (widths[i] as number)))
            .filter((w) => w.every((x, i) => x <= 2.2 * (widths[i] as number)))
            .map((w) => params(arch, [...w]) as number)
            .filter((cost) => wanted === 'nearest' || cost <= target);
          const least = Math.min(...all.map((cost) => Math.abs(cost - target)));
          expect(Math.abs(best(found).params - target)).toBeLessThanOrEqual(least);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('takes the widths nearest to the ratios among those that meet the target', () => {
    const arch = compiled(chain('[4, 6]'));
    const target = params(arch, [5, 8]) as number;
    const found = fitted(arch, { goal: { metric: 'params', target, rule: 'exactly' }, count: 5 });
    expect(found.proven).toBe(true);
    const deviations = found.solutions.map((s) => s.deviation);
    expect([...deviations].sort((a, b) => a - b)).toEqual(deviations);
    expect(found.solutions.every((s) => s.params === target)).toBe(true);
  });

  it('respects divisions and group counts', () => {
    const arch = compiled(chain('[8, 16, 16]', '', '4'));
    const found = fitted(arch, {
      goal: { metric: 'params', target: 2500, rule: 'nearest' },
      count: 4,
    });
    for (const { widths } of found.solutions) expect(widths.every((w) => w % 4 === 0)).toBe(true);
  });

  it('moves both sides of a sum together, and keeps what nothing can move', () => {
    const arch = compiled(`version: 1
name: sum
input: { height: 8, width: 8 }
classes: 3
bandwidth: [8, 8, 12]
layers:
  - { op: conv2d, kernel: 1, filters: "bandwidth[0]" }
  - { op: add, branches: [[], [{ op: conv2d, kernel: 1, filters: "bandwidth[1]" }]] }
  - { op: conv2d, kernel: 1, filters: "bandwidth[2]" }
  - globalAvgPool
  - { op: dense, units: classes }
`);
    const goal = { metric: 'params', target: 700, rule: 'nearest' } as const;
    const { widths } = best(fitted(arch, { goal }));
    expect(widths[0]).toBe(widths[1]);
    const one = fitWidths(arch, { goal, vary: 'bandwidth[1]' });
    expect(one.ok).toBe(false);
    const rest = fitted(arch, { goal, vary: 'bandwidth[1..2]' });
    expect(rest.frozen).toEqual([1]);
    expect(best(rest).widths.slice(0, 2)).toEqual([8, 8]);
  });

  it('never exceeds the cap on the other cost', () => {
    const arch = compiled(chain('[8, 16, 32]'));
    const maximum = Math.round(arch.counts.macs * 0.8);
    const goal = {
      metric: 'params',
      target: arch.counts.params.trainable,
      rule: 'atMost',
    } as const;
    const found = fitted(arch, { goal, cap: { metric: 'macs', maximum } });
    expect(best(found).macs).toBeLessThanOrEqual(maximum);
  });

  it('still fits where costs are no quadratic polynomial', () => {
    const arch = compiled(
      chain('[2, 3]').replace('filters: "bandwidth[i]"', 'filters: "bandwidth[0] * bandwidth[1]"'),
    );
    const goal = { metric: 'params', target: 2000, rule: 'atMost' } as const;
    const found = fitted(arch, { goal });
    expect(best(found).params).toBeLessThanOrEqual(2000);
    expect(best(found).params).toBe(params(arch, best(found).bandwidth));
  });

  it('prefers the base when it meets the target', () => {
    const arch = compiled(chain('{ base: 4, multipliers: [1, 2] }'));
    const target = params(arch, { base: 7, multipliers: [1, 2] }) as number;
    const found = fitted(arch, { goal: { metric: 'params', target, rule: 'exactly' } });
    expect(best(found).bandwidth).toEqual({ base: 7, multipliers: [1, 2] });
  });

  it('reads --vary and says it back', () => {
    const { normal } = compiled(chain('[1, 2, 3, 4]'));
    for (const text of ['bandwidth', 'bandwidth[2]', 'bandwidth[0,2..3]']) {
      const parsed = parseVary(text, normal);
      expect(parsed.ok && showVary(parsed.vary, 4)).toBe(text);
    }
    for (const bad of [
      'bandwidth[4]',
      'bandwidth[3..1]',
      'width',
      'bandwidth.base',
      'bandwidth[x]',
    ]) {
      expect(parseVary(bad, normal).ok).toBe(false);
    }
  });
});

describe('writing widths back', () => {
  const again = (text: string, widths: readonly number[], variant?: string, files = {}) => {
    const arch = compiledFrom({ ...files, 'a.yaml': text }, 'a.yaml', variant);
    const written = rewrite(arch, text, widths, [...widths]);
    const after = compiledFrom({ ...files, 'a.yaml': written }, 'a.yaml', variant);
    expect(after.normal.bandwidth).toEqual(widths);
    return written;
  };

  it('changes the numbers only', () => {
    const text = chain('[4, 6]  # widths').replace('[4, 6]', '\n  - 4 # first\n  - 6   # second\n');
    expect(again(text, [5, 6])).toBe(text.replace('- 4 #', '- 5 #'));
  });

  it('keeps base x multipliers where it can, and comments always', () => {
    const text = chain('{ base: 4, multipliers: [1, 2] } # note');
    expect(again(text, [8, 12])).toContain('bandwidth: { base: 4, multipliers: [2, 3] } # note');
    expect(again(text, [5, 6])).toContain('bandwidth: [5, 6] # note');
    const block = text.replace(
      '{ base: 4, multipliers: [1, 2] }',
      '\n  base: 4 # b\n  multipliers: [1, 2]',
    );
    expect(again(block, [6, 9])).toContain('base: 3 # b\n  multipliers: [2, 3]');
  });

  it('overrides what another file or the file above a variant says', () => {
    const files = { 'base.yaml': chain('[4, 6]') };
    expect(again('extends: base.yaml # b\nname: x\n', [5, 7], undefined, files)).toBe(
      'extends: base.yaml # b\nbandwidth: [5, 7]\nname: x\n',
    );
    const text = `${chain('[4, 6]')}variants:\n  a: { name: other }\n  b:\n    name: third\n`;
    expect(again(text, [5, 7], 'a')).toContain('a: { bandwidth: [5, 7], name: other }');
    expect(again(text, [5, 7], 'b')).toContain('b:\n    bandwidth: [5, 7]\n    name: third');
  });

  it('replaces a list whose entries are one anchor', () => {
    const text = chain('[4, 6]').replace('[4, 6]', '[&w 4, *w]');
    expect(again(text, [5, 7])).toContain('bandwidth: [5, 7]');
  });
});

function combinations(length: number, most: number): readonly (readonly number[])[] {
  if (length === 0) return [[]];
  const rest = combinations(length - 1, most);
  return Array.from({ length: most }, (_, i) => rest.map((r) => [i + 1, ...r])).flat();
}
