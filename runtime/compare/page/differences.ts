/** Every network against every other. */

import { type Html, html, name } from '../../report/html.ts';
import { type Section, scrollBox, section } from '../../report/sections/section.ts';
import { pairBetween, points, signed } from '../answers.ts';
import type { NetworkResult } from '../comparison.ts';
import { byAccuracy, type Context, labelOf, tag } from './context.ts';

export function differences(context: Context): Section | undefined {
  const { words, shown } = context;
  const rows = byAccuracy(shown.filter((n) => n.accuracy));
  if (rows.length < 2) return undefined;
  const heads = rows.map(
    (n) => html`<th scope="col" aria-label="${labelOf(n, context)}">${tag(n, context)}</th>`,
  );
  const body = rows.map(
    (row) =>
      html`<tr><th scope="row">${tag(row, context)} <span>${name(labelOf(row, context))}</span></th>${rows.map((column) => cell(row, column, context))}</tr>\n`,
  );
  const table = html`<table class="pairs-table"><caption>${words.differences.caption}</caption><thead><tr><td class="corner">${words.differences.corner}</td>${heads}</tr></thead><tbody>${body}</tbody></table>`;
  const [ahead, behind, within, unknown] = words.differences.legend;
  const known = context.comparison.pairs.some(({ standing }) => standing !== 'unknown');
  return section(
    'differences',
    words.heads.differences,
    html`<p class="intro">${words.differences.intro} <span class="swatch ahead">${ahead}</span>, <span class="swatch behind">${behind}</span>, <span class="swatch within">${known ? within : unknown}</span></p>`,
    scrollBox(words.heads.differences, '', table),
  );
}

function cell(row: NetworkResult, column: NetworkResult, context: Context): Html {
  if (row.id === column.id) return html`<td class="same" aria-hidden="true"></td>`;
  const pair = pairBetween(context.comparison, row.id, column.id);
  if (!pair) return html`<td></td>`;
  const { difference, interval } = pair.seeds;
  const range = interval
    ? html`<small>${signed(interval.low)} … ${signed(interval.high)}</small>`
    : undefined;
  return html`<td class="${pair.standing}"><b>${plus(difference)}</b>${range}</td>`;
}

/** `+2.8`, `−2.8`, `0.0`. */
export function plus(difference: number): string {
  const text = points(difference);
  if (text === '0.0') return text;
  return difference > 0 ? `+${text}` : `−${text}`;
}
