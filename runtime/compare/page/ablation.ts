/** What each setting of the recipe is worth: one changed at a time. */

import * as format from '../../report/format.ts';
import { type Html, html, name } from '../../report/html.ts';
import { type Section, scrollBox, section } from '../../report/sections/section.ts';
import { pairBetween, signed } from '../answers.ts';
import type { NetworkResult } from '../comparison.ts';
import { type Context, labelOf } from './context.ts';
import { plus } from './differences.ts';

export function ablation(context: Context): Section | undefined {
  const { comparison, words } = context;
  const varied = comparison.networks.filter((n) => n.ablation);
  const base = comparison.networks.find(({ id }) => id === varied[0]?.ablation?.of);
  if (!base) return undefined;
  const figure = base.accuracy ? format.percent(base.accuracy.mean) : null;
  const { change, accuracy, difference, verdict } = words.ablation;
  const table = html`<table class="numbers"><caption>${words.ablation.caption}</caption><thead><tr><th scope="col">${change}</th><th scope="col">${accuracy}</th><th scope="col">${difference}</th><th scope="col" class="text">${verdict}</th></tr></thead><tbody>${varied.map((n) => row(n, base, context))}</tbody></table>`;
  return section(
    'ablation',
    words.heads.ablation,
    html`<p class="intro">${words.ablation.intro(context.speaker.name(labelOf(base, context)), figure)}</p>`,
    scrollBox(words.ablation.caption, '', table),
  );
}

function row(network: NetworkResult, base: NetworkResult, context: Context): Html {
  const { words, comparison } = context;
  const head = html`<th scope="row"><code>${name(labelOf(network, context))}</code></th>`;
  const pair = pairBetween(comparison, network.id, base.id);
  if (!network.accuracy || !pair) {
    const trained = network.trials.some(({ status }) => status === 'finished');
    const text = trained ? words.accuracy.noFigure : words.ablation.notRun;
    return html`<tr>${head}<td></td><td></td><td class="text">${text}</td></tr>\n`;
  }
  const { interval, difference } = pair.seeds;
  const range = interval
    ? html` <small>${signed(interval.low)} … ${signed(interval.high)}</small>`
    : undefined;
  return html`<tr>${head}<td>${format.percent(network.accuracy.mean)}</td><td><b>${plus(difference)}</b>${range}</td><td class="text"><span class="verdict-${pair.standing}">${words.ablation.standing[pair.standing]}</span></td></tr>\n`;
}
