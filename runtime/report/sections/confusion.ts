/** The confusion matrix as a real table whose cells are tinted, and the pairs mixed up most. */
import * as format from '../format.ts';
import { type Html, html, name } from '../html.ts';
import type { EvaluationRecord } from '../records.ts';
import { type Confusion, topConfusions } from '../statistics.ts';
import { type Section, scrollBox, section } from './section.ts';

export function confusion({ confusion: matrix, perClass }: EvaluationRecord): Section | undefined {
  if (matrix.length === 0) return undefined;
  const labels = perClass.map(({ label }) => label);
  const pairs = topConfusions(matrix, 8);
  const size = labels.length <= 12 ? 'small' : labels.length <= 40 ? 'medium' : 'large';
  const body = html`<p class="intro">Each row is a true class, each column a prediction. The deeper the tint, the larger the share of the row's photos:
<span class="swatch hit">right</span>, <span class="swatch miss">wrong</span>.</p>
<div class="matrix-and-pairs ${size}">
${scrollBox('Confusion matrix', `matrix ${size}`, table(matrix, labels))}
${pairs.length > 0 ? mostConfused(pairs, labels) : html`<p class="empty">Not a single mistake.</p>`}
</div>`;
  return section('confusion', 'What it confuses', body);
}

function table(matrix: EvaluationRecord['confusion'], labels: readonly string[]): Html {
  const heads = labels.map((l) => html`<th scope="col" title="${l}"><span>${name(l)}</span></th>`);
  const rows = matrix.map((row, i) => {
    const label = labels[i] ?? '';
    const total = row.reduce((sum, n) => sum + n, 0);
    const cells = row.map((n, j) => cell(n, total, i === j));
    return html`<tr><th scope="row" title="${label}"><span>${name(label)}</span></th>${cells}</tr>\n`;
  });
  return html`<table><caption>Photos by true class (rows) and prediction (columns)</caption><thead><tr><td class="corner" aria-hidden="true">true ↓ &nbsp; predicted →</td>${heads}</tr></thead><tbody>${rows}</tbody></table>`;
}

function cell(count: number, total: number, right: boolean): Html {
  if (count === 0) return right ? html`<td class="h">0</td>` : html`<td></td>`;
  const share = count / total;
  // Mistakes are spread thin: the square root keeps a few photos of a hundred visible.
  const tint = Math.round(100 * (right ? share : Math.sqrt(share)));
  return html`<td class="${right ? 'h' : 'm'}" style="--t:${tint}%">${format.integer(count)}</td>`;
}

function mostConfused(pairs: readonly Confusion[], labels: readonly string[]): Html {
  const rows = pairs.map(
    ({ truth, predicted, count, share }) =>
      html`<tr><th scope="row">${name(labels[truth] ?? '')}</th><td class="text">${name(labels[predicted] ?? '')}</td><td>${format.integer(count)}</td><td>${format.percent(share)}</td></tr>`,
  );
  return html`<div class="pairs"><h3>Mixed up most</h3><table class="numbers"><caption>Pairs of classes mixed up most</caption><thead><tr><th scope="col">True</th><th scope="col" class="text">Taken for</th><th scope="col">Photos</th><th scope="col">Of class</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}
