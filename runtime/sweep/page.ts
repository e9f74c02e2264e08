/** The page of a search: accuracy against each key, rung by rung, and the table. No script, no request. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TopLevelSpec } from 'vega-lite';
import { costOf } from '../../compiler/suite/sweep/rungs.ts';
import { packageRoot } from '../package-root.ts';
import { axisStyle, drawSpecification } from '../report/charts.ts';
import { escapeHtml, type Html, html, name, trusted } from '../report/html.ts';
import { figureOf, inOrder, type KeyRecord, type SweepRecord, shown } from './records.ts';

/** Rows of the table, so that a page of a thousand trials still opens. */
const mostRows = 200;

export async function sweepPage(record: SweepRecord): Promise<string> {
  const css = await readFile(join(packageRoot(), 'templates/report/base.css'), 'utf8');
  const charts: Html[] = [];
  for (const [i, key] of record.keys.entries()) charts.push(await chartOf(record, key, i));
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${record.name} · search</title>
<link rel="icon" href="data:,">
<style>${trusted(css)}
main > p { margin: .7rem 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: 1.5rem; margin: 1.5rem 0; }
.charts figure { margin: 0; }
.charts svg { width: 100%; height: auto; display: block; }
.charts figcaption { font-weight: 600; overflow-wrap: anywhere; }
.rungs { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: 0; list-style: none; }
.rungs svg { width: .8rem; height: .8rem; vertical-align: -.05rem; margin-right: .4rem; }
.scroll { overflow-x: auto; }
h2 { margin: 2rem 0 .8rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .8rem; text-align: left; border-bottom: 1px solid var(--line); }
thead th { vertical-align: bottom; border-bottom-color: var(--line-strong); color: var(--soft); font-weight: 600; }
th:first-child { padding-left: 0; }
.number { text-align: right; white-space: nowrap; }
</style>
</head>
<body><main>
<h1>${name(record.name)}: a search over ${record.keys.length === 1 ? 'one key' : html`${record.keys.length} keys`}</h1>
${summary(record)}
<ul class="rungs">${record.rungs.map(({ epochs, count }, i) => legend(epochs, count, i, record.rungs.length))}</ul>
<div class="charts">${charts}</div>
<h2>Combinations</h2>
${table(record)}
<p>Accuracy is that of the weights that validation chose, on the validation photos${seedsOf(record) > 1 ? html`, the mean over ${seedsOf(record)} seeds` : ''}. The best of many is picked by luck, too: train it again with other seeds, or compare it by <code>netlathe compare</code>, before you believe the difference.</p>
</main></body>
</html>
`;
  return page.toHTML();
}

const seedsOf = ({ candidates }: SweepRecord): number => candidates[0]?.rungs[0]?.seeds.length ?? 1;

function summary(record: SweepRecord): Html {
  const { best, candidates, rungs, keys } = record;
  const { epochs, full } = costOf(rungs);
  const chosen = candidates.find(({ id }) => id === best?.id);
  const values = keys.map(
    ({ key }, i) => html`${i > 0 ? ', ' : ''}<code>${key}</code> ${shown(chosen?.values[i])}`,
  );
  const answer =
    best && chosen
      ? html`<p>Best: <b>${percent(best.top1)}</b> by ${best.id}: ${values}. <code>netlathe train --arch ${best.file} --data PHOTOS</code> trains it again.</p>`
      : html`<p>No combination was trained to the end.</p>`;
  const saved =
    rungs.length > 1
      ? html`: ${epochs.toLocaleString('en-US')} epochs in all, where training all to the end takes ${full.toLocaleString('en-US')}`
      : '';
  const left =
    record.leftOut > 0
      ? html` ${record.leftOut} others did not compile or were over the budget.`
      : '';
  return html`${answer}<p>${candidates.length} combinations of ${name(record.network)}, ${record.method === 'grid' ? 'a grid' : html`drawn at random with seed ${record.seed}`}${saved}.${left}</p>`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

/** The last rung in full colour, those before it fainter. */
const opacityOf = (rung: number, rungs: number): number => 0.3 + (0.7 * (rung + 1)) / rungs;
const radiusOf = (rung: number, rungs: number): number => 3 + (2.5 * (rung + 1)) / rungs;
const colourOf = (rung: number, rungs: number): string =>
  rung === rungs - 1 ? 'var(--train)' : 'var(--validation)';

function legend(epochs: number, count: number, rung: number, rungs: number): Html {
  const colour = colourOf(rung, rungs);
  const dot = html`<svg viewBox="0 0 12 12" aria-hidden="true"><circle cx="6" cy="6" r="${radiusOf(rung, rungs)}" fill="${colour}" fill-opacity="${opacityOf(rung, rungs)}"/></svg>`;
  return html`<li>${dot}${count} for ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}</li>`;
}

async function chartOf(record: SweepRecord, key: KeyRecord, index: number): Promise<Html> {
  const values = record.candidates.map((candidate) => candidate.values[index]);
  const labels = key.scale === 'choice' ? labelsOf(values) : [];
  const points = record.candidates.flatMap(({ values, rungs }) =>
    rungs.flatMap(({ top1 }, rung) => {
      const x =
        key.scale === 'choice' ? labels.indexOf(shown(values[index])) : Number(values[index]);
      const [size, opacity] = [
        radiusOf(rung, record.rungs.length) ** 2 * Math.PI,
        opacityOf(rung, record.rungs.length),
      ];
      const colour = colourOf(rung, record.rungs.length);
      return top1 === null ? [] : [{ x, top1, size, opacity, colour }];
    }),
  );
  const svg = await drawSpecification(specification(points, key, labels.length));
  // Only numbers reach vega: the names of choices are put in place of their numbers afterwards.
  const named = svg.replace(/@(\d+)@/g, (_all, i: string) =>
    escapeHtml(clipped(labels[Number(i)] ?? '')),
  );
  const label = `Accuracy on validation against ${key.key}, a dot for each combination and rung`;
  const drawing = named.replace('<svg ', `<svg role="img" aria-label="${escapeHtml(label)}" `);
  return html`<figure><figcaption>${key.key}</figcaption>${trusted(drawing)}</figure>`;
}

/** Numbers by size, all else in the order in which it was drawn. */
function labelsOf(values: readonly unknown[]): readonly string[] {
  const numbers = values.every((value) => typeof value === 'number');
  const ordered = numbers ? [...values].sort((a, b) => Number(a) - Number(b)) : values;
  return [...new Set(ordered.map(shown))];
}

const clipped = (text: string): string => (text.length > 16 ? `${text.slice(0, 15)}…` : text);

function specification(
  points: readonly object[],
  { scale }: KeyRecord,
  choices: number,
): TopLevelSpec {
  const choice = {
    scale: { domain: [-0.5, choices - 0.5], nice: false },
    axis: {
      ...{ title: null, grid: false, values: Array.from({ length: choices }, (_, i) => i) },
      labelExpr: "'@' + datum.value + '@'",
    },
  };
  const number = {
    scale:
      scale === 'log'
        ? { type: 'log', nice: false, padding: 12 }
        : { zero: false, nice: false, padding: 12 },
    axis: { title: null, format: '~g', tickCount: 5, grid: false },
  };
  return {
    ...{ width: 360, height: 260, autosize: { type: 'fit', contains: 'padding' }, padding: 8 },
    background: 'transparent',
    data: { values: points },
    mark: { type: 'circle' },
    encoding: {
      x: { field: 'x', type: 'quantitative', ...(scale === 'choice' ? choice : number) },
      y: {
        ...{ field: 'top1', type: 'quantitative', scale: { zero: false, padding: 8 } },
        axis: { title: null, format: '.0%', tickCount: 5 },
      },
      size: { field: 'size', type: 'quantitative', scale: null, legend: null },
      opacity: { field: 'opacity', type: 'quantitative', scale: null, legend: null },
      color: { field: 'colour', type: 'nominal', scale: null, legend: null },
    },
    config: axisStyle,
  } as TopLevelSpec;
}

/** `train.optimizer.name` in a narrow column. */
const breakable = (key: string): readonly Html[] =>
  key.split('.').map((part, i) => (i === 0 ? html`${part}` : html`.<wbr>${part}`));

function table(record: SweepRecord): Html {
  const heads = record.rungs.map(
    ({ epochs }) => html`<th scope="col" class="number">${epochs} ep.</th>`,
  );
  const all = inOrder(record);
  const rows = all.slice(0, mostRows).map(
    ({ id, values, params, rungs }) =>
      html`<tr><th scope="row">${id}</th>${values.map((value) => html`<td>${shown(value)}</td>`)}<td class="number">${params.toLocaleString('en-US')}</td>${record.rungs.map(
        (_, i) => {
          const result = rungs[i];
          return html`<td class="number">${result ? figureOf(result) : ''}</td>`;
        },
      )}</tr>`,
  );
  const more =
    all.length > mostRows ? html`<p>${all.length - mostRows} more are in sweep.json.</p>` : '';
  return html`<div class="scroll"><table><thead><tr><th scope="col">trial</th>${record.keys.map(({ key }) => html`<th scope="col">${breakable(key)}</th>`)}<th scope="col" class="number">params</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>${more}`;
}
