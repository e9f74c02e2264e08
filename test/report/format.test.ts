import { describe, expect, it } from 'vitest';
import * as format from '../../runtime/report/format.ts';
import { escapeHtml, html } from '../../runtime/report/html.ts';

describe('format', () => {
  it('writes magnitudes with three figures', () => {
    const all = [0, 7, 999, 1234, 29_600_512, 999_999].map(format.magnitude);
    expect(all).toEqual(['0', '7', '999', '1.23\u00a0k', '29.6\u00a0M', '1.00\u00a0M']);
    expect(format.bytes(412_345_678)).toBe('412\u00a0MB');
  });

  it('writes times', () => {
    const all = [0.84, 59.4, 60, 918.4, 3600, 7300].map(format.duration);
    expect(all.map((t) => t.replaceAll('\u00a0', ' '))).toEqual([
      '0.8 s',
      '59 s',
      '1 min',
      '15 min 18 s',
      '1 h',
      '2 h 1 min',
    ]);
    expect(format.moment('2026-11-24T14:03:27.000Z')).toBe('24 November 2026, 14:03 UTC');
    expect(format.moment('soon')).toBe('soon');
  });

  it('shows a dash for what is not a number', () => {
    expect([format.percent(null), format.decimals(Number.NaN), format.integer(undefined)]).toEqual([
      '–',
      '–',
      '–',
    ]);
    expect(format.width(Number.NaN)).toBe('0%');
    expect(format.width(7)).toBe('100%');
  });
});

describe('html', () => {
  it('escapes whatever is not Html', () => {
    const hostile = `</script><b a="1" c='2'>&\``;
    const fragment = html`<p title="${hostile}">${[hostile, 3, html`<i>x</i>`]}${undefined}</p>`;
    const escaped = '&lt;/script&gt;&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;&#96;';
    expect(fragment.toHTML()).toBe(`<p title="${escaped}">${escaped}3<i>x</i></p>`);
  });

  it('replaces what a page cannot carry', () => {
    expect(escapeHtml('a\0b\ud800c\ufffed 😀\n')).toBe('a\ufffdb\ufffdc\ufffdd 😀\n');
  });
});
