/** The exact architectures, with the verdict of the check. */

import type { Verdict } from '../../../compiler/5-budget/check.ts';
import * as format from '../../report/format.ts';
import { type Html, html, name } from '../../report/html.ts';
import { type Section, scrollBox, section } from '../../report/sections/section.ts';
import type { NetworkResult } from '../comparison.ts';
import type { Words } from '../words/index.ts';
import { type Context, labelOf, tag } from './context.ts';

export function networks(context: Context): Section {
  const { words, shown } = context;
  return section(
    'networks',
    words.heads.networks,
    html`<p class="intro">${words.networks.intro}</p>`,
    html`<div class="cards">${shown.map((n) => card(n, context))}</div>`,
  );
}

function card(network: NetworkResult, context: Context): Html {
  const { words, comparison } = context;
  const { params, widths, fitted, verdicts, ownBudget, changes, reference } = network;
  const teacher = comparison.networks.find(({ id }) => id === network.teacher);
  const facts: [string, Html | string][] = [
    [
      words.networks.params,
      html`${format.integer(params.file)} <small>${words.networks.ofClasses(params.classesOfFile)}</small>`,
    ],
    ...(params.trained === null
      ? []
      : [
          [
            words.networks.trained,
            html`${format.integer(params.trained)} <small>${words.networks.ofClasses(comparison.classes.length)}</small>`,
          ] as [string, Html],
        ]),
    ...verdicts.map((v): [string, Html] => [
      words.networks.limitOn(words.networks.metrics[v.metric] ?? v.metric),
      verdict(v, words),
    ]),
    ...(verdicts.length === 0
      ? [[words.networks.limit, words.networks.noLimit] as [string, string]]
      : []),
    ...(teacher
      ? [[words.networks.teacherOf, html`${name(labelOf(teacher, context))}`] as [string, Html]]
      : []),
  ];
  const list = facts.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`);
  const before = fitted
    ? html` <small>${words.networks.fitted(fitted.before.join(' '))}</small>`
    : undefined;
  const own =
    ownBudget && network.role === 'rival'
      ? html`<p class="aside">${words.networks.ownLimit}</p>`
      : undefined;
  const settings =
    changes.length > 0
      ? html`<div class="changes"><b>${words.networks.changes}</b><ul>${changes.map(({ key, from, to }) => html`<li><code>${key}</code> <del>${name(from)}</del> ${name(to)}</li>`)}</ul></div>`
      : undefined;
  return html`<article class="net-card"><h3>${tag(network, context)} ${name(labelOf(network, context))}</h3>
<p class="widths"><b>${words.networks.widths}</b> <code>${widths.join(' ')}</code>${before}</p>
<dl>${list}</dl>${own}${settings}
<details class="source"><summary>${words.networks.source(context.speaker.name(reference))}</summary>${scrollBox('YAML', 'tall', html`<pre>${network.architecture}</pre>`)}</details></article>`;
}

function verdict({ limit, allowed, actual, ok }: Verdict, words: Words): Html {
  const { rules, kept, broken } = words.networks;
  const most = format.integer(allowed.maximum);
  const rule =
    limit === 'exactly'
      ? rules.exactly(most)
      : limit === 'atMost'
        ? rules.atMost(most)
        : rules.within(format.integer(allowed.minimum), most);
  if (ok) return html`${rule} <strong class="verdict kept">${kept}</strong>`;
  const over = actual > allowed.maximum;
  const by = format.integer(over ? actual - allowed.maximum : allowed.minimum - actual);
  return html`${rule} <strong class="verdict broken">${broken(over ? `+${by}` : `−${by}`)}</strong>`;
}
