/** What the best network confuses, and what the others do differently. */

import { type Html, html, name } from '../../report/html.ts';
import { type Section, scrollBox, section } from '../../report/sections/section.ts';
import type { NetworkResult } from '../comparison.ts';
import { byAccuracy, type Context, labelOf, tag } from './context.ts';

type Matrix = readonly (readonly number[])[];

export function confusion(context: Context): Section | undefined {
  const { words, shown } = context;
  const judged = byAccuracy(shown.filter((n) => n.confusion && n.accuracy && n.role === 'rival'));
  const [best, ...others] = judged;
  if (!best?.confusion) return undefined;
  const base = shares(best.confusion);
  const first = box(
    best,
    context,
    plain(base, context),
    words.confusion.of(labelOf(best, context)),
  );
  const rest = others.map((other) => {
    const own = shares(other.confusion as Matrix);
    const less = own.map((row, i) => row.map((v, j) => v - (base[i]?.[j] ?? 0)));
    const title = words.confusion.minus(other.tag, best.tag);
    return box(other, context, difference(less, context), title);
  });
  const all = others.map((other) =>
    box(
      other,
      context,
      plain(shares(other.confusion as Matrix), context),
      words.confusion.of(labelOf(other, context)),
    ),
  );
  const size = context.comparison.classes.length;
  const kind = size <= 12 ? 'small' : size <= 40 ? 'medium' : 'large';
  const swatches = html`<span class="swatch hit">${words.confusion.right}</span>, <span class="swatch miss">${words.confusion.wrong}</span>; <span class="swatch hit">${words.confusion.better}</span>, <span class="swatch miss">${words.confusion.worse}</span>`;
  return section(
    'confusion',
    words.heads.confusion,
    html`<p class="intro">${words.confusion.intro(context.speaker.name(labelOf(best, context)))} ${swatches}</p>`,
    html`<div class="matrices ${kind}">${first}${rest}</div>`,
    all.length > 0
      ? html`<details><summary>${words.confusion.all}</summary><div class="matrices ${kind}">${all}</div></details>`
      : undefined,
  );
}

function box(network: NetworkResult, context: Context, table: Html, title: string): Html {
  const size = context.comparison.classes.length;
  const kind = size <= 12 ? 'small' : size <= 40 ? 'medium' : 'large';
  return html`<figure><figcaption><h3>${tag(network, context)} ${name(title)}</h3></figcaption>${scrollBox(title, `matrix ${kind}`, table)}</figure>`;
}

/** Of each row: what share of the class's photos was taken for what. */
function shares(matrix: Matrix): Matrix {
  return matrix.map((row) => {
    const total = row.reduce((sum, n) => sum + n, 0);
    return row.map((n) => (total === 0 ? 0 : n / total));
  });
}

function plain(matrix: Matrix, context: Context): Html {
  return tableOf(matrix, context, context.words.confusion.caption, (share, right) => {
    const text = Math.round(100 * share);
    if (text === 0) return right ? html`<td class="h">0</td>` : html`<td></td>`;
    const tint = Math.round(100 * (right ? share : Math.sqrt(share)));
    return html`<td class="${right ? 'h' : 'm'}" style="--t:${tint}%">${text}</td>`;
  });
}

/** Tinted by whether it is for the better: more on the diagonal is, more beside it is not. */
function difference(matrix: Matrix, context: Context): Html {
  return tableOf(matrix, context, context.words.confusion.differenceCaption, (less, right) => {
    const text = Math.round(100 * less);
    if (text === 0) return html`<td></td>`;
    const better = right === less > 0;
    const tint = Math.min(100, Math.round(100 * Math.sqrt(Math.abs(less) * 2)));
    return html`<td class="${better ? 'h' : 'm'}" style="--t:${tint}%">${text > 0 ? `+${text}` : `−${-text}`}</td>`;
  });
}

function tableOf(
  matrix: Matrix,
  { comparison, words }: Context,
  caption: string,
  cell: (value: number, right: boolean) => Html,
): Html {
  const labels = comparison.classes;
  const heads = labels.map((l) => html`<th scope="col" title="${l}"><span>${name(l)}</span></th>`);
  const rows = matrix.map((row, i) => {
    const label = labels[i] ?? '';
    return html`<tr><th scope="row" title="${label}"><span>${name(label)}</span></th>${row.map((v, j) => cell(v, i === j))}</tr>\n`;
  });
  return html`<table><caption>${caption}</caption><thead><tr><td class="corner" aria-hidden="true">${words.confusion.corner}</td>${heads}</tr></thead><tbody>${rows}</tbody></table>`;
}
