import { describe, expect, it } from 'vitest';
import { diff } from '../../compiler/5-budget/diff.ts';
import { chain, compiled } from './support.ts';

const kinds = (a: string, b: string) =>
  diff(compiled(a), compiled(b))
    .layers.filter((l) => l.kind !== 'same')
    .map((l) => `${l.kind} ${(l.after ?? l.before)?.name}`);

describe('diff', () => {
  const base = chain('[4, 6]');

  it('finds nothing between equal networks', () => {
    expect(kinds(base, `# another comment\n${base}`)).toEqual([]);
  });

  it('adds up to the difference of the totals', () => {
    const [a, b] = [compiled(base), compiled(chain('[4, 8, 12]'))];
    const { layers, totals } = diff(a, b);
    const sum = layers.reduce((s, l) => s + (l.after?.params ?? 0) - (l.before?.params ?? 0), 0);
    const params = totals.find((t) => t.metric === 'params');
    expect(sum).toBe((params?.after ?? 0) - (params?.before ?? 0));
  });

  it('names what was added and removed, and leaves its neighbours alone', () => {
    const more = base.replace('  - globalAvgPool', '  - relu\n  - globalAvgPool');
    expect(kinds(base, more)).toEqual(['added relu_1']);
    expect(kinds(more, base)).toEqual(['removed relu_1']);
  });

  it('tells which attributes changed', () => {
    const wider = compiled(base.replace('kernel: 3', 'kernel: 5'));
    const change = diff(compiled(base), wider).layers.find((l) => l.kind === 'changed');
    expect(change?.attributes).toContain('kernel: [3, 3] → [5, 5]');
  });
});
