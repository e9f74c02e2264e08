/** Drawings of the comparison as specifications for vega-lite. Only numbers and tags reach it, never a name. */

import type { TopLevelSpec } from 'vega-lite';
import { axisStyle } from '../../report/charts.ts';
import type { Interval } from '../../report/records.ts';
import type { Curve } from '../comparison.ts';
import { paretoFront } from '../statistics.ts';

/** Colours of the page by place of the network; more networks than colours differ in their dashes. */
export const colours = 8;
const dashes = [
  [1, 0],
  [7, 3],
  [2, 3],
  [9, 3, 2, 3],
] as const;

export const colourOf = (index: number): string => `var(--n${index % colours})`;

/** Neighbours in colour differ in dash as well, for those who do not see the one. */
export const dashOf = (index: number): readonly number[] =>
  dashes[(index + Math.floor(index / colours)) % dashes.length] as readonly number[];

export interface Line {
  readonly tag: string;
  readonly colour: string;
  readonly dash: readonly number[];
  readonly curve: Curve;
  readonly epochs: readonly number[];
  /** Drawn thin and without its band. */
  readonly faint?: boolean;
}

export interface LinesChart {
  readonly lines: readonly Line[];
  readonly unit: 'share' | 'number';
  readonly width: number;
  readonly height: number;
  readonly ticks: number;
  /** Where several drawings share a scale. */
  readonly domain?: readonly [number, number];
  /** Tags at the right end. */
  readonly tagged: boolean;
}

const finite = (values: readonly (number | null)[]): readonly number[] =>
  values.filter((v) => v !== null && Number.isFinite(v)) as readonly number[];

export function domainOf(curves: readonly Curve[]): readonly [number, number] {
  const all = curves.flatMap(({ low, high }) => [...finite(low), ...finite(high)]);
  if (all.length === 0) return [0, 1];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const room = Math.max((most - least) * 0.06, 1e-6);
  return [Math.max(0, least - room), most + room];
}

export function linesSpec(chart: LinesChart): TopLevelSpec {
  const { lines, width, height, unit } = chart;
  const domain = chart.domain ?? domainOf(lines.map(({ curve }) => curve));
  const last = Math.max(1, ...lines.map(({ epochs }) => epochs.at(-1) ?? 1));
  const single = last === 1;
  return {
    ...frame(width, height, chart.tagged ? 26 : 8),
    encoding: {
      x: {
        field: 'epoch',
        type: 'quantitative',
        scale: { domain: single ? [0, 2] : [1, last], nice: false },
        axis: {
          title: null,
          grid: false,
          format: 'd',
          ...(single
            ? { values: [1] }
            : { tickCount: Math.min(chart.ticks, last), tickMinStep: 1 }),
        },
      },
      y: {
        field: 'value',
        type: 'quantitative',
        scale: { domain, nice: false, zero: false },
        axis: { title: null, ...(unit === 'share' && { format: '~%' }), tickCount: 5 },
      },
    },
    layer: [
      ...lines.filter(({ faint }) => !faint).map(band),
      ...lines.map((line) => stroke(line, single)),
      ...(chart.tagged ? [tagsAt(lines, domain, height)] : []),
    ],
    config: axisStyle,
  } as TopLevelSpec;
}

const frame = (width: number, height: number, right: number) => ({
  width,
  height,
  autosize: { type: 'fit', contains: 'padding' } as const,
  padding: { left: 2, right, top: 8, bottom: 2 },
  background: 'transparent',
});

function band({ curve, epochs, colour }: Line): object {
  const values = epochs.flatMap((epoch, i) => {
    const [low, high] = [curve.low[i], curve.high[i]];
    return typeof low === 'number' && typeof high === 'number' ? [{ epoch, value: low, high }] : [];
  });
  return {
    data: { values },
    mark: { type: 'area', color: colour, opacity: 0.16, line: false },
    encoding: { y2: { field: 'high' } },
  };
}

function stroke({ curve, epochs, colour, dash, faint }: Line, single: boolean): object {
  const values = epochs.map((epoch, i) => ({ epoch, value: curve.mean[i] ?? null }));
  return {
    data: { values },
    mark: {
      type: 'line',
      color: faint ? 'var(--faint)' : colour,
      strokeWidth: faint ? 1.2 : 2,
      strokeDash: faint ? [1, 0] : dash,
      strokeJoin: 'round',
      invalid: 'break-paths-show-path-domains',
      point: single ? { size: 34, filled: true, color: colour } : false,
    },
  };
}

/** Tags where lines end, moved apart so that none covers another. */
function tagsAt(
  lines: readonly Line[],
  [low, high]: readonly [number, number],
  height: number,
): object {
  const ends = lines.flatMap(({ tag, colour, epochs, curve, faint }) => {
    const value = finite(curve.mean).at(-1);
    const epoch = epochs.at(-1);
    return faint || value === undefined || epoch === undefined
      ? []
      : [{ tag, colour, epoch, value }];
  });
  const apart = (13 / height) * (high - low);
  const values = spread(ends, apart, low + apart / 2, high - apart / 4);
  return tagMarks(values, 7);
}

interface Placed {
  readonly tag: string;
  readonly colour: string;
  readonly epoch: number;
  readonly value: number;
}

const tagMarks = (values: readonly Placed[], dx: number): object => ({
  data: { values },
  mark: { type: 'text', align: 'left', dx, fontSize: 12, fontWeight: 700, font: 'inherit' },
  encoding: {
    text: { field: 'tag' },
    color: { field: 'colour', type: 'nominal', scale: null },
  },
});

