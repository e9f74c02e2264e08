/** Frozen layers: which, and what is refused. */
import { describe, expect, it } from 'vitest';
import { checkFreeze, freezer } from '../../runtime/train/freeze.ts';
import { networkOf } from '../support/compile.ts';

const graph = networkOf(
  `
- { op: conv2d, kernel: 3, filters: 4, name: stem }
- batchNorm
- relu
`,
  8,
);
const refusal = (patterns: readonly string[]): string => {
  try {
    checkFreeze(graph, patterns);
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint: string };
    return `${code} ${message} (${hint})`;
  }
  return 'none';
};

describe('train.freeze', () => {
  it('matches whole names, with * for any text', () => {
    expect(['stem', 'stem_2', 'my_stem'].filter(freezer(['stem*']))).toEqual(['stem', 'stem_2']);
    expect(['a.conv.b', 'a.norm.b'].filter(freezer(['a.*n*.b']))).toEqual(['a.conv.b', 'a.norm.b']);
    expect(['stem'].filter(freezer(['ste']))).toEqual([]);
  });

  it('may leave one layer', () => {
    expect(refusal([])).toBe('none');
    expect(refusal(['stem'])).toBe('none');
  });

  it('names a pattern that matches nothing, and the layer that was meant', () => {
    expect(refusal(['stemm'])).toBe(
      'E550 train.freeze: "stemm" names no layer with weights (did you mean "stem"?)',
    );
  });

  it('refuses to freeze everything', () => {
    expect(refusal(['*'])).toMatch(/^E550 train.freeze: "\*" leaves nothing to train/);
  });
});
