/** What the network costs: each limit with its verdict, then each layer. */
import type { Metric, Verdict } from '../../../compiler/5-budget/check.ts';
import type { LayerCount } from '../../../compiler/5-budget/counts.ts';
import * as format from '../format.ts';
import { type Html, html, name } from '../html.ts';
import type { ArchitectureRecord } from '../records.ts';
import { allowed, verdictMark } from './headline.ts';
import { meterCell, type Section, scrollBox, section } from './section.ts';

const words: Readonly<Record<Metric, string>> = {
  params: 'Parameters',
  macs: 'Multiply-adds a photo',
  activationBytes: 'Peak activation bytes',
  'weightBytes.fp32': 'Weights as fp32, bytes',
  'weightBytes.fp16': 'Weights as fp16, bytes',
  'weightBytes.int8': 'Weights as int8, bytes',
};

export function budget(architecture: ArchitectureRecord): Section {
  const { counts, verdicts, text, file } = architecture;
  const rest: [string, string][] = [
    ['Non-trainable parameters', format.integer(counts.params.nonTrainable)],
    ['Multiply-adds', format.integer(counts.macs)],
    ['Peak activations', format.bytes(counts.activationBytes)],
    ['fp32 / fp16 / int8', weights(counts.weightBytes)],
    ['Receptive field', `${counts.receptiveField} px`],
  ];
  return section(
    'budget',
    'Budget',
    verdicts.length > 0 ? limits(verdicts) : undefined,
    html`<dl class="facts small">${rest.map(([t, v]) => html`<div><dt>${t}</dt><dd>${v}</dd></div>`)}</dl>`,
    html`<h3>Layer by layer</h3>`,
    scrollBox('Cost of each layer', 'tall', layers(architecture)),
    html`<details class="source"><summary>The architecture, ${name(file)}</summary>${scrollBox('Architecture in YAML', 'tall', html`<pre>${text}</pre>`)}</details>`,
  );
}

const weights = ({ fp32, fp16, int8 }: ArchitectureRecord['counts']['weightBytes']): string =>
  [fp32, fp16, int8].map(format.bytes).join(' / ');

function limits(verdicts: readonly Verdict[]): Html {
  const rows = verdicts.map(
    (v) =>
      html`<tr><th scope="row">${words[v.metric]}</th><td>${format.integer(v.actual)}</td><td>${allowed(v)}</td><td class="text">${verdictMark(v)}</td></tr>`,
  );
  return html`<table class="numbers limits"><caption>Limits of the file</caption><thead><tr><th scope="col">Limit</th><th scope="col">Actual</th><th scope="col">Allowed</th><th scope="col" class="text">Verdict</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function layers({ counts }: ArchitectureRecord): Html {
  const most = (pick: (l: LayerCount) => number) => Math.max(1, ...counts.layers.map(pick));
  const mostParams = most((l) => l.params);
  const mostMacs = most((l) => l.macs);
  const rows = counts.layers.map((l) => {
    const field = l.receptiveField === null ? 'all' : format.integer(l.receptiveField);
    return html`<tr><th scope="row">${name(l.name)} <small>${about(l)}</small></th><td>${l.output}</td>${cost(l.params, mostParams, 'params')}${cost(l.macs, mostMacs, 'macs')}<td>${field}</td></tr>\n`;
  });
  const { trainable } = counts.params;
  return html`<table class="numbers bars layers"><caption>Cost of each layer</caption><thead><tr><th scope="col">Layer</th><th scope="col">Output</th><th scope="col">Parameters</th><th scope="col">Multiply-adds</th><th scope="col">Sees, px</th></tr></thead><tbody>${rows}</tbody><tfoot><tr><th scope="row">All</th><td></td><td>${format.integer(trainable)}</td><td>${format.integer(counts.macs)}</td><td></td></tr></tfoot></table>`;
}

/** Most layers are named after their op. */
const about = ({ name: layer, op, line }: LayerCount): string =>
  layer.includes(op) ? `line ${line}` : `${op}, line ${line}`;

/** Nothing stays empty, so that the eye finds what costs. */
const cost = (value: number, most: number, kind: string): Html =>
  value === 0
    ? html`<td class="zero">0</td>`
    : meterCell(format.integer(value), format.width(value / most), kind);