/** From the lowest up, each at least so far above the one below; then pushed back under the top. */
export function spread<T extends { readonly value: number }>(
  items: readonly T[],
  apart: number,
  floor: number,
  ceiling: number,
): readonly T[] {
  const sorted = [...items].sort((a, b) => a.value - b.value);
  const at: number[] = [];
  for (const { value } of sorted) {
    at.push(Math.max(value, (at.at(-1) ?? floor - apart) + apart));
  }
  let top = ceiling + apart;
  for (let i = at.length - 1; i >= 0; i--) {
    at[i] = Math.min(at[i] as number, top - apart);
    top = at[i] as number;
  }
  return sorted.map((item, i) => ({ ...item, value: at[i] as number }));
}

export interface CostPoint {
  readonly tag: string;
  readonly colour: string;
  readonly cost: number;
  readonly accuracy: number;
  readonly interval: Interval | null;
}

export const frontOf = (points: readonly CostPoint[]): readonly CostPoint[] =>
  paretoFront(
    points,
    (p) => p.cost,
    (p) => p.accuracy,
  );

export function costSpec(
  points: readonly CostPoint[],
  {
    width,
    height,
    ticks,
  }: { readonly width: number; readonly height: number; readonly ticks: number },
): TopLevelSpec {
  const costs = points.map(({ cost }) => cost);
  const [least, most] = [Math.min(...costs), Math.max(...costs)];
  const log = least > 0 && most / least > 8;
  const room = log ? 1.25 : Math.max((most - least) * 0.14, most * 0.02, 1e-9);
  const x: readonly [number, number] = log
    ? [least / room, most * room]
    : [Math.max(0, least - room), most + room];
  const lows = points.map((p) => clamp(p.interval?.low ?? p.accuracy));
  const highs = points.map((p) => clamp(p.interval?.high ?? p.accuracy));
  const gap = Math.max((Math.max(...highs) - Math.min(...lows)) * 0.08, 0.005);
  const y: readonly [number, number] = [
    Math.max(0, Math.min(...lows) - gap),
    Math.min(1, Math.max(...highs) + gap),
  ];
  return {
    ...frame(width, height, 14),
    encoding: {
      x: {
        field: 'cost',
        type: 'quantitative',
        scale: { domain: x, nice: false, ...(log ? { type: 'log' } : { zero: false }) },
        axis: { title: null, grid: false, format: '~s', tickCount: ticks, labelOverlap: true },
      },
      y: {
        field: 'accuracy',
        type: 'quantitative',
        scale: { domain: y, nice: false, zero: false },
        axis: { title: null, format: '~%', tickCount: 5 },
      },
    },
    layer: [
      frontLine(points),
      ...bars(points),
      ...dots(points),
      names(points, x, y, width, height, log),
    ],
    config: axisStyle,
  } as TopLevelSpec;
}

const clamp = (share: number): number => Math.min(1, Math.max(0, share));

function frontLine(points: readonly CostPoint[]): object {
  const values = frontOf(points).map(({ cost, accuracy }) => ({ cost, accuracy }));
  return {
    data: { values },
    mark: {
      type: 'line',
      interpolate: 'step-after',
      color: 'var(--soft)',
      strokeWidth: 1.2,
      strokeDash: [3, 3],
    },
  };
}

function bars(points: readonly CostPoint[]): readonly object[] {
  return points.flatMap(({ cost, interval, colour }) =>
    interval
      ? [
          {
            data: { values: [{ cost, accuracy: clamp(interval.low), high: clamp(interval.high) }] },
            mark: { type: 'rule', color: colour, strokeWidth: 1.5, opacity: 0.55 },
            encoding: { y2: { field: 'high' } },
          },
        ]
      : [],
  );
}

const dots = (points: readonly CostPoint[]): readonly object[] =>
  points.map(({ cost, accuracy, colour }) => ({
    data: { values: [{ cost, accuracy }] },
    mark: { type: 'point', filled: true, size: 70, color: colour, opacity: 1 },
  }));

/** Tags beside their points, apart from each other where points are close. */
function names(
  points: readonly CostPoint[],
  x: readonly [number, number],
  y: readonly [number, number],
  width: number,
  height: number,
  log: boolean,
): object {
  const scale = (cost: number) =>
    log
      ? Math.log(cost / x[0]) / Math.log(x[1] / x[0])
      : (cost - x[0]) / Math.max(1e-12, x[1] - x[0]);
  const columns: CostPoint[][] = [];
  for (const point of [...points].sort((a, b) => a.cost - b.cost)) {
    const column = columns.at(-1);
    const near = column?.[0] && (scale(point.cost) - scale(column[0].cost)) * width < 16;
    if (near) column.push(point);
    else columns.push([point]);
  }
  const apart = (13 / height) * (y[1] - y[0]);
  const values = columns.flatMap((column) =>
    spread(
      column.map((p) => ({ ...p, value: p.accuracy })),
      apart,
      y[0] + apart / 2,
      y[1] - apart / 4,
    ).map(({ tag, colour, cost, value }) => ({ tag, colour, cost, accuracy: value })),
  );
  return {
    data: { values },
    mark: {
      type: 'text',
      align: 'left',
      dx: 7,
      dy: -8,
      fontSize: 12,
      fontWeight: 700,
      font: 'inherit',
    },
    encoding: {
      text: { field: 'tag' },
      color: { field: 'colour', type: 'nominal', scale: null },
    },
  };
}
