/** Accuracy against what it costs, and the table of costs. */

import { drawBoth } from '../../report/charts.ts';
import * as format from '../../report/format.ts';
import { type Html, html } from '../../report/html.ts';
import { type Section, scrollBox, section } from '../../report/sections/section.ts';
import { paramsOf } from '../answers.ts';
import type { NetworkResult } from '../comparison.ts';
import { type CostPoint, colourOf, costSpec, frontOf } from './charts.ts';
import { type Context, legend, titled } from './context.ts';

export const costs = ['params', 'macs', 'bytes', 'latency'] as const;
export type Cost = (typeof costs)[number];

export function costOf(network: NetworkResult, cost: Cost): number | null {
  switch (cost) {
    case 'params':
      return paramsOf(network);
    case 'macs':
      return network.macs;
    case 'bytes':
      return network.weightBytes.int8;
    case 'latency':
      return network.latency?.median ?? null;
  }
}

/** None where a network stands alone: there is nothing to compare, and the table says what it costs. */
export function pointsOf(cost: Cost, { shown, indexOf }: Context): readonly CostPoint[] {
  const points = shown.flatMap((network) => {
    const value = costOf(network, cost);
    // A teacher, often ten times as large, would press the rivals into a corner.
    if (value === null || !network.accuracy || network.role === 'teacher') return [];
    const { mean, interval } = network.accuracy;
    const colour = colourOf(indexOf(network));
    return [{ tag: network.tag, colour, cost: value, accuracy: mean, interval }];
  });
  return points.length < 2 ? [] : points;
}

export async function cost(context: Context): Promise<Section> {
  const { words, shown } = context;
  const judged = shown.filter((n) => n.accuracy && n.role === 'rival');
  const charts = await Promise.all(costs.map((which) => chart(which, context)));
  const timed = shown.find((n) => n.latency)?.latency;
  const how = timed ? words.cost.latencyHow(timed.runs, timed.cpu) : words.cost.noLatency;
  const drawings =
    judged.length < 2
      ? undefined
      : html`<p class="intro">${words.cost.intro}</p>${legend(judged, context, false)}<div class="grid two">${charts}</div>`;
  return section(
    'cost',
    words.heads.cost,
    drawings,
    scrollBox(words.cost.caption, 'costs', table(context)),
    html`<p class="aside">${how}</p>`,
  );
}

async function chart(which: Cost, context: Context): Promise<Html | undefined> {
  const { words } = context;
  const points = pointsOf(which, context);
  if (points.length === 0) return undefined;
  const described = points
    .map((p) => `${p.tag} ${format.compact(p.cost)}, ${format.percent(p.accuracy)}`)
    .join('; ');
  const drawing = await drawBoth(
    words.cost.described(words.cost[which], described),
    (size, width) =>
      costSpec(points, {
        width,
        height: Math.round(width * (size === 'wide' ? 0.6 : 0.75)),
        ticks: size === 'wide' ? 6 : 4,
      }),
  );
  const front = words.cost.front(words.and(frontOf(points).map((p) => p.tag)));
  const values = points.map((p) => p.cost);
  const spreadOf = Math.max(...values) / Math.min(...values) - 1;
  const same =
    spreadOf < 0.02 ? ` ${words.cost.same(format.percent(Math.max(spreadOf, 0.001)))}` : '';
  return html`<figure><figcaption><h3>${words.cost[which]}</h3></figcaption>${drawing}<p class="aside">${front}${same}</p></figure>`;
}

function table(context: Context): Html {
  const { words, shown } = context;
  const rows = shown.map((n) => {
    const { weightBytes, latency } = n;
    return html`<tr><th scope="row">${titled(n, context)}</th><td>${format.integer(paramsOf(n))}</td><td>${format.magnitude(n.macs)}</td><td>${format.bytes(weightBytes.fp32)}</td><td>${format.bytes(weightBytes.int8)}</td><td>${format.bytes(n.activationBytes)}</td><td>${milliseconds(latency?.median)}</td></tr>\n`;
  });
  return html`<table class="numbers"><caption>${words.cost.caption}</caption><thead><tr><th scope="col">${words.cost.network}</th><th scope="col">${words.cost.params}</th><th scope="col">${words.cost.macs}</th><th scope="col">fp32</th><th scope="col">int8</th><th scope="col">${words.cost.activations}</th><th scope="col">${words.cost.milliseconds}</th></tr></thead><tbody>${rows}</tbody></table>`;
}

export const milliseconds = (value: number | undefined): string =>
  value === undefined ? '–' : value < 10 ? value.toFixed(2) : value.toFixed(1);
