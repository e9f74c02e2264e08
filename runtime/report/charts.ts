/**
 * Curves over epochs as SVG, drawn by vega-lite here rather than in the browser. Colours are CSS variables of the page,
 * so that one drawing serves light, dark and print. Only numbers reach vega, never a name of the user's.
 */
import type { TopLevelSpec } from 'vega-lite';
import { type Html, html, trusted } from './html.ts';

export interface Series {
  readonly key: 'train' | 'validation' | 'rate';
  /** A value an epoch; `null` leaves a gap. */
  readonly values: readonly (number | null)[];
}

export interface Chart {
  /** What a screen reader says instead of the drawing. */
  readonly description: string;
  readonly epochs: readonly number[];
  readonly series: readonly Series[];
  readonly unit: 'share' | 'number';
  readonly fromZero?: boolean;
  /** An epoch to point out. */
  readonly mark?: number | undefined;
  /** Height by width. */
  readonly aspect: number;
}

/** Two drawings, since shrinking one for a phone would shrink its text with it. CSS shows the one that fits. */
const widths = { wide: 520, narrow: 326 } as const;

export async function drawChart(chart: Chart): Promise<Html> {
  return drawBoth(chart.description, (size) =>
    specification(chart, widths[size], size === 'narrow' ? 4 : 7),
  );
}

export type Size = keyof typeof widths;

/** A drawing for a wide page and one for a phone, with what a screen reader says instead. */
export async function drawBoth(
  description: string,
  specify: (size: Size, width: number) => TopLevelSpec,
): Promise<Html> {
  const drawings = await Promise.all(
    (['wide', 'narrow'] as const).map(async (size) =>
      framed(await drawSpecification(specify(size, widths[size])), size, description),
    ),
  );
  return html`<div class="chart">${drawings}</div>`;
}

/** One drawing that serves all screens, because it is small. */
export async function drawOne(description: string, spec: TopLevelSpec): Promise<Html> {
  return html`<div class="chart">${framed(await drawSpecification(spec), 'small', description)}</div>`;
}

/** Size from CSS; the role and the label replace vega's own description of every mark. */
function framed(svg: string, className: string, description: string): Html {
  const [viewBox = '', body = ''] = svg
    .replace(/^<svg[^>]*?viewBox="([^"]*)"[^>]*>/, '$1\u0000')
    .split('\u0000');
  return html`<svg class="${className}" viewBox="${viewBox}" role="img" aria-label="${description}">${trusted(body)}`;
}

/** SVG as vega writes it, its colours still names of CSS variables. */
export async function drawSpecification(given: TopLevelSpec): Promise<string> {
  // Loaded here, because half a second of start-up is too much for the commands that draw nothing.
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const { spec } = compile(given);
  const view = new vega.View(vega.parse(spec), {
    renderer: 'none',
    logger: vega.logger(vega.Error),
  });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

interface Point {
  readonly epoch: number;
  readonly series: string;
  readonly value: number | null;
}

function points({ epochs, series }: Chart): Point[] {
  return series.flatMap(({ key, values }) =>
    epochs.map((epoch, i) => {
      const value = values[i] ?? null;
      return { epoch, series: key, value: Number.isFinite(value) ? value : null };
    }),
  );
}

function specification(chart: Chart, width: number, ticks: number): TopLevelSpec {
  const first = chart.epochs[0] ?? 1;
  const last = chart.epochs.at(-1) ?? 1;
  // A single epoch stands in the middle.
  const domain = first === last ? [first - 1, first + 1] : [first, last];
  const height = Math.round(width * chart.aspect);
  return {
    width,
    height,
    autosize: { type: 'fit', contains: 'padding' },
    padding: { left: 2, right: 10, top: 6, bottom: 2 },
    background: 'transparent',
    data: { values: points(chart) },
    encoding: {
      x: {
        field: 'epoch',
        type: 'quantitative',
        scale: { domain, nice: false },
        axis: {
          title: null,
          grid: false,
          format: 'd',
          ...(first === last
            ? { values: [last] }
            : { tickCount: Math.min(ticks, last), tickMinStep: 1 }),
        },
      },
    },
    layer: [...marker(chart), curves(chart)],
    config: axisStyle,
  } as TopLevelSpec;
}

function curves({ series, epochs, unit, fromZero, aspect }: Chart): object {
  const keys = series.map(({ key }) => key);
  return {
    mark: {
      type: 'line',
      strokeWidth: 2,
      strokeCap: 'round',
      strokeJoin: 'round',
      invalid: 'break-paths-show-path-domains',
      // With few epochs the corners are the data.
      point: epochs.length <= 8 ? { size: 34, filled: true } : false,
    },
    encoding: {
      y: {
        field: 'value',
        type: 'quantitative',
        scale: { zero: fromZero ?? false, nice: true },
        // d3 adds as many decimals as the ticks need.
        axis: {
          title: null,
          ...(unit === 'share' && { format: '%' }),
          tickCount: aspect < 0.35 ? 2 : 5,
        },
      },
      color: {
        field: 'series',
        type: 'nominal',
        legend: null,
        scale: { domain: keys, range: keys.map((key) => `var(--${key})`) },
      },
      // Told apart without colour too.
      strokeDash: {
        field: 'series',
        type: 'nominal',
        legend: null,
        scale: { domain: keys, range: keys.map((key) => (key === 'train' ? [5, 4] : [1, 0])) },
      },
    },
  };
}

function marker({ mark }: Chart): object[] {
  if (mark === undefined) return [];
  const data = { values: [{ epoch: mark }] };
  return [
    { data, mark: { type: 'rule', color: 'var(--validation)', opacity: 0.45, strokeWidth: 1 } },
  ];
}

/** What all drawings of a page have in common. */
export const axisStyle = {
  aria: false,
  font: 'inherit',
  view: { stroke: null },
  axis: {
    domain: false,
    ticks: false,
    labelPadding: 8,
    labelColor: 'var(--soft)',
    labelFontSize: 12,
    labelFont: 'inherit',
    gridColor: 'var(--line)',
  },
  axisX: { domain: true, domainColor: 'var(--line-strong)', labelFlush: true },
} as const;
