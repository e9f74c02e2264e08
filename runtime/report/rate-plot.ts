/** The picture of a learning-rate range test: an SVG of its own, and a page around it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TopLevelSpec } from 'vega-lite';
import { packageRoot } from '../package-root.ts';
import type { RangePoint, RangeReading } from '../train/rate-range.ts';
import { axisStyle, drawSpecification } from './charts.ts';
import { escapeHtml, html, name, trusted } from './html.ts';

export interface RatePlot {
  readonly title: string;
  readonly points: readonly RangePoint[];
  readonly reading: RangeReading;
}

/** Those of the page in daylight: an SVG file has no page to take them from. */
const colours: Readonly<Record<string, string>> = {
  paper: '#fbfaf7',
  train: '#b4540a',
  validation: '#0b6a85',
  soft: '#5c6068',
  line: '#e6e3dc',
  'line-strong': '#c9c5bb',
};

export async function ratePlotSvg(plot: RatePlot): Promise<string> {
  const svg = await drawSpecification(specification(plot));
  return svg
    .replace(/var\(--([a-z-]+)\)/g, (whole, key: string) => colours[key] ?? whole)
    .replaceAll('font-family="inherit"', 'font-family="system-ui, sans-serif"');
}

export async function ratePlotPage(plot: RatePlot): Promise<string> {
  const css = await readFile(join(packageRoot(), 'templates/report/base.css'), 'utf8');
  const svg = await drawSpecification(specification(plot));
  const { suggestion, reason } = plot.reading;
  const label = `Loss over the learning rate: ${reason}`;
  const drawing = svg.replace('<svg ', `<svg role="img" aria-label="${escapeHtml(label)}" `);
  const answer =
    suggestion === undefined
      ? html`<p>No learning rate stands out: ${reason}.</p>`
      : html`<p>Suggested: <b>${suggestion}</b>, since ${reason}.</p>`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${plot.title} · learning rate</title>
<link rel="icon" href="data:,">
<style>${trusted(css)}
main > svg { width: 100%; height: auto; }
</style>
</head>
<body><main>
<h1>${name(plot.title)}: which learning rate</h1>
${answer}
${trusted(drawing)}
<p>Each dot is a step of ${plot.points.length}, at its own rate; the line is their mean over neighbours.</p>
</main></body>
</html>
`;
  return page.toHTML();
}

const titleStyle = { titleColor: 'var(--soft)', titleFont: 'inherit', titleFontWeight: 'normal' };

function specification({ points, reading }: RatePlot): TopLevelSpec {
  const { smooth, suggestion, lowest } = reading;
  const top = 1.6 * Math.max(...smooth.slice(0, Math.ceil(smooth.length / 2)), 0);
  const data = points.map(({ rate, loss }, i) => ({
    rate,
    loss: Math.min(loss, top),
    mean: smooth[i],
  }));
  const rates = points.map(({ rate }) => rate);
  const marks = [
    ...(suggestion === undefined
      ? []
      : [{ rate: suggestion, text: `suggested ${suggestion}`, colour: 'var(--validation)' }]),
    ...(lowest === undefined ? [] : [{ rate: lowest, text: 'lowest loss', colour: 'var(--soft)' }]),
  ];
  const x = {
    field: 'rate',
    type: 'quantitative',
    scale: { type: 'log', domain: [Math.min(...rates), Math.max(...rates)], nice: false },
    axis: { title: 'learning rate', format: '~g', tickCount: 7, grid: false },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative',
    scale: { zero: false, clamp: true, domainMax: top },
    axis: { title: 'loss', tickCount: 6 },
  });
  const colour = { field: 'colour', type: 'nominal', scale: null, legend: null };
  return {
    width: 720,
    height: 360,
    autosize: { type: 'fit', contains: 'padding' },
    padding: 12,
    background: 'transparent',
    data: { values: data },
    layer: [
      {
        mark: { type: 'circle', size: 22, color: 'var(--train)', opacity: 0.45 },
        encoding: { x, y: y('loss') },
      },
      {
        mark: { type: 'line', strokeWidth: 2.5, color: 'var(--train)', clip: true },
        encoding: { x, y: y('mean') },
      },
      {
        data: { values: marks },
        mark: { type: 'rule', strokeDash: [5, 4], strokeWidth: 1.5 },
        encoding: { x, color: colour },
      },
      {
        data: { values: marks },
        mark: { type: 'text', align: 'right', dx: -5, baseline: 'top', fontSize: 12, y: 4 },
        encoding: { x, text: { field: 'text' }, color: colour },
      },
    ],
    config: { ...axisStyle, axis: { ...axisStyle.axis, ...titleStyle } },
  } as TopLevelSpec;
}
