/** Accuracy of all networks on one scale: mean, interval, and every run. */

import * as format from '../../report/format.ts';
import { type Html, html, name } from '../../report/html.ts';
import { type Section, section } from '../../report/sections/section.ts';
import { paramsOf } from '../answers.ts';
import type { NetworkResult } from '../comparison.ts';
import { byAccuracy, type Context, labelOf, tag } from './context.ts';

export function accuracy(context: Context): Section {
  const { words, shown, comparison } = context;
  const rows = byAccuracy(shown);
  const scale = scaleOf(rows);
  const n =
    words.lang === 'en'
      ? format.plural(comparison.seeds.length, 'seed')
      : ` ${comparison.seeds.length} 个种子`;
  return section(
    'accuracy',
    words.heads.accuracy,
    html`<p class="intro">${words.accuracy.intro(n)} ${words.accuracy.scale(share(scale.low), share(scale.high))}</p>`,
    html`<ul class="forest">${rows.map((network) => row(network, scale, context))}</ul>`,
  );
}

const share = (value: number): string => `${Math.round(100 * value)}%`;

interface Scale {
  readonly low: number;
  readonly high: number;
}

/** Round numbers around everything that is drawn. */
export function scaleOf(networks: readonly NetworkResult[]): Scale {
  const values = networks.flatMap(({ accuracy: a, trials }) => [
    ...(a?.interval ? [a.interval.low, a.interval.high] : []),
    ...trials.flatMap(({ top1 }) => (top1 === null ? [] : [top1])),
  ]);
  if (values.length === 0) return { low: 0, high: 1 };
  const step = 0.05;
  const low = Math.max(0, Math.floor(Math.min(...values) / step) * step);
  const high = Math.min(1, Math.ceil(Math.max(...values) / step) * step);
  return { low, high: Math.max(high, low + step) };
}

function row(network: NetworkResult, scale: Scale, context: Context): Html {
  const { words } = context;
  const { accuracy: a, role } = network;
  const size = html`<small>${format.integer(paramsOf(network))}${role === 'teacher' ? ` · ${words.accuracy.teacher}` : ''}</small>`;
  const head = html`<div class="who">${tag(network, context)}<span>${name(labelOf(network, context))} ${size}</span></div>`;
  if (!a) {
    const trained = network.trials.some(({ status }) => status === 'finished');
    const text = trained ? words.accuracy.noFigure : words.accuracy.notRun;
    return html`<li>${head}<div class="strip empty"></div><div class="figure"><span>${text}</span></div></li>\n`;
  }
  const interval = a.interval
    ? words.accuracy.between(format.percent(a.interval.low), format.percent(a.interval.high))
    : null;
  const last = network.lastAccuracy
    ? words.accuracy.last(format.percent(network.lastAccuracy.mean))
    : undefined;
  return html`<li>${head}${strip(network, scale, context, interval)}<div class="figure"><b>${format.percent(a.mean)}</b><small>${[interval ?? words.accuracy.runs(a.n), last].filter((t) => t !== undefined).join(' · ')}</small></div></li>\n`;
}

/** For CSS: the place of a value on the scale. */
const at = (value: number, { low, high }: Scale): number =>
  Math.min(1, Math.max(0, (value - low) / (high - low)));

function strip(
  network: NetworkResult,
  scale: Scale,
  context: Context,
  interval: string | null,
): Html {
  const { accuracy: a, trials } = network;
  if (!a) return html``;
  const place = (value: number) => format.width(at(value, scale));
  const bar = a.interval
    ? html`<i class="range" style="left:${place(a.interval.low)};right:${format.width(1 - at(a.interval.high, scale))}"></i>`
    : undefined;
  const rings = trials.map(({ top1 }) =>
    top1 === null ? undefined : html`<i class="ring" style="left:${place(top1)}"></i>`,
  );
  const said = context.words.accuracy.described(
    labelOf(network, context),
    format.percent(a.mean),
    interval,
    a.n,
  );
  return html`<div class="strip c${context.indexOf(network) % 8}" role="img" aria-label="${said}">${bar}${rings}<i class="mean" style="left:${place(a.mean)}"></i></div>`;
}
